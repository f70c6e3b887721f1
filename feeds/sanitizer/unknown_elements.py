"""Words that only look like elements: ``Vec<T>``, ``<leader>``, ``#include <stdio.h>``.

In posts they are text and stay. In entries of upstream feeds they are mistakes of the feed: the sanitiser removes them,
so they are counted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from feeds.sanitizer import cleanup
from feeds.sanitizer.html import load_known_tags

# A parser of HTML takes any of these characters as part of a name, as in `<K, V>` and `<ann@host.example>`.
_NAME = r"([a-zA-Z][^\s<>/\"'=]*+)"
_TAG = re.compile(rf"<(/?){_NAME}((?:\s[^<>\"'=]*+)?)>")
_END = re.compile(rf"</{_NAME}\s*+>")
# What follows such an element is its text up to its end tag. Without an end tag that is the rest of the body.
_SWALLOWING = frozenset(
    "iframe noembed noframes plaintext script style template textarea title xmp".split()  # noqa: SIM905
)


def escape_unknown_elements(html: str) -> str:
    """Return the HTML of a post in which elements that HTML does not know are text if they have no end tag.

    An unknown element with an end tag, an attribute or a closing slash is markup of some program. Its tags are left
    to the sanitiser, which removes them and keeps their text. Elements that would swallow the rest of the body, such
    as ``<title>`` or ``<script>``, are text as well if they have no end tag.
    """
    is_text = _find_text(html)
    if is_text is None:
        return html
    return _TAG.sub(lambda found: f"&lt;{found[0][1:-1]}&gt;" if is_text(found) else found[0], html)


def find_unknown_elements(html: str) -> list[str]:
    """Return the elements of an entry that :func:`escape_unknown_elements` would keep as text, as they are written."""
    if "<!" in html:
        html = cleanup.without_comments(cleanup.with_character_data(html))
    is_text = _find_text(html)
    return [found[0] for found in _TAG.finditer(html) if is_text(found)] if is_text else []


def _find_text(html: str) -> Callable[[re.Match[str]], bool] | None:
    """Return what decides whether a tag is text; None if none can be text."""
    names = {found[2] for found in _TAG.finditer(html)}
    if all(_is_markup(name) for name in names):
        return None
    closed = {name.lower() for name in _END.findall(html)}

    def is_text(found: re.Match[str]) -> bool:
        slash, name, rest = found.groups()
        return not (slash or _is_markup(name) or name.lower() in closed or rest.endswith("/"))

    return is_text


def _is_markup(name: str) -> bool:
    """Return whether a tag without an end is allowed by HTML."""
    name = name.lower()
    return f"<{name}" in load_known_tags() and name not in _SWALLOWING
