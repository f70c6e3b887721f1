"""Replace the tags that Hexo brings with it by HTML: ``{% asset_img quay.png %}``, ``{% codeblock %}…{% endcodeblock %}``.

Pictures, code, quotations and links become elements, and an embedded player becomes a link. Other tags belong to a theme or
a plug-in: they are removed, the text between them stays, and they are reported. Code stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Final, NamedTuple

from feeds.parser.posts.code_ranges import CodeRanges
from feeds.parser.posts.shortcode_elements import WRITERS, Arguments

# The length is bounded, so that many marks without an end take linear time.
_TAG = re.compile(r"\{%-?\s*+(end)?([a-zA-Z][\w-]*+)((?>(?:[^%{]|%(?!\})|\{(?!%)){0,1000}))%\}")
_ARGUMENT = re.compile(r"\"([^\"]*+)\"|'([^']*+)'|([^\s\"']++)")
_LANGUAGE = re.compile(r"(?:lang:)?([\w+#-]{1,32})")
_SIZE = re.compile(r"\d{1,5}(?:px|%)?")

FindReference = Callable[[str], str]
"""Returns the address of the page that ``post_link`` names; empty without such a post."""


class _Tag(NamedTuple):
    start: int
    end: int
    name: str
    closing: bool
    arguments: tuple[str, ...]
    text: str


def expand_hexo_tags(text: str, find_reference: FindReference) -> str:
    """Return the body of a post with the tags of Hexo replaced by HTML."""
    tags = _find_tags(text)
    return "".join(_write(text, tags, find_reference)) if tags else text


def find_unknown_hexo_tags(text: str) -> list[tuple[int, str]]:
    """Return line, from 1, and text of each tag that only a theme or a plug-in knows."""
    found = []
    line, position = 1, 0
    for tag in _find_tags(text):
        if not tag.closing and tag.name not in _KNOWN:
            line, position = line + text.count("\n", position, tag.start), tag.start
            found.append((line, tag.text))
    return found


def _find_tags(text: str) -> list[_Tag]:
    if "{%" not in text:
        return []
    code = CodeRanges(text)
    return [
        _Tag(*found.span(), found[2].lower(), bool(found[1]), _split_arguments(found[3]), found[0])
        for found in _TAG.finditer(text)
        if found.start() not in code
    ]


def _split_arguments(text: str) -> tuple[str, ...]:
    parts = (found[1] or found[2] or found[3] or "" for found in _ARGUMENT.finditer(text))
    return tuple(part for part in parts if part and part != "-")


def _write(text: str, tags: list[_Tag], find_reference: FindReference) -> Iterator[str]:
    """Yield the text between the tags and what replaces them."""
    ends: dict[str, list[_Tag]] = {}
    for tag in tags:
        if tag.closing:
            ends.setdefault(tag.name, []).append(tag)
    position = 0
    for tag in tags:
        # The tags inside a block of code belong to it.
        if tag.start < position:
            continue
        yield text[position : tag.start]
        position = tag.end
        block = _BLOCKS.get(tag.name)
        end = _find_end(tag, ends) if block and not tag.closing else None
        if block and end:
            yield block(tag.arguments, text[tag.end : end.start])
            position = end.end
        elif not tag.closing:
            yield _write_tag(tag, find_reference)
    yield text[position:]


def _write_tag(tag: _Tag, find_reference: FindReference) -> str:
    """Write a tag that does not begin a block; empty for the tags of themes."""
    if tag.name in _REFERENCES:
        return _write_reference(tag, find_reference)
    if tag.name in _SHARED:
        return WRITERS[tag.name](Arguments(positional=list(tag.arguments)), False)
    return _INLINE[tag.name](tag.arguments) if tag.name in _INLINE else ""


def _find_end(tag: _Tag, ends: Mapping[str, list[_Tag]]) -> _Tag | None:
    """Return the end tag of a block."""
    found = ends.get(tag.name, [])
    place = bisect_right(found, tag.start, key=lambda end: end.start)
    return found[place] if place < len(found) else None


def _write_reference(tag: _Tag, find_reference: FindReference) -> str:
    """Write a link to another post, or its address; a link to an unknown post becomes its title."""
    if not tag.arguments:
        return ""
    slug, *words = tag.arguments
    title = " ".join(word for word in words if word not in ("true", "false")) or slug
    address = find_reference(slug)
    if tag.name.endswith("_path"):
        return address
    return _link(address, title) if address else escape(title, quote=False)


def _write_asset_link(given: tuple[str, ...]) -> str:
    return _link(given[0], " ".join(given[1:]) or given[0]) if given else ""


def _write_picture(given: tuple[str, ...]) -> str:
    """Write a picture: classes, address, width, height, title and alternative text; only the address is required."""
    place = next((n for n, word in enumerate(given) if "/" in word or "." in word), None)
    if place is None:
        return ""
    rest = list(given[place + 1 :])
    sizes = [rest.pop(0) for _ in range(2) if rest and _SIZE.fullmatch(rest[0])]
    names = (f' {name}="{escape(size)}"' for name, size in zip(("width", "height"), sizes, strict=False))
    title = alternative = " ".join(rest)
    # Only what is in quotes has spaces in it; other words belong together.
    if len(rest) == 2 and " " in title.replace(" ", "", 1):
        title, alternative = rest
    shown = f' title="{escape(title)}"' if title else ""
    return f'<img src="{escape(given[place])}" alt="{escape(alternative)}"{"".join(names)}{shown}>'


def _write_link(given: tuple[str, ...]) -> str:
    """Write ``{% link text address [external] [title] %}``."""
    place = next((n for n, word in enumerate(given) if "://" in word or word.startswith("/")), None)
    return _link(given[place], " ".join(given[:place]) or given[place]) if place is not None else ""


def _write_frame(given: tuple[str, ...]) -> str:
    return _link(given[0], given[0]) if given and "://" in given[0] else ""


def _write_gist(given: tuple[str, ...]) -> str:
    url = f"https://gist.github.com/{given[0]}" if given else ""
    return _link(url, url) if url else ""


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text, quote=False)}</a>'


def _write_code(given: tuple[str, ...], inner: str) -> str:
    named = next((word for word in given if word.startswith("lang:")), "")
    language = _LANGUAGE.fullmatch(named)
    name = f' class="language-{escape(language[1])}"' if language else ""
    return f"<pre><code{name}>{escape(inner.strip(chr(10)), quote=False)}\n</code></pre>"


def _write_quotation(given: tuple[str, ...], inner: str) -> str:
    # Blank lines have the Markdown inside rendered.
    source = f"\n<footer>{escape(' '.join(given), quote=False)}</footer>\n" if given else "\n"
    return f"\n<blockquote>\n\n{inner.strip()}\n{source}</blockquote>\n"


def _write_pullquote(_given: tuple[str, ...], inner: str) -> str:
    return _write_quotation((), inner)


def _keep_inner(_given: tuple[str, ...], inner: str) -> str:
    return inner


_REFERENCES: Final = frozenset(("post_link", "post_path"))
_SHARED: Final = frozenset(("youtube", "vimeo"))
_INLINE: Final[Mapping[str, Callable[[tuple[str, ...]], str]]] = {
    **dict.fromkeys(("img", "image", "asset_img"), _write_picture),
    "asset_link": _write_asset_link,
    "asset_path": lambda given: given[0] if given else "",
    "link": _write_link,
    "iframe": _write_frame,
    "gist": _write_gist,
}
_BLOCKS: Final[Mapping[str, Callable[[tuple[str, ...], str], str]]] = {
    **dict.fromkeys(("codeblock", "code"), _write_code),
    **dict.fromkeys(("blockquote", "quote"), _write_quotation),
    "pullquote": _write_pullquote,
    "raw": _keep_inner,
}
_KNOWN: Final = _REFERENCES | _SHARED | _INLINE.keys() | _BLOCKS.keys()
