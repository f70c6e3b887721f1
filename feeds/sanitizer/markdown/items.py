"""Which list items and definitions are loose: kramdown decides it for each item, CommonMark for the list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feeds.sanitizer.markdown.source import SEPARATOR

NOWHERE = -1
"""A place in the output that there is not."""

_SEPARATOR = SEPARATOR.encode()


class Item:
    """What decides whether the first paragraph of an item is only text."""

    __slots__ = ("blank", "children", "end", "start")

    def __init__(self) -> None:
        self.children = 0
        self.start = self.end = NOWHERE
        """Where the tags of the first paragraph are in the output."""
        self.blank = False
        """Whether a blank line is behind it."""


def find_tight(items: Sequence[Item]) -> Iterator[Item]:
    """Find the items whose first paragraph is only text (``Kramdown::Parser::Kramdown#parse_list``)."""
    some_tight = False
    for item in items:
        last, alone = item is items[-1], item.children == 1
        if item.start == NOWHERE:
            some_tight = True
        elif (not item.blank or (last and alone)) and (not last or len(items) == 1 or some_tight):
            some_tight = True
            yield item


def is_blank_after(data: bytes, position: int) -> bool:
    """Return whether the author left a line blank behind a position in what the library reads."""
    end = data.find(b"\n", position)
    line = data[position : end if end >= 0 else len(data)]
    return position < len(data) and line != _SEPARATOR and not line.strip(b" \t>")


def is_blank_before(data: bytes, position: int) -> bool:
    """Return whether the line before that of a position is blank."""
    end = data.rfind(b"\n", 0, position)
    return end >= 0 and not data[data.rfind(b"\n", 0, end) + 1 : end].strip(b" \t>")
