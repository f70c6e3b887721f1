"""An upstream's document understood: its head and its items, whatever format it is in (only importer of feedparser).

The library gets one harmless form of each document (:mod:`feeds.parser.feeds.encoding` has made it so): bytes in
UTF-8, no document type, no references that it would have to look up, and ids under names that it leaves alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feeds.errors import FeedUnreadable
from feeds.models import Item
from feeds.parser.feeds.channel import UpstreamHead, read_head
from feeds.parser.feeds.encoding import mended
from feeds.parser.feeds.entry import Around, read_entry
from feeds.parser.feeds.feedparser_workarounds import shielded
from feeds.parser.feeds.json_feed import parse_json
from feeds.parser.feeds.splitter import Outline, outline, several, single
from feeds.values.urls import is_address, strip_address

_PIECE = 200
_TERM = re.compile(
    r"<((?:[A-Za-z_][\w.\-]*:)?(?:category|subject))\b[^<>]*+(?:(?<=/)>|>[^<>]*+(?:</\1\s*>)?)", re.IGNORECASE
)
_MANY_TAGS = 1_000
_MOST_TAGS = 500_000
"""What the library reads in some seconds: each tag costs it 10 microseconds."""
_MOST_TERMS = 500  # the library compares each with all before it
_BASE = re.compile(r"""(?<=\s)xml:base\s*=\s*(?:"([^"<]*+)"|'([^'<]*+)')""")
_LONGEST_BASE = 5_000  # of all relative ones together: one within the other, each makes the next longer
_RSS = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?(?:rss|rdf)(?=[\s/>])", re.IGNORECASE)
_HEAD_OF_ROOT = 65_536


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document of an upstream, understood."""

    head: UpstreamHead
    """``head.version`` is empty if the document is no feed."""
    items: tuple[Item, ...]


def parse_upstream(text: str, url: str, zone: str) -> Parsed:
    """Understand a document in RSS 0.90 to 2.0, RDF, Atom 0.3 or 1.0, CDF or JSON Feed.

    What is malformed is read as far as it goes.

    Args:
        text: The document, decoded.
        url: Where it came from, for relative addresses.
        zone: Name of the time zone of dates without an offset.

    Raises:
        FeedUnreadable: The library gave up on the document, or would take too long.
    """
    return parse_outline(outline(text), url, zone)


def parse_outline(parts: Outline, url: str, zone: str) -> Parsed:
    """The same for a document that was cut already; see :func:`parse_upstream`."""
    url = strip_address(url)
    if parts.kind == "json":
        return Parsed(*parse_json(several(parts, range(len(parts.entries))), url, _zone(zone)))
    if parts.kind == "none":
        return Parsed(UpstreamHead(), ())
    if sum(map(_tags, (parts.head, *parts.entries))) > _MOST_TAGS:
        raise FeedUnreadable(
            f"{url}: the document has more than {_MOST_TAGS} tags; ask its publisher for a shorter one"
        )
    if parts.whole:
        return _parse_xml(_few_terms(parts.entries[0], 10 * _MOST_TERMS), parts.entries[0], url, zone)[0]
    return _in_pieces(parts, url, zone)


def _in_pieces(parts: Outline, url: str, zone: str) -> Parsed:
    """All entries, some at a time, so that what the library keeps of a long document is bounded."""
    before, after = _few_terms(parts.head[: parts.gap]), _few_terms(parts.head[parts.gap :])
    entries = tuple(map(_few_terms, parts.entries))
    parts = replace(parts, head=before + after, gap=len(before), entries=entries)
    count = len(parts.entries)
    # The head comes with every piece: all heads together are no longer than the entries.
    pieces = max(1, sum(map(len, parts.entries)) // (len(parts.head) + 1))
    size = max(_PIECE, -(-count // pieces))
    head = UpstreamHead()
    items: list[Item] = []
    for start in range(0, max(count, 1), size):
        indexes = range(start, min(start + size, count))
        found, strict = _parse_xml(several(parts, indexes), parts.head, url, zone)
        if not strict and 1 < len(indexes) <= _PIECE:
            found = _one_by_one(parts, indexes, found, url, zone)
        head = found.head if start == 0 else head
        items += found.items
    return Parsed(head, tuple(items))


def _tags(text: str) -> int:
    """How many tags the library would have to look at; those in CDATA sections are text."""
    count = text.count("<")
    position = 0 if count > _MANY_TAGS else len(text)
    while (start := text.find("<![CDATA[", position)) >= 0 and (end := text.find("]]>", start)) >= 0:
        count -= text.count("<", start, end)
        position = end
    return count


def _few_terms(entry: str, most: int = _MOST_TERMS) -> str:
    """The entry with its first categories, far more than are used."""
    if entry.count("category") + entry.count("subject") <= most:
        return entry
    left = most

    def keep(found: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        return found[0] if left >= 0 else ""

    return _TERM.sub(keep, entry)


def _few_bases(text: str) -> str:
    """The document with its first relative ``xml:base``, and all absolute ones."""
    if text.count("xml:base") < 2:
        return text
    left = _LONGEST_BASE

    def keep(found: re.Match[str]) -> str:
        nonlocal left
        value = found[1] or found[2] or ""
        left -= 0 if is_address(value) else len(value)
        return found[0] if left >= 0 or is_address(value) else ""

    return _BASE.sub(keep, text)


def _one_by_one(parts: Outline, indexes: range, together: Parsed, url: str, zone: str) -> Parsed:
    """The entries each for itself, so that a malformed one spoils no other; together if that finds more."""
    items: list[Item] = []
    for index in indexes:
        items += _parse_xml(single(parts, index), parts.head, url, zone)[0].items
    return replace(together, items=tuple(items)) if len(items) >= len(together.items) else together


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _parse_xml(text: str, head: str, url: str, zone: str) -> tuple[Parsed, bool]:
    """What a document says, and whether it is well-formed."""
    # RSS has no word on what addresses are relative to; where xml:base has one, it starts from the document.
    rss = _RSS.search(head, 0, _HEAD_OF_ROOT) is not None and "xml:base" not in text
    data = BytesIO(_few_bases(shielded(mended(text))).encode("utf-8", "replace"))
    del text  # a long document is in memory often enough
    found = _library(data, "" if rss else url)
    version = str(found.get("version") or "")
    feed = found.get("feed") or {}
    where = _zone(zone)
    head_read = read_head(feed, version, head, url, where)
    atom = version.startswith("atom")
    around = Around(
        atom=atom,
        url=url,
        base=strip_address(head_read.link) if not atom and is_address(head_read.link) else url,
        zone=where,
        authors=head_read.authors,
        language=head_read.language,
        rights=head_read.rights if atom else "",
    )
    items = tuple(read_entry(entry, around) for entry in found.get("entries", ()))
    if not version and (items or head_read.title):
        head_read = replace(head_read, version="rss")
    return Parsed(head_read, items), not found.get("bozo")


def _library(data: BytesIO, base: str) -> dict[str, Any]:
    """What feedparser makes of a document, whatever it is; never from a file or an address.

    It resolves addresses against ``base``, and leaves them alone if that is empty.
    """
    import feedparser

    # A driver that hardly any machine has is looked for in every folder at each document; expat is always there.
    feedparser.api.PREFERRED_XML_PARSERS.clear()
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": base}
    try:
        found: dict[str, Any] = feedparser.parse(
            data, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:
        raise FeedUnreadable(
            f"{base or 'the feed'}: the document cannot be read ({type(error).__name__}: {error}); ask its publisher to validate it"
        ) from error
    return found
