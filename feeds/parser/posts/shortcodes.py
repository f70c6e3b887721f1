"""Replace the shortcodes of Hugo and Zola in a post by HTML; :mod:`feeds.parser.posts.hexo_tags` has those of Hexo.

Hugo: ``{{< name argument key="value" >}}`` and ``{{% name %}}…{{% /name %}}``; ``{{</* name */>}}`` prints the tag itself.
Zola: ``{{ name(key="value") }}`` and ``{% name(key="value") %}…{% end %}``; ``{{/* name() */}}`` prints the tag itself.
Pictures, code and references become elements, and an embedded player becomes a link. The templates of other shortcodes
belong to a theme: their tags are removed, the text between them stays, and they are reported. Code stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from feeds.models import Generator
from feeds.parser.posts.code_ranges import CodeRanges
from feeds.parser.posts.hexo_tags import expand_hexo_tags, find_unknown_hexo_tags
from feeds.parser.posts.shortcode_elements import (
    BLOCK_WRITERS,
    CONTAINERS,
    REFERENCES,
    SILENT,
    WRITERS,
    Arguments,
)

_LONGEST: Final = 4000
"""Characters of a tag; a longer text is not a tag."""
_DEEPEST_INDENT: Final = 100
_OPENERS: Final = {
    "hugo": re.compile(r"\{\{([<%])"),
    "zola": re.compile(r"\{([{%])(?![<%])"),
}
_CLOSERS: Final = {
    ("hugo", "<"): ">}}",
    ("hugo", "%"): "%}}",
    ("zola", "{"): "}}",
    ("zola", "%"): "%}",
}
_HUGO_TAG = re.compile(r"\s*+(/?)\s*+([\w./-]++)(.*)", re.DOTALL)
_ZOLA_TAG = re.compile(r"[-\s]*+([A-Za-z_][\w:.]*+)\s*+\((.*)\)[-\s]*+", re.DOTALL)
_ZOLA_END = re.compile(r"[-\s]*+end(?:\s++\w++)?[-\s]*+")
_LITERAL = re.compile(r"(\s*+)/\*(.*)\*/(\s*+)", re.DOTALL)
_HUGO_ARGUMENT = re.compile(
    r"(?:([\w-]++)\s*+=\s*+)?(?:\"((?>[^\"\\]|\\.)*)\"|`([^`]*+)`|([^\s\"`=]++))", re.DOTALL
)
_ZOLA_ARGUMENT = re.compile(
    r"\b(\w++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|`([^`]*+)`|([^\s\"'`,()\[\]]++))", re.DOTALL
)
_KNOWN: Final = WRITERS.keys() | BLOCK_WRITERS.keys() | REFERENCES | SILENT
_BLOCKS: Final = ("<figure", "<pre", "<details", "\n</details")
"""Beginnings of what Markdown reads as a block of HTML."""

FindReference = Callable[[str], str]
"""Returns the address of the page that ``ref`` names."""


@dataclass(slots=True)
class Shortcode:
    """A tag of a shortcode in a text."""

    start: int
    end: int
    name: str
    """In lower case; empty for the end of a block of Zola."""
    text: str
    end_name: str = ""
    """Name of the tag that ends its block."""
    closing: bool = False
    literal: str = ""
    """For a tag that prints itself: the text to show."""
    arguments: Arguments = field(default_factory=Arguments)


def has_shortcodes(generator: Generator) -> bool:
    """Return whether posts of a generator may have shortcodes."""
    return generator in ("hugo", "zola", "content", "hexo")


def find_shortcodes(text: str, generator: Generator) -> list[Shortcode]:
    """Return the tags of shortcodes in a text, in order; those in code are left out unless they print themselves."""
    forms = ("hugo", "zola") if generator == "content" else (generator,)
    if generator not in ("hugo", "zola", "content") or ("{{" not in text and "{%" not in text):
        return []
    found = sorted((tag for form in forms for tag in _find_tags(text, form)), key=lambda tag: tag.start)
    if not found:
        return []
    code = CodeRanges(text)
    return [tag for tag in found if tag.literal or tag.start not in code]


def find_unknown_shortcodes(text: str, generator: Generator) -> list[tuple[int, str]]:
    """Return line, from 1, and text of each shortcode whose meaning only the theme of its site knows."""
    if generator == "hexo":
        return find_unknown_hexo_tags(text)
    found = []
    line, position = 1, 0
    for tag in find_shortcodes(text, generator):
        if not (tag.literal or tag.closing or tag.name in _KNOWN):
            # Counted from the tag before, so that many tags take linear time.
            line, position = line + text.count("\n", position, tag.start), tag.start
            found.append((line, tag.text))
    return found


def expand_shortcodes(text: str, generator: Generator, find_reference: FindReference) -> str:
    """Return a text with its shortcodes replaced by HTML.

    Args:
        text: The body of a post.
        generator: The generator of its tree.
        find_reference: Finds the pages that ``ref`` and ``relref`` name.
    """
    if generator == "hexo":
        return expand_hexo_tags(text, find_reference)
    tags = find_shortcodes(text, generator)
    return "".join(_Writer(text, tags, find_reference).write()) if tags else text


class _Writer:
    """Writes one text with its tags replaced."""

    def __init__(self, text: str, tags: list[Shortcode], find_reference: FindReference) -> None:
        self.text, self.tags, self.find_reference = text, tags, find_reference
        self.closers: dict[str, list[int]] = {}
        for tag in tags:
            if tag.closing:
                self.closers.setdefault(tag.name, []).append(tag.start)
        self.ends = {tag.start: tag.end for tag in tags}

    def write(self) -> Iterator[str]:
        position = 0
        for tag in self.tags:
            # The tags inside a block of code belong to it.
            if tag.start < position:
                continue
            yield self.text[position : tag.start]
            written, position = self.write_tag(tag)
            yield written
            if written.startswith(_BLOCKS) and self.is_before_text(tag.start, position):
                yield "\n"
        yield self.text[position:]

    def write_tag(self, tag: Shortcode) -> tuple[str, int]:
        """Return what replaces a tag, and the position behind what it replaces."""
        if tag.literal or tag.closing:
            writer = WRITERS.get(tag.name)
            return tag.literal or (writer(tag.arguments, True) if writer else ""), tag.end
        if tag.name in REFERENCES:
            return self.find_reference(tag.arguments.get("path")), tag.end
        closer = self.find_closer(tag)
        if tag.name in BLOCK_WRITERS and closer is not None:
            return BLOCK_WRITERS[tag.name](tag.arguments, self.text[tag.end : closer]), self.ends[closer]
        # Without its end, such an element would contain the rest of the post.
        if tag.name in CONTAINERS and closer is None:
            return "", tag.end
        return WRITERS[tag.name](tag.arguments, False) if tag.name in WRITERS else "", tag.end

    def find_closer(self, tag: Shortcode) -> int | None:
        """Return where the tag that ends a block begins; None if there is none."""
        starts = self.closers.get(tag.end_name, [])
        place = bisect_right(starts, tag.start)
        return starts[place] if place < len(starts) else None

    def is_before_text(self, start: int, end: int) -> bool:
        """Return whether a line of text follows a line of tags: only a blank line ends a block of HTML in Markdown."""
        before = self.text[max(0, start - _DEEPEST_INDENT) : start].rpartition("\n")[2]
        after = self.text[end : end + 2]
        return not before.strip() and after.startswith("\n") and bool(after[1:].strip())


def _find_tags(text: str, form: str) -> Iterator[Shortcode]:
    """Yield the tags of one form."""
    position = 0
    # Where each end mark is found next: the same stretch is not searched again, so the time is linear.
    ends: dict[str, int] = {}
    while opener := _OPENERS[form].search(text, position):
        start, position = opener.span()
        closer = _CLOSERS[form, opener[1]]
        if ends.get(closer, 0) < position:
            found = text.find(closer, position)
            ends[closer] = found if found >= 0 else len(text) + _LONGEST
        end = ends[closer]
        if end > position + _LONGEST or end >= len(text):
            continue
        inner = text[position:end]
        tag = _read_tag(inner, form, opener[1])
        if tag is None:
            continue
        position = end + len(closer)
        tag.start, tag.end, tag.text = start, position, text[start:position]
        if literal := _LITERAL.fullmatch(inner):
            tag.literal = opener[0] + literal[1] + literal[2] + literal[3] + closer
        yield tag


def _read_tag(inner: str, form: str, kind: str) -> Shortcode | None:
    """Return a tag by the text between its marks; None if it is text."""
    if literal := _LITERAL.fullmatch(inner):
        return Shortcode(0, 0, "", "") if form == "hugo" or _is_zola_tag(literal[2], kind) else None
    if form == "hugo":
        found = _HUGO_TAG.fullmatch(inner)
        if not found:
            return None
        arguments = _read_hugo_arguments(found[3].rstrip().removesuffix("/"))
        name = found[2].lower().rstrip("/")
        return Shortcode(0, 0, name, "", name, bool(found[1]), arguments=arguments)
    if kind == "%" and _ZOLA_END.fullmatch(inner):
        return Shortcode(0, 0, "", "", closing=True)
    call = _ZOLA_TAG.fullmatch(inner)
    if not call:
        return None
    named = {m[1].lower(): m[2] or m[3] or m[4] or m[5] or "" for m in _ZOLA_ARGUMENT.finditer(call[2])}
    return Shortcode(0, 0, call[1].lower(), "", arguments=Arguments(named))


def _is_zola_tag(inner: str, kind: str) -> bool:
    return bool(_ZOLA_TAG.fullmatch(inner)) or (kind == "%" and bool(_ZOLA_END.fullmatch(inner)))


def _read_hugo_arguments(text: str) -> Arguments:
    found = Arguments()
    for match in _HUGO_ARGUMENT.finditer(text):
        quoted = match[2].replace('\\"', '"') if match[2] else match[2]
        value = next((part for part in (quoted, match[3], match[4]) if part is not None), "")
        if match[1]:
            found.named[match[1].lower()] = value
        else:
            found.positional.append(value)
    return found
