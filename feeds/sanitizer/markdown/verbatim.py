"""Fences and the lines in braces: attribute lists, their definitions, and kramdown's extensions."""

from __future__ import annotations

import re

from feeds.sanitizer.markdown.source import Source
from feeds.sanitizer.markdown.spans import mark_spans

FENCE = re.compile(r"([ ]*+(?>(?:>[ ]*+)*)(?>(?:(?:[-*+]|\d{1,9}\.)[ ]++)?))(`{3,}+(?!.*`)|~{3,}+)")
"""The line that begins a fence, behind the marks of quotations and list items; then the fence itself."""

_ATTRIBUTES = re.compile(r"[ \t]*+\{:(?![:/])((?>(?:[^{}\n\\]|\\.)*))\}[ \t]*+$")
_DEFINITION = re.compile(r"[ ]{0,3}\{:([\w-]++):((?>(?:[^}\n\\]|\\.)*))\}[ \t]*+$")
_EXTENSION = re.compile(r"[ ]{0,3}\{::(\w++)([^}\n]*+)\}[ \t]*+$")
_EXTENSIONS = ("comment", "nomarkdown", "options")
_ITEM_ALONE = re.compile(r"[ ]{0,3}(?:[-*+]|\d{1,9}\.)[ \t]")
_CONTENTS = re.compile(r"(?:^|\s)toc(?:\s|$)")
# Attributes without effect for readers: classes other than those that name a language or leave a heading out.
_WITHOUT_MEANING = re.compile(r"\s*(?:\.(?!language-|no_toc)[^\s.#]+\s*)*")
_LONGEST_FENCE = 1 << 30
_BEHIND_BLANK_LINE = re.compile(r"^[ \t]*\n([ \t]*+)(?=\S)", re.MULTILINE)
_LINE_BEGIN = re.compile(r"^(?=.)", re.MULTILINE)


class Fences:
    """Consumes the fenced code of a source; a fence without an end is text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._endless: dict[str, int] = {}
        """Length of the shortest fence of each character without an end below; longer fences have none either."""

    def consume(self, line: str, fence: re.Match[str], indent: int, in_list: bool, moved: int = 0) -> bool:
        """Take the lines from a match of :data:`FENCE` up to the closing fence, if there is one.

        Args:
            line: The line of the match.
            fence: The match.
            indent: Of the line.
            in_list: Whether the line belongs to a list item.
            moved: How far the line was moved to the right, to the text of its item.
        """
        mark, length = fence[2][0], len(fence[2])
        if length >= self._endless.get(mark, _LONGEST_FENCE):
            return False
        source = self._source
        closing = re.compile(
            rf"^(?:[ ]{{0,{indent + 3}}}|[ ]{{0,3}}>[ >]*){mark}{{{length},}}[ \t]*$", re.MULTILINE
        ).search(source.text, source.position)
        if closing is None:
            self._endless[mark] = length
            return False
        if moved and _leaves_item(source.text[source.position : closing.end()], indent):
            return False
        # Options of a highlighter follow the question mark; only the writer removes them.
        source.needs_writer |= "?" in line
        if not in_list:
            # kramdown keeps the indentation of the code.
            line = line.lstrip(" ")
        code = source.text[source.position : closing.end()].rstrip(" \t")
        if moved:
            code = _LINE_BEGIN.sub(" " * moved, code)
        source.write_verbatim(f"{line}\n{code}", mark_spans)
        source.position = closing.end() + 1
        return True


def _leaves_item(code: str, column: int) -> bool:
    """Return whether code ends the item whose text begins at a column: it has a blank line, and goes on before the column."""
    return any(len(found[1].expandtabs(4)) < column for found in _BEHIND_BLANK_LINE.finditer(code))


class Braces:
    """Takes lines in braces out of a source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._endless: set[str] = set()
        """Extensions that end nowhere below."""
        self._contents = False
        """Whether the place of the table of contents is known: there is only one."""

    def consume(self, line: str, blank: bool, indent: int) -> bool:
        """Take a line, and of an extension its content.

        Args:
            line: The line.
            blank: Whether a blank line is before it: then attributes belong to the block that follows.
            indent: Of the line.
        """
        if definition := _DEFINITION.match(line):
            defined = self._source.attribute_lists
            defined[definition[1]] = f"{defined.get(definition[1], '')} {definition[2]}"
            self._source.lines.append("")
        elif attributes := _ATTRIBUTES.match(line):
            self._consume_attributes(line, attributes[1], blank, indent)
        elif extension := _EXTENSION.match(line):
            return self._consume_extension(line, extension[1], extension[2].rstrip())
        else:
            return False
        return True

    def _consume_attributes(self, line: str, inside: str, blank: bool, indent: int) -> None:
        source = self._source
        if self._is_contents(inside):
            self._contents = True
            while source.lines and _ITEM_ALONE.match(source.lines[-1]):
                source.lines.pop()
            source.mark_block("contents", line)
        elif indent < 4 and not _WITHOUT_MEANING.fullmatch(inside):
            source.mark_block("next" if blank else "block", line, inside)
        elif not source.text.startswith("\n", source.position):
            source.mark_block("end", line)

    def _is_contents(self, inside: str) -> bool:
        """Return whether the list before an attribute list becomes the table of contents."""
        lines = self._source.lines
        is_contents = not self._contents and _CONTENTS.search(inside) is not None
        return is_contents and bool(lines) and _ITEM_ALONE.match(lines[-1]) is not None

    def _consume_extension(self, line: str, name: str, rest: str) -> bool:
        source = self._source
        if name not in _EXTENSIONS:
            return False
        if not rest.endswith("/"):
            end = self._find_end(name)
            if end is None:
                return False
            if name == "nomarkdown":
                source.mark_block("html", source.text[source.position : end.start()])
            source.position = end.end() + 1
        source.mark_block("end", line)
        return True

    def _find_end(self, name: str) -> re.Match[str] | None:
        if name == "options" or name in self._endless:
            return None
        end = re.compile(rf"^[ ]{{0,3}}\{{:/(?:{name})?\}}[ \t]*$", re.MULTILINE)
        found = end.search(self._source.text, self._source.position)
        if found is None:
            self._endless.add(name)
        return found
