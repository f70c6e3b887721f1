"""Keep words of posts that only look like elements: ``Vec<T>``, ``<leader>``, ``#include <stdio.h>``."""

from __future__ import annotations

import re

from feeds.sanitizer.html import load_known_tags

_TAG = re.compile(r"<(/?)([a-zA-Z][\w.:\-]*+)((?:\s[^<>\"'=]*+)?)>")
_END = re.compile(r"</([a-zA-Z][\w.:\-]*+)\s*+>")


def escape_unknown_elements(html: str) -> str:
    """Return the HTML of a post in which elements that HTML does not know are text if they have no end tag.

    An unknown element with an end tag, an attribute or a closing slash is markup of some program. Its tags are left
    to the sanitiser, which removes them and keeps their text.
    """
    names = {found[2] for found in _TAG.finditer(html)}
    if all(_is_known(name) for name in names):
        return html
    closed = {name.lower() for name in _END.findall(html)}

    def escape(found: re.Match[str]) -> str:
        slash, name, rest = found.groups()
        if slash or _is_known(name) or name.lower() in closed or rest.endswith("/"):
            return found[0]
        return f"&lt;{found[0][1:-1]}&gt;"

    return _TAG.sub(escape, html)


def _is_known(name: str) -> bool:
    return f"<{name.lower()}" in load_known_tags()
