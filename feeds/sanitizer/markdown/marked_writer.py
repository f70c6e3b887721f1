"""Write HTML from the events of the library, with marks replaced by what they represent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from itertools import accumulate

from feeds.sanitizer.markdown.elements import BLOCK_ELEMENTS, MARKDOWN_ATTRIBUTE, TAG, VOID_ELEMENTS
from feeds.sanitizer.markdown.items import NOWHERE
from feeds.sanitizer.markdown.marks import (
    ANY_MARK,
    MARK,
    Attributes,
    Kept,
    parse_attributes,
    write_attributes,
)
from feeds.sanitizer.markdown.source import Source
from feeds.sanitizer.markdown.writer import Writer, escape_text

_ID = re.compile(r' id="[^"]*+"')
_MOST_ABBREVIATIONS = 200
_LONGEST_ABBREVIATIONS = 4000
"""Characters of all abbreviations, each of which is tried at each word."""
_MOST_REPEATED = 200_000
"""Characters of definitions that are written again for each use, in all: a long one used often would grow without bound."""


def _select_abbreviations(defined: Iterable[str]) -> list[str]:
    """Return the abbreviations to explain; the shortest are kept if there are too many.

    Longer names come first, because an alternation takes the first that matches.
    """
    names = sorted(defined, key=len)[:_MOST_ABBREVIATIONS]
    lengths = accumulate(map(len, names))
    return [name for name, length in zip(names, lengths, strict=True) if length <= _LONGEST_ABBREVIATIONS][
        ::-1
    ]


class MarkedWriter(Writer):
    """Writes text, code and raw HTML with marks, abbreviations explained, and attributes where they belong.

    Args:
        source: The text with its marks.
        prefix: As for :class:`~feeds.sanitizer.markdown.writer.Writer`.
    """

    def __init__(self, source: Source, prefix: str) -> None:
        super().__init__(prefix)
        self._source = source
        self.target = NOWHERE
        """Where the tag is that attributes behind an element belong to."""
        self.heading: dict[str, str] = {}
        """Attributes within the heading that is open."""
        self.row = NOWHERE
        """Where the tag of the table row is that began last."""
        self._room = _MOST_REPEATED
        self.is_headless = self.in_code = False
        """Whether the table has a head only because the library wants one; whether a block of code is open."""
        names = _select_abbreviations(source.abbreviations)
        pattern = "|".join(map(re.escape, names))
        self._abbreviations = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") if names else None
        self._kinds: dict[str, Callable[[Kept], str]] = {
            **dict.fromkeys(("html", "span html", "inline html"), self._write_kept_html),
            **dict.fromkeys(("text", "address"), self._write_kept_text),
            "foot": self._begin_foot,
            "headless": self._mark_headless,
            "span": self._attach_to_span,
            "id": self._attach_id,
        }

    def restore(self, text: str) -> str:
        """Return a text with what its marks represented."""
        return self._source.marks.restore(text)

    def write_address(self, address: str) -> str:
        """Return an address as the value of an attribute, as it is written."""
        return escape(self.restore(address))

    def write_text(self, text: str) -> str:
        """Write text with what its marks represent."""
        if self.in_code:
            return super().write_text(self.restore(text))
        if MARK not in text:
            if self._abbreviations or self.plain is not None:
                return self._write_plain(text)
            self.target = NOWHERE
            return escape_text(text)
        position = 0
        for mark in ANY_MARK.finditer(text):
            self._put(self._write_plain(text[position : mark.start()]))
            position = mark.end()
            kept = self._source.marks.find(mark)
            if kept and kept.kind in self._kinds:
                self._put(self._kinds[kept.kind](kept))
        return self._write_plain(text[position:])

    def _put(self, html: str) -> None:
        if not self.images:
            self.out.append(html)

    def _write_plain(self, text: str) -> str:
        """Write text without marks, its abbreviations explained."""
        if text:
            self.target = NOWHERE
        if self._abbreviations is None:
            return super().write_text(text)
        if self.plain is not None:
            self.plain.append(text)
        position, html = 0, ""
        for found in self._abbreviations.finditer(text):
            title = self._repeat(self._source.abbreviations[found[0]])
            tag = f'<abbr title="{escape(title)}">' if title else "<abbr>"
            before = escape_text(text[position : found.start()])
            html += f"{before}{tag}{escape_text(found[0])}</abbr>"
            position = found.end()
        return html + escape_text(text[position:])

    def _write_kept_html(self, kept: Kept) -> str:
        return self.restore(kept.source)

    def _write_kept_text(self, kept: Kept) -> str:
        return self._write_plain(self.restore(kept.source))

    def _begin_foot(self, kept: Kept) -> str:
        if self.row != NOWHERE:
            self.out[self.row] = "</tbody>\n<tfoot>\n<tr>\n"
        return ""

    def _mark_headless(self, kept: Kept) -> str:
        self.is_headless = True
        return ""

    def _attach_to_span(self, kept: Kept) -> str:
        """Add the attributes to the element before them; behind text an attribute list is text."""
        if self.target == NOWHERE:
            return self._write_kept_text(kept)
        self.add_attributes(self.target, self.parse(kept.attributes))
        return ""

    def _attach_id(self, kept: Kept) -> str:
        if not self.open or self.open[-1].kind != "Heading":
            return self._write_kept_text(kept)
        self.heading["id"] = kept.attributes
        return ""

    def parse(self, attributes: str) -> dict[str, str]:
        """Parse an attribute list of this text."""
        defined = {
            name: self._repeat(self._source.attribute_lists[name])
            for name in attributes.split()
            if name in self._source.attribute_lists
        }
        return parse_attributes(attributes, defined)

    def _repeat(self, definition: str) -> str:
        """Return a definition for another use; empty if the limit of repeated characters is reached."""
        self._room -= len(definition)
        return definition if self._room >= 0 else ""

    def add_attributes(self, place: int, attributes: Attributes) -> None:
        """Write attributes into a tag; an id of the author replaces a generated id."""
        tag = self.out[place]
        if "id" in attributes:
            tag = _ID.sub("", tag, count=1)
        # Behind the attributes that the tag has, before its end.
        end = len(tag.rstrip(" />\n"))
        self.out[place] = tag[:end] + write_attributes(attributes) + tag[end:]

    def write_code(self, text: str) -> str:
        """Write a code span with the text that its marks represent."""
        self.target = len(self.out)
        return super().write_code(self.restore(text))

    def write_html(self, html: str) -> str:
        """Write raw HTML; a tag of an element that begins a block is text within one."""
        html = self.restore(html)
        tag = TAG.match(html)
        name = (tag[2] or "").lower() if tag else ""
        # kramdown closes a paragraph for no tag inside it, and shows such a tag as text.
        if name in BLOCK_ELEMENTS and not (self.open and self.open[-1].kind == "HtmlBlock"):
            return self._write_plain(html)
        self.target = len(self.out) if name in VOID_ELEMENTS and not html.startswith("</") else NOWHERE
        return MARKDOWN_ATTRIBUTE.sub("", html, count=1) if "markdown" in html else html
