"""Marks: placeholders in the text for parts that the Markdown library must not parse.

The passes over the source take out what only kramdown knows and leave a mark; the writer finds it in the library's
events and writes what belongs there. Inside code, raw HTML and addresses a mark becomes its source again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Literal, NamedTuple

MARK = "\ufffc"
"""Begins and ends a mark. A symbol, so that emphasis opens and closes beside it as beside punctuation, in any language."""

# Reserved for internal use by Unicode, so it is never part of a text.
_NOTHING = "\ufdd0"
APART = f"{MARK}{_NOTHING}{MARK}"
"""A mark that represents nothing: it separates characters that the library would parse as a unit."""

ANY_MARK = re.compile(rf"{MARK}(?:([0-9]+)|{_NOTHING}){MARK}")
ONLY_MARKS = re.compile(rf"(?:{MARK}(?:[0-9]+|{_NOTHING}){MARK})+")
_OF_MARKS = re.compile(f"[{MARK}{_NOTHING}]")

Kind = Literal[
    "html",  # raw HTML
    "span html",  # raw HTML at the beginning of a block that is not a paragraph, with marks within its line
    "inline html",  # raw HTML that stays in its paragraph
    "text",  # text in which nothing is Markdown
    "nothing",  # a comment or an option: not shown
    "address",  # where a link leads
    "span",  # attributes of the element before
    "id",  # id of the heading
    "next",  # attributes of the block that follows
    "block",  # attributes of the block before
    "end",  # end of a block
    "contents",  # the table of contents
    "foot",  # the rows that follow are a table's foot
    "headless",  # the row is there only because the library wants a head
]
IN_PARAGRAPHS: frozenset[Kind] = frozenset(("inline html", "text", "address"))
"""Kinds of marks that are a paragraph where they are alone; others are blocks."""

Attributes = Mapping[str, str]


class Kept(NamedTuple):
    """What a mark represents."""

    kind: Kind
    source: str
    """What was there, as it was written."""
    attributes: str = ""
    """The inside of an attribute list."""


def remove_marks(text: str) -> str:
    """Return a text without the characters that marks are made of."""
    return _OF_MARKS.sub("", text) if MARK in text or _NOTHING in text else text


class Marks:
    """The marks of one text, by number."""

    def __init__(self) -> None:
        self._kept: list[Kept] = []

    def keep(self, kind: Kind, source: str, attributes: str = "") -> str:
        """Keep something and return the mark that represents it."""
        self._kept.append(Kept(kind, source, attributes))
        return f"{MARK}{len(self._kept) - 1}{MARK}"

    def list_kinds(self) -> set[Kind]:
        """Return the kinds of what is kept."""
        return {kept.kind for kept in self._kept}

    def find(self, mark: re.Match[str]) -> Kept | None:
        """Return what a match of :data:`ANY_MARK` represents; None for nothing."""
        number = int(mark[1] or -1)
        return self._kept[number] if 0 <= number < len(self._kept) else None

    def restore(self, text: str) -> str:
        """Return a text with all marks replaced by their source, nested marks included."""
        count = int(MARK in text)
        # The source of a mark contains only earlier marks, so this loop ends.
        while count:
            text, count = ANY_MARK.subn(self._find_source, text)
        return text

    def _find_source(self, mark: re.Match[str]) -> str:
        kept = self.find(mark)
        return kept.source if kept else ""


_PART = re.compile(
    r"([\w-]+)=(?:\"((?>(?:\\.|[^\"\\])*))\"|'((?>(?:\\.|[^'\\])*))')|#([A-Za-z][\w:-]*)|\.([^\s.#]+)|([\w-]+)"
)


def parse_attributes(text: str, defined: Mapping[str, str]) -> dict[str, str]:
    """Parse an attribute list such as ``#id .class key="value" name``.

    Args:
        text: What is between the braces, without ``:``.
        defined: Attribute lists by the name that refers to them.
    """
    found: dict[str, str] = {}
    for key, double, single, name, class_, reference in _PART.findall(text):
        if key:
            found[key] = re.sub(r"\\([\"'}])", r"\1", double or single)
        elif name:
            found["id"] = name
        elif class_:
            _add(found, {"class": class_})
        elif reference in defined:
            # References in references are not followed: lists that name each other twice would double without end.
            for kept_key, value in parse_attributes(defined[reference], {}).items():
                _add(found, {kept_key: value})
    return found


def _add(found: dict[str, str], more: Attributes) -> None:
    """Add attributes; classes add up."""
    for key, value in more.items():
        found[key] = f"{found[key]} {value}" if key == "class" and key in found else value


def write_attributes(attributes: Attributes) -> str:
    """Write attributes as they are written in a tag, each with a space before it."""
    return "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
