"""Rewrite a text in kramdown's dialect line by line, before the library parses it.

Parts that only kramdown has are replaced by marks: HTML blocks, fences, attribute lists, extensions, definitions of
abbreviations, tables. Parts that the library would parse differently are rewritten: list items, rows of dashes, tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from feeds.sanitizer.markdown.elements import BLOCK_TAG, SPAN_ELEMENTS, TAG
from feeds.sanitizer.markdown.html_blocks import HtmlBlocks
from feeds.sanitizer.markdown.lists import ITEM, RULE, Lists
from feeds.sanitizer.markdown.marks import APART
from feeds.sanitizer.markdown.source import SEPARATOR, Source, expand_indent
from feeds.sanitizer.markdown.spans import mark_spans
from feeds.sanitizer.markdown.tables import SEPARATOR_LINE, Tables
from feeds.sanitizer.markdown.verbatim import FENCE, Braces, Fences

# Lines that begin with a letter and hold no pipe: of these nothing but a paragraph can be.
_PLAIN = re.compile(r"(?:[^\W\d_][^\n|]*+\n)+")
_OTHER_BLOCK = re.compile(r"[ ]{0,3}(?:>|#{1,6}[ \t]|:[ \t])")
_QUOTE = re.compile(r"[ ]{0,3}>")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:-+|=+)[ \t]*$")
_NUMBER_WITH_PARENTHESIS = re.compile(r"([ >]*+\d{1,9})\)(?=[ \t])")
_BULLET_ALONE = re.compile(r"[ ]*(?:[-*+]|\d{1,9}\.)$")
_SUSPECTS = frozenset("-=*_#+>0123456789")
_USUAL_ITEM = re.compile(r"[-*+>] [^\W\d_][^<|]*$")
# What ends a quotation or an item, which otherwise go on to the next blank line.
_LAZY_END = re.compile(rf"\{{:(?!/)|\^[ \t]*$|</?(?!(?:{'|'.join(sorted(SPAN_ELEMENTS))}|script)\b)[a-zA-Z_]")
_NO_HEADING = re.compile(r"#{1,6}(?:[ \t]+#+)?[ \t]*$")
_PREFIX = re.compile(r"(?:[ ]{0,3}>[ ]?)*[ ]*(?:(?:[-*+]|\d{1,9}\.)[ \t]+)*")
_ABBREVIATION = re.compile(r"[ ]{0,3}\*\[([^\]\n]+)\]:(.*)$")


def prepare(source: Source) -> str:
    """Return a text as the library has to read it; what only kramdown knows is in the source's marks."""
    return _Lines(source).run()


class _Lines:
    """The walk over one text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lists = Lists()
        self._html = HtmlBlocks(source)
        self._fences = Fences(source)
        self._braces = Braces(source)
        self._tables = Tables(source)
        self._paragraph = 0
        """How many lines the paragraph has up to here."""
        self._blank = True
        """Whether a block begins here."""
        self._behind_boundary = True
        """Whether the paragraph began behind a blank line, as a heading must whose underline follows."""
        self._quoted = False
        """Whether the line before belongs to a quotation, as this line does too unless it is blank."""
        self._indented_code = False
        """Whether the line before is indented code."""
        self._rest_column = 0
        """Where the text of the item begins if the rest of a line is read, behind an HTML block of the item."""

    def run(self) -> str:
        """Walk over all lines."""
        source = self._source
        size = len(source.text)
        while source.position < size:
            # Fast path: most blank lines are empty, and need none of the checks below.
            if source.text[source.position] == "\n":
                source.position += 1
                self._consume_blank()
                continue
            plain = _PLAIN.match(source.text, source.position) if self._can_continue_plain() else None
            if plain:
                self._consume_plain(plain[0])
            else:
                self._consume_line()
        self._html.close_all()
        return source.finish(mark_spans)

    def _can_continue_plain(self) -> bool:
        """Return whether lines of plain text are a paragraph, or go on with one."""
        if self._quoted or self._indented_code:
            return False
        return self._blank or not self._lists or self._paragraph > 0

    def _consume_plain(self, lines: str) -> None:
        self._source.position += len(lines)
        self._source.lines.append(lines[:-1])
        if self._blank:
            self._lists.clear()
        if not self._paragraph:
            self._behind_boundary = self._blank
        self._paragraph += lines.count("\n")
        self._blank = False

    def _consume_line(self) -> None:
        source = self._source
        start = source.position
        line = " " * self._rest_column + expand_indent(source.read_line())
        self._rest_column = 0
        bare = line.lstrip(" \t")
        if not bare:
            self._consume_blank()
            return
        written = indent = len(line) - len(bare)
        if not self._blank and (self._quoted or indent < self._lists.column):
            line, indent = self._continue(line, bare, indent)
            bare = line[indent:]
        if self._blank and self._lists:
            item = ITEM.match(line)
            self._source.needs_writer |= indent > 0 or (
                item is not None and self._lists.is_continued_by(item)
            )
            if indent < self._lists.column and not item:
                self._lists.leave(indent)
        if self._is_fence(line, indent, indent - written):
            return
        column = self._lists.column
        if indent >= column + 4 and self._blank:
            source.lines.append(line)
            self._indented_code = True
            return
        if self._indented_code and not self._is_code_end(line, bare):
            # In kramdown indented code continues until a blank line; the library would end it here.
            source.lines[-1] += f" {bare}"
            return
        reader = _READERS.get(bare[0])
        rewritten = reader(self, line, bare, indent, start) if reader else line
        if rewritten is not None:
            self._write(rewritten, indent)

    def _consume_blank(self) -> None:
        self._source.lines.append("")
        self._begin_block()

    def _begin_block(self) -> None:
        self._paragraph, self._blank, self._quoted, self._indented_code = 0, True, False, False

    def _continue(self, line: str, bare: str, indent: int) -> tuple[str, int]:
        """Return a line and its indent so that it goes on with the quotation or the item before it."""
        if _LAZY_END.match(bare):
            self._quoted = False
            return line, indent
        if self._quoted:
            return (line, indent) if bare[0] == ">" else (f"> {line}", 0)
        if ITEM.match(line):
            return line, indent
        column = self._lists.column
        return " " * column + bare, column

    def _is_code_end(self, line: str, bare: str) -> bool:
        """Return whether a line that is less far in ends indented code."""
        return _LAZY_END.match(bare) is not None or (bool(self._lists) and ITEM.match(line) is not None)

    def _is_fence(self, line: str, indent: int, moved: int) -> bool:
        """Consume a fence with its code if the line begins a fence; return whether it does.

        ``moved`` is how far the line was moved to the text of its item.
        """
        if "```" not in line and "~~~" not in line:
            return False
        fence = FENCE.match(line)
        if fence is None or indent >= self._lists.column + 4:
            return False
        if self._fences.consume(line, fence, indent, bool(self._lists), max(0, moved)):
            self._paragraph, self._blank, self._indented_code = 0, False, False
            return True
        self._write(fence[1] + APART + line[fence.end(1) :], indent)
        return True

    def _write(self, line: str, indent: int) -> None:
        """Write a line that is not a block of its own, unless a table begins with it."""
        if "|" in line and (self._blank or ITEM.match(line)) and self._tables.consume(line):
            # The table may begin an item, whose marker has to be written as one of the list.
            self._lists.rewrite(line, indent, 0, True)
            self._begin_block()
            return
        line, is_item = self._lists.rewrite(self._keep_apart(line), indent, self._paragraph, self._blank)
        text = line
        self._source.needs_writer |= line.startswith(SEPARATOR)
        if is_item:
            self._paragraph, self._blank = 0, True
            text = line[_skip_prefix(line) :]
        if not self._paragraph:
            self._behind_boundary = self._blank
        self._paragraph = 0 if _OTHER_BLOCK.match(text) else self._paragraph + 1
        self._indented_code = False
        self._quoted = not self._lists and _QUOTE.match(line) is not None
        self._blank = False
        self._source.lines.append(line)

    def _keep_apart(self, line: str) -> str:
        """Return a line with marks before what the library would take for a block and kramdown does not."""
        bare = line.lstrip(" ")
        first = bare[0]
        if first not in _SUSPECTS and "|" not in line:
            return line
        if _USUAL_ITEM.match(bare):
            return line
        indent = line[: len(line) - len(bare)]
        underline = first in "-=" and self._paragraph and _UNDERLINE.match(line)
        if underline and self._paragraph == 1 and self._behind_boundary:
            # The underline of a heading, behind which kramdown allows a paragraph without a blank line.
            self._paragraph = -1
        elif not self._paragraph and RULE.match(line):
            self._paragraph = -1
        elif (
            underline
            or (first in "*_" and self._paragraph and not self._lists and RULE.match(line))
            or (self._paragraph and "|" in line and SEPARATOR_LINE.match(line))
            or (first == "#" and (_NO_HEADING.match(bare) or (indent and not self._lists)))
            or (first in "-*+0123456789" and _BULLET_ALONE.match(line))
        ):
            return indent + APART + bare
        if first.isdigit() and ")" in line:
            number = _NUMBER_WITH_PARENTHESIS.match(line)
            line = f"{number[1]}{APART}{line[number.end(1) :]}" if number else line
        if "<" in line and first in ">-+*0123456789":
            line = _keep_tag_in_line(line)
        return line

    def _read_tag(self, line: str, bare: str, indent: int, start: int) -> str | None:
        column = self._lists.column
        if indent >= column + 4:
            return line
        place = self._lists.find_column(indent)
        if not self._consume_html(start, place):
            return " " * indent + APART + bare
        self._begin_block()
        # Blocks may go on in the same line; to read the rest of it anew for each would take quadratic time.
        while self._source.is_within_line() and self._consume_html(self._source.position, place):
            pass
        self._rest_column = place if self._source.is_within_line() else 0
        return None

    def _consume_html(self, start: int, place: int) -> bool:
        """Consume the HTML block that begins at a position; return whether there is a block."""
        tag = BLOCK_TAG.match(self._source.text, start)
        name = (tag[2] or "").lower() if tag else ""
        # In kramdown a comment does not end a paragraph, but in the library it does.
        begins = name or not self._paragraph
        return bool(tag and begins and name not in SPAN_ELEMENTS and self._html.consume(start, tag, place))

    def _read_colon(self, line: str, bare: str, indent: int, start: int) -> str | None:
        if bare[1:2] not in (" ", "\t", ""):
            return " " * indent + APART + bare
        # In kramdown a definition never begins with code.
        if bare.startswith(":     "):
            return " " * indent + ": " + bare[1:].lstrip(" \t")
        return line

    def _read_braces(self, line: str, bare: str, indent: int, start: int) -> str | None:
        if not self._braces.consume(line, self._blank, indent):
            return line
        self._begin_block()
        return None

    def _read_caret(self, line: str, bare: str, indent: int, start: int) -> str | None:
        if bare.strip() != "^":
            return line
        self._source.mark_block("end", bare)
        self._lists.clear()
        self._begin_block()
        return None

    def _read_bracket(self, line: str, bare: str, indent: int, start: int) -> str | None:
        superseded = not self._paragraph and self._source.links.is_superseded(line, start)
        return None if superseded else line

    def _read_star(self, line: str, bare: str, indent: int, start: int) -> str | None:
        abbreviation = _ABBREVIATION.match(line) if bare.startswith("*[") and not self._paragraph else None
        if abbreviation is None:
            return line
        self._source.abbreviations[abbreviation[1]] = abbreviation[2].strip()
        self._source.lines.append("")
        return None


def _skip_prefix(line: str) -> int:
    """Return where the text of a line begins, behind the marks of quotations and items."""
    prefix = _PREFIX.match(line)
    return prefix.end() if prefix else 0


def _keep_tag_in_line(line: str) -> str:
    """Return a line whose text, behind the marks of quotations and items, begins with a tag that begins no block."""
    end = _skip_prefix(line)
    tag = TAG.match(line, end)
    if tag and (not tag[2] or tag[2].lower() in SPAN_ELEMENTS):
        return line[:end] + APART + line[end:]
    return line


_READERS: dict[str, Callable[[_Lines, str, str, int, int], str | None]] = {
    "<": _Lines._read_tag,
    ":": _Lines._read_colon,
    "{": _Lines._read_braces,
    "^": _Lines._read_caret,
    "[": _Lines._read_bracket,
    "*": _Lines._read_star,
}
