"""Tables that kramdown knows and the Markdown library does not: without a head, with loose separators, with a foot."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from markdown.blockprocessors import BlockProcessor

_SEPARATOR = re.compile(r"[+|: \t]*+-[+|: \t-]*+")
_FOOT = re.compile(r"[+|: \t]*+=[+|: \t=]*+")
_CELL = re.compile(r"(?:(`++)(?:(?!\1)[^\n]){0,2000}?\1(?!`)|`++|\\.|[^|\\`]|\\)*")
_MOST_CELLS = 200


class Tables(BlockProcessor):
    """A block each line of which begins or is divided by ``|``, the first beginning so."""

    def test(self, parent: ElementTree.Element, block: str) -> bool:
        """Whether the block is such a table."""
        if not block.lstrip(" ").startswith("|"):
            return False
        lines = block.split("\n")
        return not all(map(_is_separator, lines)) and all(map(_cells, lines))

    def run(self, parent: ElementTree.Element, blocks: list[str]) -> None:
        """Build the table."""
        lines = blocks.pop(0).split("\n")
        table = ElementTree.SubElement(parent, "table")
        alignments: list[str] = []
        rows: list[str] = []
        headed = False
        for line in lines:
            if not _is_separator(line):
                rows.append(line)
                continue
            alignments = alignments or _alignments(line)
            if rows:
                _section(table, "tbody" if headed else "thead", rows, alignments)
            headed, rows = headed or bool(rows), []
            if _FOOT.fullmatch(line.strip()):
                headed = True
        if rows:
            _section(table, "tbody", rows, alignments)


def _is_separator(line: str) -> bool:
    text = line.strip()
    return bool(_SEPARATOR.fullmatch(text) or _FOOT.fullmatch(text))


def _alignments(line: str) -> list[str]:
    found = []
    for part in re.split(r"[|+]", line.strip().strip("|")):
        left, right = part.strip().startswith(":"), part.strip().endswith(":")
        found.append("center" if left and right else "right" if right else "left" if left else "")
    return found


def _cells(line: str) -> list[str]:
    """The cells of a row; none if no ``|`` divides it."""
    text = line.strip()
    found: list[str] = []
    position = 0
    while position <= len(text) and len(found) < _MOST_CELLS:
        cell = _CELL.match(text, position)
        end = cell.end() if cell else position
        found.append(text[position:end].strip())
        position = end + 1
    if len(found) < 2:
        return []
    return found[not found[0] : len(found) - (not found[-1] and len(found) > 2)]


def _section(table: ElementTree.Element, name: str, rows: list[str], alignments: list[str]) -> None:
    section = ElementTree.SubElement(table, name)
    for row in rows:
        line = ElementTree.SubElement(section, "tr")
        for number, text in enumerate(_cells(row)):
            cell = ElementTree.SubElement(line, "th" if name == "thead" else "td")
            cell.text = text
            if number < len(alignments) and alignments[number]:
                cell.set("style", f"text-align: {alignments[number]};")
