"""Turn a fetched document into readings with pure functions.

:func:`read_document` splits a document and parses its new entries, and
:func:`reparse_entry` parses a stored entry again. They use the settings of their process
(:func:`feeds.workers.ingest_tasks.begin`) and those of the source.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from feeds.identity import Sighting
from feeds.ingest.document_job import (
    LONGEST_ENTRY,
    DocumentJob,
    ParsedDocument,
    ReadDocument,
    is_refused,
    select_entries,
)
from feeds.item_keys import derive_keys
from feeds.item_names import date_fingerprint, list_names
from feeds.models import Enclosure, Item
from feeds.parser.feeds.document import Outline, UpstreamHead
from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_outline
from feeds.parser.feeds.splitter import join_entry, split_entries
from feeds.post_ids import derive_post_urn
from feeds.sanitizer.text import clean_author, compute_fingerprint
from feeds.sanitizer.unknown_elements import find_unknown_elements
from feeds.storage.packing import data_of, pack
from feeds.storage.records import Reading
from feeds.values.urls import has_login, is_address, is_same_document, strip_address
from feeds.workers.ingest_tasks import compress, decompress, get_rules, select_terms
from feeds.workers.task_types import EntrySettings

_AHEAD = timedelta(minutes=10)  # the clocks of servers differ
# Only in attributes: in text it is an example that its author wants to show.
_LOGIN = re.compile(r"=\s*+[\"']?+\s*+(?:https?:)?//[^/?#\s\"'<>\\@]*+@", re.IGNORECASE | re.ASCII)
_LONGEST_TEXT = 4_000  # characters; a longer text is not a title, name or address


def split_document(data: bytes, content_type: str) -> Outline:
    """Split a document into its entries without parsing them."""
    return split_entries(decode(data, content_type))


def parse_head(data: bytes, content_type: str, url: str) -> UpstreamHead | None:
    """Parse the head of a document; None if it is not a feed."""
    parts = split_document(data, content_type)
    if parts.kind == "none":
        return None
    first = replace(parts, entries=parts.entries[:1], digests=parts.digests[:1])
    head = parse_outline(first, url, "UTC").head
    return head if head.version else None


def parse_entries(
    parts: Outline, fresh: Sequence[int], url: str, settings: EntrySettings, now: datetime
) -> ParsedDocument:
    """Parse the entries with the indexes ``fresh`` of a document that was fetched from ``url``.

    Raises:
        FeedUnreadable: feedparser failed on the document.
    """
    chosen = replace(
        parts,
        entries=tuple(parts.entries[i] for i in fresh),
        digests=tuple(parts.digests[i] for i in fresh),
    )
    parsed = parse_outline(chosen, url, settings.zone)
    found: list[tuple[Item, bytes, bytes]] = []
    unreadable: list[bytes] = []
    # Its entries have no text of their own, so their digests are made from the parsed items.
    if parts.whole:
        found = [(item, _compute_digest(item), b"") for item in parsed.items]
    elif len(parsed.items) == len(fresh):
        found = [
            (item, parts.digests[i], join_entry(parts, i).encode("utf-8", "surrogatepass"))
            for item, i in zip(parsed.items, fresh, strict=True)
        ]
    else:
        # feedparser dropped or added items, so only parsing each entry alone shows which item belongs to it.
        for place, i in enumerate(fresh):
            alone = replace(chosen, entries=chosen.entries[place : place + 1])
            document = join_entry(parts, i).encode("utf-8", "surrogatepass")
            items = parse_outline(alone, url, settings.zone).items
            # A second item would have the same bytes and digest, and could not be distinguished later.
            found += [(item, parts.digests[i], document) for item in items[:1]]
            unreadable += [parts.digests[i]] if not items else []
    where = _Origin((url, settings.url), settings.link or parsed.head.link)
    readings = [
        _build_reading(item, digest, document, where, settings, now) for item, digest, document in found
    ]
    # Reversed, so that posts of one document appear in the order of their publication.
    return ParsedDocument(parsed.head, tuple(readings[::-1]), tuple(unreadable))


def read_document(job: DocumentJob) -> ReadDocument:
    """Split a document and parse its entries; in a worker process.

    Raises:
        FeedUnreadable: feedparser failed on the document.
    """
    parts = split_document(job.data, job.content_type)
    if is_refused(parts):
        return ReadDocument(replace(parts, head=""), None)
    fresh = select_entries(parts, job.known)
    found = parse_entries(parts, fresh, job.url, job.settings, job.now)
    return ReadDocument(_drop_texts(parts, found), found)


def _drop_texts(parts: Outline, found: ParsedDocument) -> Outline:
    """Return the document without the texts that the account of its entries does not need: they would be copied."""
    numbers = Counter(parts.digests)
    entries = tuple(
        text if len(text) > LONGEST_ENTRY or numbers[digest] > 1 or digest in found.unreadable else ""
        for text, digest in zip(parts.entries, parts.digests, strict=True)
    )
    return replace(parts, head="", entries=entries)


def reparse_entry(stored: bytes, digest: bytes, settings: EntrySettings, now: datetime) -> Reading | None:
    """Parse a stored entry again after a setting has changed; None if only its body is stored.

    Raises:
        FeedUnreadable: feedparser failed on the document.
    """
    # The address is needed again to resolve relative links.
    url, _, document = data_of(decompress(stored)).partition(b"\n")
    if not document:
        return None
    address = url.decode("utf-8", "replace")
    parts = split_entries(document.decode("utf-8", "surrogatepass"))
    parsed = parse_outline(parts, address, settings.zone)
    where = _Origin((address, settings.url), settings.link or parsed.head.link)
    return _build_reading(parsed.items[0], digest, document, where, settings, now) if parsed.items else None


def _compute_digest(item: Item) -> bytes:
    return hashlib.sha256(repr(item).encode("utf-8", "surrogatepass")).digest()[:16]


def _shorten_texts(item: Item) -> Item:
    """Shorten the short texts of an item: a title of megabytes would be copied into every document."""
    texts = (
        item.guid,
        item.title,
        item.address,
        item.rights,
        *_iterate_texts(item.authors),
        *_iterate_texts(item.extras),
    )
    # The usual case, without a copy of the item.
    if all(len(text) <= _LONGEST_TEXT for text in (*texts, *_iterate_texts(item.enclosures))):
        return item
    # A long guid still has to identify the item, so its digest replaces it.
    mark = hashlib.sha256(item.guid.encode()).hexdigest()
    return item._replace(
        guid=item.guid if len(item.guid) <= _LONGEST_TEXT else mark,
        title=_truncate(item.title),
        address=item.address if len(item.address) <= _LONGEST_TEXT else "",
        authors=tuple(map(_truncate, item.authors)),
        rights=_truncate(item.rights),
        extras=tuple(
            value for value in item.extras if all(len(t) <= _LONGEST_TEXT for t in _iterate_texts(value))
        ),
        enclosures=tuple(value for value in item.enclosures if len(value.url + value.type) <= _LONGEST_TEXT),
    )


def _truncate(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT].rstrip() + "…"


def _iterate_texts(values: tuple[Any, ...]) -> Iterator[str]:
    """Yield the texts in nested tuples and enclosures."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Enclosure):
            yield value.url + value.type
        elif isinstance(value, tuple):
            yield from _iterate_texts(value)


@dataclass(frozen=True, slots=True)
class _Origin:
    """The addresses that entries come from."""

    documents: tuple[str, ...]
    """Addresses of the document: the first fetched, and the configured. They may hold a secret."""
    pages: str
    """Address of the feed's website, or empty."""

    def filter_page(self, address: str) -> str:
        """Return the address of a page; empty for the document itself, which is not a page for people."""
        own = any(is_same_document(address, document) for document in self.documents)
        return "" if own else address

    def is_secret(self, guid: str) -> bool:
        """Return whether a guid holds a password, or the query of the document, which may be a secret."""
        # Some feeds use their own address as the guid of entries, with the key of its subscriber.
        return has_login(guid) or ("?" in guid and not self.filter_page(guid))

    def without_own(self, item: Item) -> Item:
        """Return the item without the document's own address, to which an empty link resolves."""
        bare = _Origin(tuple(map(strip_address, self.documents)), "")
        address, permalink = (
            bare.filter_page(self.filter_page(url)) for url in (item.address, item.permalink)
        )
        return item._replace(address=address, permalink=permalink)


def _build_reading(
    item: Item, digest: bytes, document: bytes, where: _Origin, settings: EntrySettings, now: datetime
) -> Reading:
    item = where.without_own(_shorten_texts(item.remove_nul()))
    # A date in the future would keep a post on top of every feed, so it counts as missing.
    stated = [date if date and date <= now + _AHEAD else None for date in (item.published, item.updated)]
    sighting = _build_sighting(item, stated[0], stated[1], digest, where, settings, now)
    return Reading(
        path=sighting.item,
        size=len(document),
        mtime=0,
        digest=digest,
        outcome="item",
        sighting=sighting,
        document=compress(pack(item, where.documents[0].encode() + b"\n" + document if document else b"")),
        guessed=sighting.published is None,
        dropped=len(find_unknown_elements(item.body)),
        logins=_count_logins(item),
    )


def _count_logins(item: Item) -> int:
    """Count the addresses with a user name, which is removed where they are published."""
    addresses = (item.address, *(enclosure.url for enclosure in item.enclosures))
    return sum(map(has_login, addresses)) + (len(_LOGIN.findall(item.body)) if "@" in item.body else 0)


def _compute_text(item: Item) -> str:
    """Compute the fingerprint of text and media; addresses of media often have a new query at each fetch."""
    media = " ".join(enclosure.url.partition("?")[0] for enclosure in item.enclosures)
    return compute_fingerprint("", f"{item.body}\n{media}" if media else item.body)


def _build_sighting(
    item: Item,
    published: datetime | None,
    updated: datetime | None,
    digest: bytes,
    where: _Origin,
    settings: EntrySettings,
    now: datetime,
) -> Sighting:
    categories, tags = select_terms(item, settings.categories, settings.own_terms)
    # Relative links of an entry are resolved against its page, the best known address first.
    pages = (item.permalink, where.filter_page(item.guid), where.filter_page(where.pages))
    page = next((url for url in pages if is_address(url)), "")
    sighting = Sighting(
        number=0,
        source=settings.name,
        rank=settings.rank,
        item="",
        place="",
        strong="",
        weak=frozenset(),
        own=frozenset(),
        title=item.title,
        link=item.address,
        page=page,
        authors=tuple(name for author in item.authors if (name := clean_author(author))),
        # Some feeds state only the date of the last change.
        published=published or updated,
        updated=updated,
        guess=now.replace(microsecond=0),
        categories=categories,
        tags=tags,
        length=len(item.body),
        guid=item.guid,
        fixed_id=derive_post_urn(f"guid:{settings.name}:{item.guid}") if where.is_secret(item.guid) else "",
        language=item.language,
        digest=digest,
        text=_compute_text(item),
        merges_terms=settings.merge_terms,
    )
    return _add_keys(sighting, compute_fingerprint(item.title, item.body))


def _add_keys(sighting: Sighting, text: str) -> Sighting:
    """Name an entry by what it states, and derive its keys; other entries of the document may change the name."""
    name = list_names(sighting)[0]
    dated = date_fingerprint(text, sighting.published)
    keys = derive_keys(sighting.source, name, sighting.guid, sighting.link, get_rules(), lambda: dated)
    # Earlier versions made the key without the date, and published ids are derived from it.
    former = f"text:{text}" if keys.weak == {f"text:{dated}"} and dated != text and not keys.strong else ""
    return sighting._replace(item=name, strong=keys.strong, weak=keys.weak, own=keys.weak, former=former)
