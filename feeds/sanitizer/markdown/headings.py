"""Headings: their ids, as GitHub and kramdown make them, and the table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import NamedTuple

_NOT_IN_ID = re.compile(r"[^\w\- \t]")


class Heading(NamedTuple):
    """A heading that the table of contents names."""

    level: int
    id: str
    html: str
    out: list[str]
    """The output that it is in."""
    place: int
    """Where its tag is there."""


class HeadingIds:
    """Gives headings ids, each once."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def make(self, text: str) -> str:
        """Make an id of a heading's text."""
        name = _NOT_IN_ID.sub("", text.strip().lower()).replace(" ", "-").replace("\t", "-") or "section"
        count = self._counts[name] = self._counts.get(name, -1) + 1
        return f"{name}-{count}" if count else name


def write_contents(headings: Iterable[Heading]) -> str:
    """Write headings as nested lists of links."""
    out: list[str] = []
    levels: list[int] = []
    for heading in headings:
        while len(levels) > 1 and levels[-1] > heading.level and levels[-2] >= heading.level:
            out.append("</li></ul>")
            levels.pop()
        if not levels or heading.level > levels[-1]:
            out.append("<ul>")
            levels.append(heading.level)
        else:
            out.append("</li>")
            levels[-1] = heading.level
        out.append(f'<li><a href="#{escape(heading.id)}">{heading.html}</a>')
    out += ["</li></ul>"] * len(levels)
    return "".join(out)
