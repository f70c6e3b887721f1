"""Split an upstream document into entries without parsing it, to find its new entries fast.

:func:`split_entries` splits a document into its head and the raw text of each entry, with a digest of each.
:func:`join_entry` and :func:`join_entries` join a head with some entries to a small complete document.
Where the scan cannot decide, as with an unclosed entry, the whole document counts as an entry, and the tolerant parser
splits it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from feeds.parser.feeds.document import Outline

# Long enough that no two entries of the world have the same digest, and short enough to store for every entry.
_DIGEST_BYTES: Final = 16
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?(rss|feed|rdf|channel|entry)(?=[\s/>])", re.IGNORECASE)
_ROOT_ENTRY = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?entry(?=[\s/>])", re.IGNORECASE)
_PAGE = re.compile(r"<html|<!doctype html", re.IGNORECASE)
_OTHER_ROOT = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?([A-Za-z][\w.\-]*)")
_MISC = re.compile(r"\s+|<\?[^>]*+>|<!--(?>(?:[^-]|-(?!->))*)-->|<!DOCTYPE[^>\[]*+>", re.IGNORECASE)
# Letters in both cases: `re.IGNORECASE` would make this search through whole documents slower.
_PARTS = re.compile(
    r"<(?:!--|!\[CDATA\[|\?|(/?)((?:[A-Za-z_][\w.\-]*:)?(?:[iI][tT][eE][mM]|[eE][nN][tT][rR][yY]))(?=[\s/>]))"
)
_TAG_END = re.compile(r"""(?>(?:[^<>"']|"[^"]*+"|'[^']*+')*)>""")
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
_LONGEST_INTEGER = 1000  # characters; Python's own limit is 4,300 digits
_JSON_FEED = re.compile(r"jsonfeed\.org/version", re.IGNORECASE)


def split_entries(text: str) -> Outline:
    """Cut a decoded document into head and entries, in time linear in its length.

    Args:
        text: The document as :func:`feeds.parser.feeds.encoding.decode` gives it. Its format is detected
            in the text, because the media type of HTTP is often wrong.
    """
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start == "{":
        return _split_json(text)
    root = _find_root(text)
    if root < 0:
        return Outline("none", "", (), ())
    spans = _find_spans(text, root)
    if spans is None:
        return Outline("xml", "", (text,), (_compute_digest(text),), 0, whole=True)
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
    return Outline("xml", head, entries, tuple(map(_compute_digest, entries)), gap)


def _without_list(head: str, gap: int) -> tuple[str, int]:
    """Return the head without the table of contents of RSS 1.0, which is redundant and as long as the feed."""
    start = head.find("<items")
    end = head.find("</items>", start) if start >= 0 else -1
    if end < 0 or end > gap:
        return head, gap
    end += len("</items>")
    return head[:start] + head[end:], gap - (end - start)


def join_entry(parts: Outline, index: int) -> str:
    """Return a complete document with the head and only the entry ``index``, which can be stored and parsed later."""
    return join_entries(parts, (index,))


def join_entries(parts: Outline, indexes: Iterable[int]) -> str:
    """Return a complete document with the head and only the entries ``indexes``, in that order."""
    chosen = [parts.entries[index] for index in indexes]
    if parts.kind == "json":
        return _with_items(parts.head, chosen)
    return parts.head[: parts.gap] + "".join(chosen) + parts.head[parts.gap :]


def _compute_digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]


def _find_root(text: str) -> int:
    """Return the position of the root element of a feed; -1 if the document is not a feed.

    Text before the root, such as a warning of the program that wrote the feed, is skipped.
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


def _find_spans(text: str, root: int) -> list[_Ranges] | None:
    """Return the ranges of text of each entry; None if only parsing can find them.

    An entry usually has a single range. An empty entry inside an entry is cut out, which makes two.
    """
    # An entry document (RFC 4287, 2) has no feed around it.
    if _ROOT_ENTRY.match(text, root):
        return None
    names = _find_prefixes(text[root : root + _HEAD_OF_ROOT])
    spans: list[_Ranges] = []
    name, start, ranges = "", -1, list[tuple[int, int]]()
    for first, end, tag, closing, empty in _find_tags(text, root):
        if start < 0:
            # A prefix that the root does not declare may be bound anywhere.
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


def _find_tags(text: str, position: int) -> Iterator[tuple[int, int, str, bool, bool]]:
    """Yield start, end and name of each tag that may belong to an entry, and whether it is an end tag or empty.

    Comments, CDATA and processing instructions are skipped. An unclosed one yields a tag with an impossible name, so
    that the document counts as not splittable.
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
        # A quoted value may contain ">".
        tail = _TAG_END.match(text, found.end())
        if not tail:
            yield found.start(), len(text), _ENDLESS, False, False
            return
        position = tail.end()
        yield found.start(), position, name, bool(found[1]), text[position - 2] == "/"


def _find_prefixes(opening: str) -> dict[str, bool]:
    """Return for each prefix whether it may belong to an entry: it is empty or bound to a namespace of a feed format."""
    return {"": True} | {prefix: bool(_OF_FEEDS.search(uri)) for prefix, uri in _NAMESPACE.findall(opening)}


def _split_json(text: str) -> Outline:
    try:
        # NaN and Infinity are not JSON; they count as null.
        document = json.loads(text.lstrip("\ufeff"), parse_constant=lambda _: None, parse_int=_parse_integer)
    except (ValueError, RecursionError):
        return Outline("none", "", (), ())
    if not isinstance(document, dict) or not is_json_feed(document):
        return Outline("none", "", (), ())
    stated = document.pop("items", None)
    items = stated if isinstance(stated, list) else []
    entries = tuple(_to_canonical(item) for item in items if isinstance(item, dict))
    others = tuple(_to_canonical(item) for item in items if not isinstance(item, dict))
    digests = tuple(map(_compute_digest, entries))
    return Outline("json", _to_canonical(document), entries, digests, unreadable=others)


def _parse_integer(text: str) -> int | str:
    """Parse an integer of JSON; a very long one stays text, because Python refuses to convert it."""
    return int(text) if len(text) <= _LONGEST_INTEGER else text


def is_json_feed(document: dict[str, Any]) -> bool:
    """Return whether a JSON document is a feed: it has the version of JSON Feed, or keys that only feeds have."""
    version = document.get("version")
    if isinstance(version, str) and _JSON_FEED.search(version):
        return True
    items = document.get("items")
    if not isinstance(items, list):
        return False
    return "feed_url" in document or any(
        isinstance(item, dict) and not _OF_ITEMS.isdisjoint(item) for item in items
    )


def _to_canonical(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return JSON that is equal for equal values, without lone surrogates, which cannot be encoded."""
    try:
        # Sorted keys, because their order has no meaning.
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return "{}"
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _with_items(head: str, items: list[str]) -> str:
    comma = "," if head != "{}" else ""
    return f'{head[:-1]}{comma}"items":[{",".join(items)}]}}'
