"""Parse upstream documents of every format to their metadata and items. Only this module imports feedparser.

feedparser gets a harmless form of each document, prepared by :mod:`feeds.parser.feeds.encoding`: UTF-8, without a document
type and without entities. :mod:`feeds.parser.feeds.feedparser_workarounds` renames elements that feedparser would change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feeds.errors import FeedUnreadable
from feeds.models import Item
from feeds.parser.feeds.channel import read_head
from feeds.parser.feeds.document import Outline, UpstreamHead
from feeds.parser.feeds.encoding import repair_xml
from feeds.parser.feeds.entry import EntryContext, read_entry
from feeds.parser.feeds.feedparser_workarounds import is_rss, protect_elements
from feeds.parser.feeds.json_feed import parse_json
from feeds.parser.feeds.namespaces import use_standard_prefixes
from feeds.parser.feeds.splitter import join_entries, join_entry, split_entries
from feeds.values.urls import is_address, strip_address

# Entries that feedparser parses at a time: it keeps its values of all of them in memory.
_PIECE = 200
_TERM = re.compile(
    r"<((?:[A-Za-z_][\w.\-]*:)?(?:category|subject))\b[^<>]*+(?:(?<=/)>|>[^<>]*+(?:</\1\s*>)?)", re.IGNORECASE
)
_MANY_TAGS = 1_000
_MOST_TAGS = 500_000
"""Tags that feedparser parses in five seconds, at 10 microseconds each."""
# feedparser compares each term with all before it, in quadratic time.
_MOST_TERMS = 500
_BASE = re.compile(r"""(?<=\s)xml:base\s*=\s*(?:"([^"<]*+)"|'([^'<]*+)')""")
# Length of all relative bases together. Nested bases resolve against each other, so each makes the next longer.
_LONGEST_BASE = 5_000


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed upstream document."""

    head: UpstreamHead
    """``head.version`` is empty if the document is not a feed."""
    items: tuple[Item, ...]


def parse_upstream(text: str, url: str, zone: str) -> Parsed:
    """Parse a document in RSS 0.90 to 2.0, RDF, Atom 0.3 or 1.0, CDF or JSON Feed.

    A malformed document is parsed as far as possible.

    Args:
        text: The document, decoded.
        url: Where it came from, for relative addresses.
        zone: Name of the time zone of dates without an offset.

    Raises:
        FeedUnreadable: feedparser failed, or would take too long.
    """
    return parse_outline(split_entries(text), url, zone)


def parse_outline(parts: Outline, url: str, zone: str) -> Parsed:
    """Parse a document that was already split; see :func:`parse_upstream`."""
    url = strip_address(url)
    if parts.kind == "json":
        return Parsed(*parse_json(join_entries(parts, range(len(parts.entries))), url, _load_zone(zone)))
    if parts.kind == "none":
        return Parsed(UpstreamHead(), ())
    # feedparser cannot be interrupted inside a document, so the bound is checked before.
    if sum(map(_count_tags, (parts.head, *parts.entries))) > _MOST_TAGS:
        raise FeedUnreadable(
            f"{url}: the document has more than {_MOST_TAGS} tags; ask its publisher for a shorter one"
        )
    if parts.whole:
        return _parse_xml(_limit_terms(parts.entries[0], 10 * _MOST_TERMS), parts.entries[0], url, zone)[0]
    return _parse_in_pieces(parts, url, zone)


def _parse_in_pieces(parts: Outline, url: str, zone: str) -> Parsed:
    """Parse the entries in batches, which bounds the memory of feedparser for a long document."""
    # The head is limited in two parts, because entries are inserted between them.
    before, after = _limit_terms(parts.head[: parts.gap]), _limit_terms(parts.head[parts.gap :])
    entries = tuple(map(_limit_terms, parts.entries))
    parts = replace(parts, head=before + after, gap=len(before), entries=entries)
    count = len(parts.entries)
    # Every batch repeats the head. A long head makes the batches larger, so that all heads together are at most as
    # long as the entries.
    pieces = max(1, sum(map(len, parts.entries)) // (len(parts.head) + 1))
    size = max(_PIECE, -(-count // pieces))
    head = UpstreamHead()
    items: list[Item] = []
    for start in range(0, max(count, 1), size):
        indexes = range(start, min(start + size, count))
        found, strict = _parse_xml(join_entries(parts, indexes), parts.head, url, zone)
        # A malformed entry may hide others of its batch.
        if not strict and 1 < len(indexes) <= _PIECE:
            found = _parse_one_by_one(parts, indexes, found, url, zone)
        # Every batch has the same head, so that of the first is enough.
        head = found.head if start == 0 else head
        items += found.items
    return Parsed(head, tuple(items))


def _count_tags(text: str) -> int:
    """Return how many tags feedparser has to parse; tags in CDATA sections are text."""
    count = text.count("<")
    position = 0 if count > _MANY_TAGS else len(text)
    while (start := text.find("<![CDATA[", position)) >= 0 and (end := text.find("]]>", start)) >= 0:
        count -= text.count("<", start, end)
        position = end
    return count


def _limit_terms(entry: str, most: int = _MOST_TERMS) -> str:
    """Return the entry with its first categories, far more than the program uses."""
    if entry.count("category") + entry.count("subject") <= most:
        return entry
    left = most

    def keep(found: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        return found[0] if left >= 0 else ""

    return _TERM.sub(keep, entry)


def _limit_bases(text: str) -> str:
    """Return the document with all absolute ``xml:base`` attributes and the first relative bases, up to the limit."""
    if text.count("xml:base") < 2:
        return text
    left = _LONGEST_BASE

    def keep(found: re.Match[str]) -> str:
        nonlocal left
        value = found[1] or found[2] or ""
        left -= 0 if is_address(value) else len(value)
        return found[0] if left >= 0 or is_address(value) else ""

    return _BASE.sub(keep, text)


def _parse_one_by_one(parts: Outline, indexes: range, together: Parsed, url: str, zone: str) -> Parsed:
    """Parse each entry alone, so that a malformed entry hides no other.

    Returns:
        The result with more entries: each alone, or ``together``.
    """
    items: list[Item] = []
    for index in indexes:
        items += _parse_xml(join_entry(parts, index), parts.head, url, zone)[0].items
    return replace(together, items=tuple(items)) if len(items) >= len(together.items) else together


def _load_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _parse_xml(text: str, head: str, url: str, zone: str) -> tuple[Parsed, bool]:
    """Parse a document; return the result and whether the document is well-formed."""
    # RSS does not define the base of relative addresses, so they stay relative here and resolve against the site
    # later. With xml:base the base is defined, and feedparser resolves them.
    rss = is_rss(head) and "xml:base" not in text
    data = BytesIO(
        _limit_bases(protect_elements(use_standard_prefixes(repair_xml(text)))).encode("utf-8", "replace")
    )
    # Release the text: other copies of a long document are in memory already.
    del text
    found = _run_feedparser(data, "" if rss else url)
    version = str(found.get("version") or "")
    feed = found.get("feed") or {}
    where = _load_zone(zone)
    head_read = read_head(feed, version, head, url, where)
    atom = version.startswith("atom")
    context = EntryContext(
        atom=atom,
        url=url,
        base=strip_address(head_read.link) if not atom and is_address(head_read.link) else url,
        zone=where,
        authors=head_read.authors,
        language=head_read.language,
        rights=head_read.rights if atom else "",
    )
    items = tuple(read_entry(entry, context) for entry in found.get("entries", ()))
    # A feed without a root that feedparser knows is still a feed if it has entries.
    if not version and (items or head_read.title):
        head_read = replace(head_read, version="rss")
    return Parsed(head_read, items), not found.get("bozo")


def _run_feedparser(data: BytesIO, base: str) -> dict[str, Any]:
    """Run feedparser on a document.

    The bytes come as a stream, because feedparser would open a string as a file or fetch it as an address.

    Args:
        data: The document in UTF-8.
        base: Address that relative addresses resolve against; if empty, they stay relative.

    Raises:
        FeedUnreadable: feedparser failed.
    """
    import feedparser

    # feedparser would search all folders for another XML driver at each document. Python always has expat.
    feedparser.api.PREFERRED_XML_PARSERS.clear()
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": base}
    try:
        found: dict[str, Any] = feedparser.parse(
            data, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    # feedparser raises any kind of error on malformed documents.
    except Exception as error:
        raise FeedUnreadable(
            f"{base or 'the feed'}: the document cannot be read ({type(error).__name__}: {error}); ask its publisher to validate it"
        ) from error
    return found
