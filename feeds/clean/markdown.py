"""Markdown in the way nearest to kramdown, and only where there is any.

Most bodies are HTML blocks and plain paragraphs, which mean the same before and after; they are
recognised and passed through. Everything else is the library's work.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown import Markdown

_BLOCK_TAGS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "iframe",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "video",
        "audio",
    ]
)
_VOID_TAGS = frozenset("area br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*)?>|<!--(?:[^-]|-(?!->))*-->")
_SPECIAL = re.compile(r"[\\`*_\[\]<>&!|~{}$^]|^(?: {4}|\t| {0,3}(?:[#+:=-]|\d+[.)]))", re.MULTILINE)
_QUOTE = re.compile(r"(?:> ?[^\n]*\n?)+")
_LONGEST = 256 * 1024
_LONG_RUN = re.compile(r"([\[\]*_`>(<!~^#&])(?:[ ]?\1){200}")


def markdown_to_html(text: str) -> str:
    """The HTML of a Markdown body. Never fails: what the library cannot take becomes paragraphs."""
    if len(text) > _LONGEST:
        return _paragraphs(text) if not _is_html(text.strip()) else text
    blocks = re.split(r"\n[ \t]*\n", text.strip("\n"))
    simple = [_simple(block) for block in blocks]
    if all(html is not None for html in simple):
        return "\n\n".join(html for html in simple if html)
    if _LONG_RUN.search(text) or text.count("<!--") > text.count("-->") + 8 or text.count("<") > 20_000:
        return _paragraphs(text)
    try:
        return _library().reset().convert(text)
    except (RecursionError, ValueError, AttributeError, IndexError):
        _library.cache_clear()
        return _paragraphs(text)


def _simple(block: str) -> str | None:
    """The HTML of a block that is HTML or plain text; None if it needs the library."""
    stripped = block.strip()
    if not stripped:
        return ""
    if stripped[0] == "<" and not block.startswith(("    ", "\t")):
        return stripped if "markdown=" not in stripped and _is_html(stripped) else None
    if stripped[0] == ">" and _QUOTE.fullmatch(stripped):
        inner = re.sub(r"^> ?", "", stripped, flags=re.MULTILINE)
        return (
            None
            if _SPECIAL.search(inner) or not inner.strip()
            else f"<blockquote>\n<p>{_plain(inner)}</p>\n</blockquote>"
        )
    return None if _SPECIAL.search(block) else f"<p>{_plain(stripped)}</p>"


def _plain(text: str) -> str:
    """A plain paragraph: two spaces at the end of a line break it."""
    return re.sub(r" {2,}\n", "<br />\n", "\n".join(line.lstrip() for line in text.strip().split("\n")))


def _is_html(block: str) -> bool:
    """Whether a block is nothing but balanced block elements, with no text of its own between them."""
    if block.count("<!--") != block.count("-->"):
        return False
    depth: list[str] = []
    position = 0
    for found in _TAG.finditer(block):
        if not depth and block[position : found.start()].strip():
            return False
        position = found.end()
        name = (found[2] or "").lower()
        if not name:
            continue
        if not depth and name not in _BLOCK_TAGS:
            return False
        if found[1]:
            if not depth or depth.pop() != name:
                return False
        elif name not in _VOID_TAGS and not found[0].endswith("/>"):
            depth.append(name)
    return not depth and not block[position:].strip()


def _paragraphs(text: str) -> str:
    return "\n".join(
        f"<p>{escape(part.strip(), quote=False)}</p>" for part in re.split(r"\n\s*\n", text) if part.strip()
    )


@cache
def _library() -> Markdown:
    from markdown import Markdown
    from markdown.inlinepatterns import SimpleTagInlineProcessor

    library = Markdown(
        extensions=[
            "fenced_code",
            "tables",
            "footnotes",
            "def_list",
            "abbr",
            "attr_list",
            "md_in_html",
            "sane_lists",
        ],
        output_format="html",
    )
    library.inlinePatterns.register(SimpleTagInlineProcessor(r"(~~)(.+?)~~", "del"), "strikethrough", 65)
    return library
