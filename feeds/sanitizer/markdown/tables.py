"""Tables as kramdown reads them: lines with pipes after a blank line, with or without a head.

They are written again as the library wants them: a head, a line of dashes, then the rows.
"""

from __future__ import annotations

import re

from feeds.sanitizer.markdown.lists import ITEM
from feeds.sanitizer.markdown.marks import Marks
from feeds.sanitizer.markdown.source import Source, expand_indent

SEPARATOR_LINE = re.compile(r"(?=[^-]*+-)[+|: \t-]++$")
_FOOT_LINE = re.compile(r"(?=[^=]*+=)[+|: \t=]++$")
_PIPE = re.compile(r"(?:^|[^\\])\|")
_PREFIX = re.compile(r"((?:[ ]{0,3}>[ ]?)*)([ ]*(?:(?:[-*+]|\d{1,9}\.)[ \t]+)*)")
_NO_TABLE = ("#", "<", "    ", "[^", "*[")
_BOUNDARY = re.compile(r"[ ]{0,3}\{:(?![:/])[^{}\n]*+\}[ \t]*$|\^[ \t]*$")
_ALIGNMENT = re.compile(r"(:?)-+(:?)")
_CODE = re.compile(r"(`+|<code\b[^<>]*+>(?>(?:[^<]++|<(?!/?code\b))*)</code>)")
_CELL_END = re.compile(r"(?<!\\)\|")


class Tables:
    """Takes tables out of a source."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def consume(self, line: str) -> bool:
        """Take the table that begins with a line, if it is one."""
        prefix = _PREFIX.match(line)
        quotes, items = (prefix[1], prefix[2]) if prefix else ("", "")
        lead = quotes + items
        # Headings, HTML, code, notes and abbreviations may contain pipes.
        if line.startswith(_NO_TABLE, len(lead)):
            return False
        lines, end = self._read_lines(line[len(lead) :], quotes, items)
        table = _Table(self._source.marks)
        if not lines or not all(map(table.add, lines)) or not table.rows:
            return False
        self._source.position = end
        first, *others = table.write()
        after = quotes + " " * len(items)
        self._source.lines += [lead + first, *(after + row for row in others)]
        return True

    def _read_lines(self, first: str, quotes: str, items: str) -> tuple[list[str], int]:
        """Return the lines of a table and where they end; none if the table does not end as a block."""
        source = self._source
        lines, position = [first], source.position
        in_item = bool(items.strip())
        while position < len(source.text):
            end = source.find_end_of_line(position)
            line = expand_indent(source.text[position:end])
            if quotes and line.startswith(quotes.rstrip()):
                line = line[len(quotes.rstrip()) :]
            item = in_item and ITEM.match(line) is not None
            if not _PIPE.search(line):
                if line.strip() and not item and not _BOUNDARY.match(line):
                    return [], 0
                break
            if item and not line.startswith(" " * len(items)):
                break
            lines.append(line.strip())
            position = end + 1
        return lines, position


class _Table:
    """The rows of a table, as its lines are read."""

    def __init__(self, marks: Marks) -> None:
        self.rows: list[list[str]] = []
        self._head: list[list[str]] = []
        self._alignments: list[str] = []
        self._marks = marks
        self._in_foot = False

    def add(self, line: str) -> bool:
        """Read a line; whether it belongs to a table."""
        if SEPARATOR_LINE.match(line):
            if self.rows and not self._alignments:
                self._head, self.rows = self.rows, []
                self._alignments = [f"{left}-{right}" for left, right in _ALIGNMENT.findall(line)]
        elif _FOOT_LINE.match(line):
            self._in_foot = True
        else:
            row = split_cells(line)
            if not row:
                return False
            if self._in_foot:
                row[0] = self._marks.keep("foot", "") + row[0]
                self._in_foot = False
            self.rows.append(row)
        return True

    def write(self) -> list[str]:
        """Write the table. Only the head has every cell: the library fills up the rows, and bounds what that takes."""
        head, *more = self._head or [[self._marks.keep("headless", "")]]
        rows = [*more, *self.rows]
        width = max(len(row) for row in [head, *rows])
        alignments = (self._alignments + ["-"] * width)[:width]
        head = head + [""] * (width - len(head))
        return [_write_row(head), f"|{'|'.join(alignments)}|", *map(_write_row, rows)]


def _write_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def split_cells(line: str) -> list[str]:
    """Return the cells of a row, in which pipes within code are escaped; none if no pipe divides it."""
    # The parts alternate: text, then a run of backticks or an element, inside which pipes divide nothing.
    parts = _CODE.split(line)
    last = {parts[number]: number for number in range(1, len(parts), 2)}
    cells: list[str] = []
    cell = ""
    number = 0
    while number < len(parts):
        part = parts[number]
        if number % 2 and part[0] == "`" and last[part] > number:
            end = parts.index(part, number + 1)
            code = "".join(parts[number + 1 : end]).replace("\\|", "|").replace("|", "\\|")
            cell += part + code + part
            number = end + 1
            continue
        first, *others = [part.replace("|", "&#124;")] if number % 2 else _CELL_END.split(part)
        cell += first
        for other in others:
            cells.append(cell.strip())
            cell = other
        number += 1
    if not cells:
        return []
    cells.append(cell.strip())
    return cells[not cells[0] and line.lstrip().startswith("|") : len(cells) - (not cells[-1])]
