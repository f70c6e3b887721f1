"""Remove the elements that a page does not show: ``display:none``, ``visibility:hidden``, ``hidden``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from feeds.sanitizer.cleanup import START_TAG, VOID_ELEMENTS, parse_attributes

_NOT_SHOWN = re.compile(r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden", re.IGNORECASE)
# The same styles or the attribute, in lower-case text. Each pattern begins with a literal, which the engine finds
# fast; an alternation of the three would be tried at every character.
_HIDDEN_MARKS = tuple(
    re.compile(mark)
    for mark in (
        r"display\s{0,9}:\s{0,9}none",
        r"visibility\s{0,9}:\s{0,9}hidden",
        r"hidden(?<=\shidden)(?=[\s=>/])",
    )
)
# Content that can be skipped without a parser: text, and elements that open no block.
_PLAIN_INSIDE = re.compile(
    r"(?>(?:[^<]++|</?(?:br|img|span|a|b|strong|em|i|font)\b[^<>]*+>)*)", re.IGNORECASE
)


def without_hidden(html: str, tidy: Callable[[str], str]) -> str:
    """Return the HTML without elements that are not shown (``display:none``, ``visibility:hidden``, ``hidden``).

    Args:
        html: Any HTML.
        tidy: Returns balanced HTML, for a parser; called only if a hidden element has complex content.
    """
    parts = []
    position = 0
    for tag in _find_marked_tags(html):
        # A tag inside an element that was removed already does not count.
        if tag.start() < position or not is_hidden(tag[0]):
            continue
        end = _find_simple_end(html, tag)
        if end < 0:
            return _without_hidden_elements(tidy(html))
        parts.append(html[position : tag.start()])
        position = end
    return "".join(parts) + html[position:]


def _find_marked_tags(html: str) -> Iterable[re.Match[str]]:
    """Return the start tags that may hide an element; all start tags if the marks do not identify them."""
    found: list[re.Match[str]] = []
    for start, end in find_hidden_marks(html):
        if found and start < found[-1].end():
            continue
        tag = START_TAG.match(html, max(0, html.rfind("<", 0, start)))
        # The mark is in text or in an odd tag; only checking all start tags is safe.
        if tag is None or tag.end() < end:
            return START_TAG.finditer(html)
        found.append(tag)
    return found


def find_hidden_marks(html: str) -> list[tuple[int, int]]:
    """Return the ranges of text that may hide an element, in order."""
    # `str.lower` may change the length of a text ("İ"), and positions would no longer match; bytes keep it.
    lower = html.encode().lower().decode()
    return sorted(mark.span() for pattern in _HIDDEN_MARKS for mark in pattern.finditer(lower))


def is_hidden(tag: str) -> bool:
    """Return whether a start tag hides its element."""
    if not find_hidden_marks(tag):
        return False
    values = parse_attributes(tag)
    return _NOT_SHOWN.search(values.get("style", "")) is not None or "hidden" in values


def _find_simple_end(html: str, tag: re.Match[str]) -> int:
    """Return where a hidden element ends if it contains only text and simple tags; else -1."""
    name = tag[1].lower()
    if name in VOID_ELEMENTS:
        return tag.end()
    inside = _PLAIN_INSIDE.match(html, tag.end())
    if inside is None or f"<{name}" in inside[0].lower():
        return -1
    # The hidden element may be a simple one itself; it then ends at its first end tag.
    if f"</{name}" in inside[0].lower():
        start = tag.end() + inside[0].lower().index(f"</{name}")
    else:
        start = inside.end()
    end = html.find(">", start)
    return end + 1 if html[start : end + 1].lower() == f"</{name}>" else -1


def _without_hidden_elements(html: str) -> str:
    if "<" not in html:
        return html
    # Parsing takes most of the time of cleaning, so only complex hidden elements pay for it.
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(True):
        # Elements inside a removed element are gone already.
        if not tag.decomposed and (_NOT_SHOWN.search(str(tag.get("style", ""))) or tag.has_attr("hidden")):
            tag.decompose()
    return str(soup)
