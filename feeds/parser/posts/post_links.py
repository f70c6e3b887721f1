"""Links from post to post by the name of the file, in the forms of the generators.

Pelican: ``{filename}b.md``, ``|filename|b.md``, ``{static}/p.png``, ``{attach}p.png``, ``{tag}x``. Zola: ``@/blog/b.md#part``.
Hugo: ``{{< ref "b.md" >}}``. Jekyll (with its plug-in for relative links), Docusaurus and MkDocs: ``../b.md#part``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from posixpath import dirname, normpath
from typing import NamedTuple
from urllib.parse import unquote

from feeds.values.references import unescape
from feeds.values.urls import resolve

FindPage = Callable[[str], str]
"""Returns the page of a post by the path of its file below the source; empty if no such post exists."""

_ENDINGS = (".md", ".markdown", ".mkd", ".mkdown", ".mdx", ".rst", ".adoc", ".org", ".html", ".htm")
_TEXT_ENDINGS = _ENDINGS[:-2]
_TAG = re.compile(r"<[a-zA-Z][^<>]*+>")
_ADDRESS = re.compile(
    r"""(?<=\s)(href|src|poster)(\s*=\s*)("[^"<>]*+"|'[^'<>]*+'|[^\s"'<>]++)""", re.IGNORECASE
)
_PELICAN = re.compile(
    r"(?:\{|%7B|\||%7C)(filename|static|attach|author|category|tag|index)(?:\}|%7D|\||%7C)(.*)",
    re.IGNORECASE | re.DOTALL,
)
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|//|#|\?")
_REF = re.compile(
    r"""\{\{[<%]\s*(?:rel)?ref\s+(?:path\s*=\s*)?(?:"([^"\n]*)"|`([^`\n]*)`|([^\s"`>%]+))[^{}\n]{0,200}?[>%]\}\}"""
)
_MARKS = (".md", ".rst", ".adoc", ".org", ".mkd", ".markdown", "@/", "%7B", "%7b", "{", "|", "%7C", "%7c")


class PostPlace(NamedTuple):
    """Where a post is, for the links in it."""

    path: str
    """Of its file, below the source."""
    page: str
    """Address of its page."""
    base: str
    """Address of the site."""
    above: str
    """Path of the source below the folder ``content`` of its site, with a slash at the end, or empty."""


def resolve_reference(named: str, place: PostPlace, find: FindPage) -> str:
    """Return the address of the page that Hugo's ``ref`` names; empty if it is not a post of the source."""
    path, mark, part = named.partition("#")
    page = _find(_list_shortcode_candidates(path, place), find) if path else place.page
    return page + mark + part if page else ""


def guess_reference(named: str, place: PostPlace) -> str:
    """Return the address that a page outside the source probably has, such as that of a section."""
    path, mark, part = named.partition("#")
    return (
        _as_zola(f"{path.strip('/')}.md" if "." not in path else path.lstrip("/"), place.base) + mark + part
    )


def resolve_shortcodes(text: str, place: PostPlace, find: FindPage) -> str:
    """Return the text of a post with Hugo's references to other posts as addresses."""
    if "ref" not in text or "{{" not in text:
        return text

    def write_address(found: re.Match[str]) -> str:
        return resolve_reference(found[1] or found[2] or found[3], place, find) or found[0]

    return _REF.sub(write_address, text)


def resolve_post_links(html: str, place: PostPlace, find: FindPage) -> str:
    """Return HTML in which links to files of posts lead to their pages; all other links stay."""
    if not any(mark in html for mark in _MARKS):
        return html

    def write_address(found: re.Match[str]) -> str:
        value = unescape(found[3].strip("\"'"))
        page = _resolve(value, place, find)
        return f'{found[1]}{found[2]}"{escape(page)}"' if page else found[0]

    return _TAG.sub(lambda tag: _ADDRESS.sub(write_address, tag[0]) if "=" in tag[0] else tag[0], html)


def _resolve(value: str, place: PostPlace, find: FindPage) -> str:
    """Return the address that a reference leads to; empty if it does not name a file."""
    if found := _PELICAN.match(value):
        return _resolve_pelican(found[1].lower(), found[2], place, find)
    path, mark = _split(value)
    if path.startswith("@/"):
        page = _find(_list_root_candidates(path[2:], place), find)
        return (page or _as_zola(path[2:], place.base)) + mark
    if _ELSEWHERE.match(value) or not path.lower().endswith(_TEXT_ENDINGS):
        return ""
    page = _find(_list_candidates(unquote(path), place), find)
    return page + mark if page else ""


def _split(value: str) -> tuple[str, str]:
    """Return the path of a reference, and its query and fragment with their marks."""
    end = min((at for at in map(value.find, "?#") if at >= 0), default=len(value))
    return value[:end], value[end:]


def _resolve_pelican(kind: str, named: str, place: PostPlace, find: FindPage) -> str:
    path, mark = _split(named.strip())
    if kind in ("author", "category", "tag"):
        return resolve(place.base, f"{kind}/{path.strip('/')}.html") + mark
    if kind == "index":
        return resolve(place.base, "index.html") + mark
    page = _find(_list_candidates(unquote(path), place), find) if path.lower().endswith(_ENDINGS) else ""
    if page:
        return page + mark
    if kind == "attach":
        return resolve(place.page, path.rpartition("/")[2]) + mark
    below = (
        path.lstrip("/") if path.startswith("/") else normpath(f"{dirname(place.path)}/{path}").lstrip("/")
    )
    stem, dot, ending = below.rpartition(".")
    return resolve(place.base, f"{stem}.html" if dot + ending.lower() in _TEXT_ENDINGS else below) + mark


def _as_zola(path: str, base: str) -> str:
    """Return the page of a file that is not a post: a section, or a page of another part of the site."""
    stem = path.rpartition(".")[0].removesuffix("_index").removesuffix("/index").strip("/")
    return resolve(base, f"{stem}/" if stem else "")


def _list_candidates(path: str, place: PostPlace) -> Iterator[str]:
    if path.startswith("/"):
        yield from _list_root_candidates(path[1:], place)
    else:
        found = normpath(f"{dirname(place.path) or '.'}/{path}")
        yield found
        yield from _list_root_candidates(normpath(f"{place.above}{found}"), place)


def _list_root_candidates(path: str, place: PostPlace) -> Iterator[str]:
    """Yield the paths below the source that a path below the site's root, or its folder ``content``, may mean."""
    for top in ("content/", ""):
        below = path.removeprefix(top)
        if place.above and below.startswith(place.above):
            yield below.removeprefix(place.above)
        yield below
        yield below.removeprefix("_posts/")


def _list_shortcode_candidates(path: str, place: PostPlace) -> Iterator[str]:
    for ending in ("", ".md", "/index.md", ".html"):
        if not ending and not path.lower().endswith(_ENDINGS):
            continue
        yield from _list_candidates(path.rstrip("/") + ending, place)
        yield from _list_root_candidates(path.strip("/") + ending, place)


def _find(paths: Iterator[str], find: FindPage) -> str:
    return next(
        (page for path in dict.fromkeys(paths) if not path.startswith("..") and (page := find(path))), ""
    )
