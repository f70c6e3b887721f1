"""The library's own HTML for texts in kramdown's dialect that it reads as kramdown does: most of them, in half the time."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from feeds.sanitizer.markdown.elements import BLOCK_ELEMENTS
from feeds.sanitizer.markdown.links import LINK_INSIDE
from feeds.sanitizer.markdown.marks import ANY_MARK, APART, IN_PARAGRAPHS, MARK, Kind
from feeds.sanitizer.markdown.source import Source

if TYPE_CHECKING:
    from pyromark import Options

_KINDS: frozenset[Kind] = frozenset(("html", "inline html", "text", "end", "nothing"))
"""Marks whose source is written in their place."""

# Notes, tildes, emphasis that is strong too, tags of blocks within text, blank lines in quotations.
_READ_OTHERWISE = re.compile(
    rf"[\[~*<\n](?:(?<=\[)\^|(?<=~)|(?<=\*)\*\*|(?<=<)/?(?i:{'|'.join(sorted(BLOCK_ELEMENTS))})\b"
    r"|(?<=\n) {0,3}>[ \t>]*+\n)"
)
# Definition lists, numbers of lists, adjacent lists.
_WRITTEN_OTHERWISE = ("<dl>", "<ol start=", "</ul>\n<ul>", "</ol>\n<ol>")
_MARK_IN_CODE_OR_TAG = re.compile(rf"<code[^<>]*+>[^<{MARK}]*+{MARK}|=\"[^\"{MARK}]*+{MARK}")
_ALONE = re.compile(rf"<p>((?>(?:{MARK}\d+{MARK})+))</p>")


def write_simply(text: str, source: Source, options: Options) -> str | None:
    """Write the HTML of a prepared text; None if only the writer can.

    Headings have no ids here, for nothing links to them.
    """
    import pyromark

    if (
        source.needs_writer
        or source.abbreviations
        or not source.marks.list_kinds() <= _KINDS
        or _READ_OTHERWISE.search(text)
        or LINK_INSIDE.search(text)
        or "markdown=" in text
    ):
        return None
    html = pyromark.html(text, options=options, broken_link_callback=source.resolve_link)
    # The library percent-encodes addresses, and marks in them; kramdown leaves them as they are.
    if html.count("%") != text.count("%") or any(form in html for form in _WRITTEN_OTHERWISE):
        return None
    html = html.replace(APART, "")
    if MARK not in html:
        return html
    return None if _MARK_IN_CODE_OR_TAG.search(html) else _restore(html, source)


def _restore(html: str, source: Source) -> str:
    """Return HTML with what its marks represent."""

    def restore(mark: re.Match[str]) -> str:
        kept = source.marks.find(mark)
        if kept is None:
            return ""
        shown = source.marks.restore(kept.source)
        return escape(shown) if kept.kind == "text" else "" if kept.kind in ("end", "nothing") else shown

    def restore_block(paragraph: re.Match[str]) -> str:
        first = ANY_MARK.match(paragraph[1])
        kept = source.marks.find(first) if first else None
        return paragraph[0] if kept is None or kept.kind in IN_PARAGRAPHS else paragraph[1]

    return ANY_MARK.sub(restore, _ALONE.sub(restore_block, html))
