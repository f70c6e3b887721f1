"""The fast look at an upstream's document: which entries it has and which of them are new, without parsing it.

:func:`outline` cuts a document into its head and the raw text of each entry, each with a digest;
:func:`single` and :func:`several` make small complete documents again, for the entries that nobody knows yet. Where the scan is in
doubt (an entry that is not closed, one within a place that looks odd) the whole document is one span and
the tolerant parser has the word.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Feed = Literal["xml", "json", "none"]

_DIGEST_BYTES: Final = 16
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?(rss|feed|rdf|channel|entry)(?=[\s/>])", re.IGNORECASE)
_ROOT_ENTRY = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?entry(?=[\s/>])", re.IGNORECASE)
_PAGE = re.compile(r"<html|<!doctype html", re.IGNORECASE)
_OTHER_ROOT = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?([A-Za-z][\w.\-]*)")
_MISC = re.compile(r"\s+|<\?[^>]*+>|<!--(?:[^-]|-(?!->))*+-->|<!DOCTYPE[^>\[]*+>", re.IGNORECASE)
_PARTS = re.compile(
    r"<(?:!--|!\[CDATA\[|\?|(/?)((?:[A-Za-z_][\w.\-]*:)?(?:[iI][tT][eE][mM]|[eE][nN][tT][rR][yY]))(?=[\s/>]))"
)
_TAG_END = re.compile(r"""(?:[^<>"']|"[^"]*+"|'[^']*+')*+>""")
_CLOSERS: Final = {"<!--": "-->", "<![CDATA[": "]]>", "<?": ">"}
_NAMESPACE = re.compile(r"""xmlns:([A-Za-z_][\w.\-]*)\s*=\s*["']\s*([^"'\s]*)""")
_OF_FEEDS = re.compile(
    r"atom|purl\.org/rss|netscape\.com/rdf|purl\.org/pie|backend\.userland|blogs\.law\.harvard|cyber\.law",
    re.I,
)
_ENDLESS: Final = "?:"
_JUNK_LIMIT: Final = 65_536
_HEAD_OF_ROOT: Final = 8_192
_OF_ITEMS: Final = frozenset(["title", "content_html", "content_text", "date_published"])
_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON_FEED = re.compile(r"jsonfeed\.org/version", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outline:
    """A document cut into its head and its entries."""

    kind: Feed
    """``none`` is what is no feed: a web page, an empty body."""
    head: str
    """The document without its entries."""
    entries: tuple[str, ...]
    """The raw text of each entry, in the order of the document; of JSON in canonical form."""
    digests: tuple[bytes, ...]
    """16 bytes for each entry: the same bytes are the same entry, unread."""
    gap: int = 0
    """Where in ``head`` the first entry stood."""
    whole: bool = False
    """The document could not be cut: its only entry is all of it."""


def outline(text: str, content_type: str = "") -> Outline:
    """Cut a decoded document into head and entries, in time linear in its length.

    Args:
        text: The document as :func:`feeds.parser.feeds.encoding.decode` gives it.
        content_type: What HTTP calls it; the text itself has more to say.
    """
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "{":
        return _json_outline(text)
    root = _root(text)
    if root < 0:
        return Outline("none", "", (), ())
    spans = _spans(text, root)
    if spans is None:
        return Outline("xml", "", (text,), (_digest(text),), 0, whole=True)
    if not spans:
        return Outline("xml", text, (), (), len(text))
    entries = tuple("".join([text[first:end] for first, end in ranges]) for ranges in spans)
    pieces = []
    position = 0
    for ranges in spans:
        pieces.append(text[position : ranges[0][0]])
        position = ranges[-1][1]
    pieces.append(text[position:])
    head, gap = _without_list("".join(pieces), spans[0][0][0])
    return Outline("xml", head, entries, tuple(map(_digest, entries)), gap)


def _without_list(head: str, gap: int) -> tuple[str, int]:
    """The head without the table of contents of RSS 1.0, which says nothing and is as long as the feed."""
    start = head.find("<items")
    end = head.find("</items>", start) if start >= 0 else -1
    if end < 0 or end > gap:
        return head, gap
    end += len("</items>")
    return head[:start] + head[end:], gap - (end - start)


def single(parts: Outline, index: int) -> str:
    """A complete document with the head and only the entry ``index``; it can be read at any later time."""
    return several(parts, (index,))


def several(parts: Outline, indexes: Iterable[int]) -> str:
    """A complete document with the head and only the entries ``indexes``, in that order."""
    chosen = [parts.entries[index] for index in indexes]
    if parts.kind == "json":
        return _with_items(parts.head, chosen)
    return parts.head[: parts.gap] + "".join(chosen) + parts.head[parts.gap :]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]


def _root(text: str) -> int:
    """Where the root element of a feed starts; -1 if the document is something else.

    Text before it (a warning of the program that made the feed) does not hide it.
    """
    position = 0
    while found := _MISC.match(text, position):
        position = found.end()
    if _ROOT.match(text, position):
        return position
    other = _OTHER_ROOT.match(text, position)
    if other and other[1].lower() in ("html", "opml", "body", "head", "urlset", "sitemapindex"):
        return -1
    late = _ROOT.search(text, position, position + _JUNK_LIMIT)
    page = _PAGE.search(text, 0, late.start() if late else _JUNK_LIMIT)
    return late.start() if late and not page else -1


_Ranges = list[tuple[int, int]]


def _spans(text: str, root: int) -> list[_Ranges] | None:
    """The ranges of text that make each entry; None if that cannot be told without parsing.

    Usually that is one range; an empty entry within an entry is cut out, since it says nothing.
    """
    if _ROOT_ENTRY.match(text, root):
        return None
    names = _names(text[root : root + _HEAD_OF_ROOT])
    spans: list[_Ranges] = []
    name, start, ranges = "", -1, list[tuple[int, int]]()
    for first, end, tag, closing, empty in _tags(text, root):
        if start < 0:
            ours = names.get(tag.rpartition(":")[0])
            if ours is False:
                continue
            if ours is None or closing:
                return None
            name, start, ranges = tag, first, []
            if empty:
                spans.append([(first, end)])
                start = -1
        elif tag == name:
            if empty:
                ranges.append((start, first))
                start = end
            elif closing:
                spans.append([*ranges, (start, end)])
                start = -1
            else:
                return None
    return spans if start < 0 else None


def _tags(text: str, position: int) -> Iterator[tuple[int, int, str, bool, bool]]:
    """Start, end, name of each tag that may be an entry's, whether it closes one, whether it is empty.

    Comments, CDATA and processing instructions are passed over; one without an end is a tag that nobody knows.
    """
    while found := _PARTS.search(text, position):
        name = found[2]
        if name is None:
            closer = _CLOSERS[found[0]]
            position = text.find(closer, found.end()) + len(closer)
            if position < len(closer):
                yield found.start(), len(text), _ENDLESS, False, False
                return
            continue
        tail = _TAG_END.match(text, found.end())
        if not tail:
            yield found.start(), len(text), _ENDLESS, False, False
            return
        position = tail.end()
        yield found.start(), position, name, bool(found[1]), text[position - 2] == "/"


def _names(opening: str) -> dict[str, bool]:
    """Whether an entry may have a prefix: none, and those bound to the namespace of a feed format."""
    return {"": True} | {prefix: bool(_OF_FEEDS.search(uri)) for prefix, uri in _NAMESPACE.findall(opening)}


def _json_outline(text: str) -> Outline:
    try:
        document = json.loads(text.lstrip("\ufeff"), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return Outline("none", "", (), ())
    if not isinstance(document, dict) or not is_json_feed(document):
        return Outline("none", "", (), ())
    items = document.pop("items", None)
    entries = (
        tuple(_canonical(item) for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
    )
    return Outline("json", _canonical(document), entries, tuple(map(_digest, entries)))


def is_json_feed(document: dict[str, Any]) -> bool:
    """Whether a JSON document is a feed: it says so, or it has what only feeds have."""
    version = document.get("version")
    if isinstance(version, str) and _JSON_FEED.search(version):
        return True
    items = document.get("items")
    if not isinstance(items, list):
        return False
    return "feed_url" in document or any(
        isinstance(one, dict) and not _OF_ITEMS.isdisjoint(one) for one in items
    )


def _canonical(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """The same for equal values, without the halves of characters that escapes may leave and nothing can write."""
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return "{}"
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _with_items(head: str, items: list[str]) -> str:
    comma = "," if head != "{}" else ""
    return f'{head[:-1]}{comma}"items":[{",".join(items)}]}}'
