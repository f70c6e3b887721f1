"""What HTML means: its elements, attributes and text, without white space that nobody sees."""

from __future__ import annotations

import re
from typing import Any

from lxml import html as parser

_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "i",
        "img",
        "input",
        "kbd",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "u",
        "var",
        "br",
    ]
)
_SPACE = re.compile(r"\s+")


def meaning(html: str) -> Any:
    """A value that is equal for HTML that means the same."""
    return _element(parser.fragment_fromstring(f"<div>{html}</div>"))


def _element(element: Any) -> Any:
    if element.tag == "pre":
        return ("pre", dict(element.attrib), _code(element))
    parts: list[Any] = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            parts += [_element(child), child.tail or ""]
        else:
            parts[-1] += child.tail or ""  # a comment means nothing
    return (element.tag, dict(element.attrib), _visible(element.tag, parts))


def _code(element: Any) -> Any:
    """Code means every space in it."""
    return [dict(one.attrib) for one in element.iter("code")], element.text_content().rstrip("\n")


def _visible(tag: str, parts: list[Any]) -> list[Any]:
    """Parts with white space collapsed; none at the edges of blocks."""
    shown: list[Any] = []
    for number, part in enumerate(parts):
        if not isinstance(part, str):
            shown.append(part)
            continue
        text = _SPACE.sub(" ", part)
        if _is_edge(tag, parts, number - 1):
            text = text.lstrip()
        if _is_edge(tag, parts, number + 1):
            text = text.rstrip()
        if text:
            shown.append(text)
    return shown


def _is_edge(tag: str, parts: list[Any], number: int) -> bool:
    """Whether there is a block at this place, or the edge of one."""
    if 0 <= number < len(parts):
        return parts[number][0] not in _INLINE or parts[number][0] == "br"
    return tag not in _INLINE
