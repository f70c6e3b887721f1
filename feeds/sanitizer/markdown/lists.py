"""List items as the library nests them: kramdown goes by other columns, and parts no lists by their bullets."""

from __future__ import annotations

import re

from feeds.sanitizer.markdown.source import SEPARATOR

ITEM = re.compile(r"([ ]*)([-*+]|\d{1,9}\.)([ \t]+)(?=\S)")
RULE = re.compile(r"[ ]{0,3}(?:(?>(?:\*[ \t]*+){3,})|(?>(?:-[ \t]*+){3,})|(?>(?:_[ \t]*+){3,}))$")
_ATTRIBUTES = re.compile(r"\{:(?![:/])[^{}\n]*+\}[ \t]*")


class Lists:
    """Follows which items are open, line by line."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []
        """Column in which the text of each open item begins, and the kind of its list."""
        self._shift = (0, 0)
        """Column of items that belong further in than they are written, and the column where they belong."""

    @property
    def column(self) -> int:
        """Where the text of the innermost open item begins; 0 outside of lists."""
        return self._open[-1][0] if self._open else 0

    def find_column(self, indent: int) -> int:
        """Return where the text begins of the innermost open item that a line with an indent belongs to; else 0."""
        return max((column for column, _ in self._open if column <= indent), default=0)

    def __bool__(self) -> bool:
        return bool(self._open)

    def is_continued_by(self, item: re.Match[str]) -> bool:
        """Return whether an item at the margin belongs to the list that is open there."""
        return bool(self._open) and (self._open[0][1] == "ol") == item[2][0].isdigit()

    def leave(self, indent: int) -> None:
        """Close the items whose text begins further in."""
        while self._open and indent < self._open[-1][0]:
            self._open.pop()

    def clear(self) -> None:
        """Close every item."""
        self._open.clear()

    def rewrite(self, line: str, indent: int, paragraph: int, blank: bool) -> tuple[str, bool]:
        """Return a line as the library nests it, and whether it is an item.

        Args:
            line: The line.
            indent: Of the line.
            paragraph: How many lines the paragraph before has.
            blank: Whether a blank line is before.
        """
        item = ITEM.match(line)
        if item is None or RULE.match(line):
            return line, False
        if line.startswith("{:", item.end()):
            line = line[: item.end()] + _ATTRIBUTES.sub("", line[item.end() :], count=1)
            item = ITEM.match(line)
            if item is None:
                return line, False
        # In kramdown an item never begins with code.
        if len(item[3]) > 4:
            line = f"{line[: item.end(2)]}    {line[item.end() :]}"
        kind = "ol" if item[2][0].isdigit() else "ul"
        # The library begins another list at another bullet, kramdown does not; with equal bullets they agree.
        if kind == "ul" and indent < self.column + 4:
            line = f"{line[: item.start(2)]}-{line[item.end(2) :]}"
        line, indent = self._move(line, indent, kind, blank)
        begins = paragraph and kind == "ol" and (not self._open or indent >= self.column)
        self.leave(indent)
        # Four spaces outside of lists are code.
        if indent < 4 or self._open:
            space = len(item[3]) if len(item[3]) < 5 else 4
            self._open.append((indent + len(item[2]) + space, kind))
        # The library lets only a list that counts from 1 follow a paragraph without a blank line.
        return (f"{SEPARATOR}\n{line}" if begins else line), True

    def _move(self, line: str, indent: int, kind: str, blank: bool) -> tuple[str, int]:
        """Move an item that is indented less than the text of the item around it to where kramdown nests it."""
        column = self.column
        nested = self._open and not blank and 0 < indent < column
        if nested and (kind != self._open[-1][1] or indent == self._shift[0]):
            if indent != self._shift[0]:
                self._shift = (indent, column)
            return " " * (self._shift[1] - indent) + line, self._shift[1]
        if indent < self._shift[0]:
            self._shift = (0, 0)
        return line, indent
