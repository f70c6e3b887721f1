"""Distinguish markup from words that only look like it, and find comments and sections of character data."""

from __future__ import annotations

import re
from collections.abc import Callable

_COMMENT = re.compile(r"<!--(?>(?:[^<>-]|-(?!->)){0,2000})-->")
_UNREAD = re.compile(r"<(script|style)\b[^<>]*+>[^<]{0,5000}+</\1\s*+>", re.IGNORECASE)
_TAG = re.compile(
    r"<(/?)(a|abbr|b|bdi|bdo|big|blockquote|br|center|cite|code|del|dfn|div|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol"
    r"|p|pre|q|s|samp|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul|var|wbr|video|audio|source"
    r"|iframe|svg|math|form|input|button|textarea|select|option|object|embed|link|meta|base|style|script|noscript)"
    r"((?:[\s/][^<>]*+)?)>",
    re.IGNORECASE,
)
_BREAKS = {"br": " ", "hr": " ", "wbr": ""}


def remove_markup(text: str) -> str:
    """Return a text that may be HTML without its tags; the whole text if nothing would be left.

    A tag is markup if it has an attribute, if its element is closed, or if it is a line break. Any other
    tag is a word of the text: ``How <select> works``.
    """
    bare = _UNREAD.sub("", _COMMENT.sub("", text))
    tags = [(match[1], match[2].lower()) for match in _TAG.finditer(bare)]
    closed = {name for slash, name in tags if not slash} & {name for slash, name in tags if slash}

    def drop(match: re.Match[str]) -> str:
        name = match[2].lower()
        if name in _BREAKS:
            return _BREAKS[name]
        return "" if name in closed or "=" in match[3] else match[0]

    bare = _TAG.sub(drop, bare)
    return bare if bare.strip() else text


def replace_sections(text: str, opening: str, closing: str, write: Callable[[str], str]) -> str:
    """Return a text in which ``write`` replaces the inside of each section and its marks; an unclosed section stays.

    A regular expression would search for the end again from each unclosed mark, in quadratic time.
    """
    parts = []
    position = 0
    while (start := text.find(opening, position)) >= 0:
        inside = start + len(opening)
        end = text.find(closing, inside)
        if end < 0:
            break
        parts += [text[position:start], write(text[inside:end])]
        position = end + len(closing)
    return "".join([*parts, text[position:]])
