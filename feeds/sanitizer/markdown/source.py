"""The text that the passes read, and the lines that they write for the library."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from feeds.sanitizer.markdown.links import LinkDefinitions
from feeds.sanitizer.markdown.marks import Kind, Marks, remove_marks

if TYPE_CHECKING:
    from pyromark.event import BrokenLink

_REST_OF_LINE = re.compile(r"[ \t]*+(?:\n|\Z)")
SEPARATOR = "\t"
"""A blank line that the author did not write. Authors' blank lines are empty, so the writer can distinguish them."""


class Source:
    """A text with the place up to which it is read, and what is written of it so far."""

    def __init__(self, text: str, marks: Marks) -> None:
        self.text = remove_marks(text)
        self.position = 0
        self.marks = marks
        self.links = LinkDefinitions(self.text)
        self.abbreviations: dict[str, str] = {}
        self.attribute_lists: dict[str, str] = {}
        """Attribute lists by the name that refers to them."""
        self.needs_writer = False
        """Whether the library's own HTML is not what kramdown means: of a list with blank lines in it, for example."""
        self.lines: list[str] = []
        """Lines written since the last text that is verbatim."""
        self._written: list[str] = []

    def resolve_link(self, link: BrokenLink) -> tuple[str, str] | None:
        """Return address and title of a link that the library found no definition for."""
        return self.links.resolve(self.marks.restore(link["reference"]))

    def read_line(self) -> str:
        """Read on to the end of the line."""
        end = self.find_end_of_line(self.position)
        line = self.text[self.position : end]
        self.position = end + 1
        return line

    def find_end_of_line(self, position: int) -> int:
        """Return where the line ends that a position is in."""
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end

    def is_within_line(self) -> bool:
        """Return whether something is left of the line that is read."""
        return 0 < self.position < len(self.text) and self.text[self.position - 1] != "\n"

    def skip_to(self, position: int) -> None:
        """Continue at a position, or at the next line if only space is left of the current line."""
        rest = _REST_OF_LINE.match(self.text, position)
        self.position = rest.end() if rest else position

    def write_block(self, mark: str, indent: int = 0) -> None:
        """Write a mark as a paragraph of its own; with an indent it stays in its list item."""
        self.needs_writer |= indent > 0
        self.lines += [SEPARATOR, " " * indent + mark, SEPARATOR]

    def mark_block(self, kind: Kind, source: str, attributes: str = "", indent: int = 0) -> None:
        """:meth:`write_block` with a new mark."""
        self.write_block(self.marks.keep(kind, source, attributes), indent)

    def write_verbatim(self, text: str, spans: Callable[[str, Source], str]) -> None:
        """Write text in which no marks are put: a fence with its code."""
        self.flush(spans)
        self._written.append(text)

    def flush(self, spans: Callable[[str, Source], str]) -> None:
        """Put marks into the lines written last."""
        if self.lines:
            self._written.append(spans("\n".join(self.lines), self))
            self.lines = []

    def finish(self, spans: Callable[[str, Source], str]) -> str:
        """Return all that was written."""
        self.flush(spans)
        return "\n".join(self._written)


def expand_indent(line: str) -> str:
    """Return a line whose indentation is spaces; tabs reach to each fourth column."""
    indent = len(line) - len(line.lstrip(" \t"))
    return line[:indent].expandtabs(4) + line[indent:] if "\t" in line[:indent] else line
