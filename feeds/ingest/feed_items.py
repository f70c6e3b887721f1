"""What happens to a document that was polled: from bytes to readings, the pure steps joined.

:func:`cut` looks at a document fast, :func:`understand` parses the entries that nobody knows yet and
:func:`understand_kept` one that was kept. They know the settings of their process
(:func:`feeds.workers.ingest_tasks.begin`) and those of the source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from feeds.identity import Sighting, derive_keys
from feeds.models import Enclosure, Item
from feeds.parser.feeds.channel import UpstreamHead
from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_outline
from feeds.parser.feeds.splitter import Outline, outline, single
from feeds.post_ids import derive_post_urn
from feeds.sanitizer.text import clean_author, fingerprint
from feeds.storage.payload import data_of, pack
from feeds.storage.records import Reading
from feeds.values.urls import canonicalise, is_address, is_root, is_same_document, strip_address
from feeds.workers.ingest_tasks import compress, decompress, rules, terms_of
from feeds.workers.task_types import EntrySettings

_AHEAD = timedelta(minutes=10)  # clocks differ
_LONGEST_TEXT = 4_000  # characters; what is longer is no title, name or address


@dataclass(frozen=True, slots=True)
class Understood:
    """A document, understood as far as it was not known."""

    head: UpstreamHead
    readings: tuple[Reading, ...]
    """Of the new entries, oldest first: an upstream puts the newest on top."""


def cut(data: bytes, content_type: str) -> Outline:
    """The fast look at a document: its entries, unread."""
    return outline(decode(data, content_type), content_type)


def understand(
    parts: Outline, fresh: Sequence[int], url: str, settings: EntrySettings, now: datetime
) -> Understood:
    """Parse the entries ``fresh`` of a document that came from ``url``.

    Raises:
        FeedUnreadable: the library gave up on the document.
    """
    chosen = replace(
        parts,
        entries=tuple(parts.entries[i] for i in fresh),
        digests=tuple(parts.digests[i] for i in fresh),
    )
    parsed = parse_outline(chosen, url, settings.zone)
    found: list[tuple[Item, bytes, bytes]] = []
    if parts.whole:
        found = [(item, _digest(item), b"") for item in parsed.items]
    elif len(parsed.items) == len(fresh):
        found = [
            (item, parts.digests[i], single(parts, i).encode("utf-8", "surrogatepass"))
            for item, i in zip(parsed.items, fresh, strict=True)
        ]
    else:
        for place, i in enumerate(fresh):
            one = replace(chosen, entries=chosen.entries[place : place + 1])
            document = single(parts, i).encode("utf-8", "surrogatepass")
            items = parse_outline(one, url, settings.zone).items
            found += [(item, parts.digests[i], document) for item in items[:1]]
    where = _Place((url, settings.url), settings.link or parsed.head.link)
    readings = [_reading(item, digest, document, where, settings, now) for item, digest, document in found]
    return Understood(parsed.head, tuple(_once(readings))[::-1])


def join_understood(found: Sequence[Understood]) -> Understood:
    """A document that was understood in pieces, in their order; the first one has the head."""
    readings = [reading for one in found for reading in one.readings[::-1]]
    return Understood(found[0].head, tuple(_once(readings))[::-1])


def understand_kept(payload: bytes, digest: bytes, settings: EntrySettings, now: datetime) -> Reading | None:
    """The same for a kept payload, after a setting has changed; None if only its body was kept.

    Raises:
        FeedUnreadable: the library gave up on the document.
    """
    url, _, document = data_of(decompress(payload)).partition(b"\n")
    if not document:
        return None
    address = url.decode("utf-8", "replace")
    parts = outline(document.decode("utf-8", "surrogatepass"))
    parsed = parse_outline(parts, address, settings.zone)
    where = _Place((address, settings.url), settings.link or parsed.head.link)
    return _reading(parsed.items[0], digest, document, where, settings, now) if parsed.items else None


def clashes(entries: Collection[tuple[str, str]]) -> set[str]:
    """The addresses, as keys, that entries with different guids in one document share (rule 3).

    ``entries`` are guid and address of each.
    """
    guids: dict[str, str] = {}
    found = set()
    for guid, address in entries:
        url = canonicalise(address) if guid and address and not is_root(address) else ""
        if url and guids.setdefault(url, guid) != guid:
            found.add("url:" + url)
    return found


def _once(readings: Sequence[Reading]) -> list[Reading]:
    """Each item once: what stands first in a document is its newest version."""
    return list({reading.path: reading for reading in reversed(readings)}.values())[::-1]


def _digest(item: Item) -> bytes:
    return hashlib.sha256(repr(item).encode("utf-8", "surrogatepass")).digest()[:16]


def _bounded(item: Item) -> Item:
    """The item with its short texts short: megabytes of title would stand in every document."""
    texts = (item.guid, item.title, item.address, item.rights, *_leaves(item.authors), *_leaves(item.extras))
    if all(len(text) <= _LONGEST_TEXT for text in (*texts, *_leaves(item.enclosures))):
        return item
    mark = hashlib.sha256(item.guid.encode()).hexdigest()
    return item._replace(
        guid=item.guid if len(item.guid) <= _LONGEST_TEXT else mark,
        title=_cut(item.title),
        address=item.address if len(item.address) <= _LONGEST_TEXT else "",
        authors=tuple(map(_cut, item.authors)),
        rights=_cut(item.rights),
        extras=tuple(one for one in item.extras if all(len(t) <= _LONGEST_TEXT for t in _leaves(one))),
        enclosures=tuple(one for one in item.enclosures if len(one.url + one.type) <= _LONGEST_TEXT),
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT].rstrip() + "…"


def _leaves(values: tuple[Any, ...]) -> Iterator[str]:
    """The texts in nested tuples and enclosures."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Enclosure):
            yield value.url + value.type
        elif isinstance(value, tuple):
            yield from _leaves(value)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where entries come from."""

    documents: tuple[str, ...]
    """Addresses of the document: that it came from first, and that it was asked at. They may hold a key."""
    pages: str
    """Address of the feed's pages, or empty."""

    def page(self, address: str) -> str:
        """The address of a page; empty for the document itself, which nobody can read."""
        own = any(is_same_document(address, document) for document in self.documents)
        return "" if own else address

    def tells_key(self, guid: str) -> bool:
        """Whether a guid holds the query of the document, which may be a key."""
        return "?" in guid and not self.page(guid)

    def without_own(self, item: Item) -> Item:
        """The item without the address of the document, which is what an empty link means, as that of its page."""
        bare = _Place(tuple(map(strip_address, self.documents)), "")
        address, permalink = (bare.page(self.page(one)) for one in (item.address, item.permalink))
        return item._replace(address=address, permalink=permalink)


def _reading(
    item: Item, digest: bytes, document: bytes, where: _Place, settings: EntrySettings, now: datetime
) -> Reading:
    item = where.without_own(_bounded(item))
    stated = [date if date and date <= now + _AHEAD else None for date in (item.published, item.updated)]
    said = _sighting(item, stated[0], stated[1], digest, where, settings, now)
    return Reading(
        path=said.item,
        size=len(document),
        mtime=0,
        digest=digest,
        outcome="item",
        sighting=said,
        document=compress(pack(item, where.documents[0].encode() + b"\n" + document if document else b"")),
        guessed=said.published is None,
    )


def _bare(item: Item) -> str:
    """What tells an item apart that has no text: its title, its media, its date."""
    media = " ".join(one.url for one in item.enclosures)
    return fingerprint(item.title, item.title or media or str(item.published or item.updated or ""))


def _sighting(
    item: Item,
    published: datetime | None,
    updated: datetime | None,
    digest: bytes,
    where: _Place,
    settings: EntrySettings,
    now: datetime,
) -> Sighting:
    def text() -> str:
        return fingerprint(item.title, item.body)

    address = canonicalise(item.address) if item.address and not is_root(item.address) else ""
    name = (
        f"id:{item.guid}" if item.guid else f"url:{address}" if address else f"text:{text() or _bare(item)}"
    )
    keys = derive_keys(settings.name, name, item.guid, item.address, rules(), text)
    categories, tags = terms_of(item, settings.categories, settings.own_terms)
    pages = (item.permalink, where.page(item.guid), where.page(where.pages))
    page = next((one for one in pages if is_address(one)), "")
    return Sighting(
        number=0,
        source=settings.name,
        rank=settings.rank,
        item=name,
        place="",
        strong=keys.strong,
        weak=keys.weak,
        own=keys.weak,
        title=item.title,
        link=item.address,
        page=page,
        authors=tuple(name for one in item.authors if (name := clean_author(one))),
        published=published or updated,
        updated=updated,
        guess=now.replace(microsecond=0),
        categories=categories,
        tags=tags,
        length=len(item.body),
        guid=item.guid,
        fixed_id=derive_post_urn(f"guid:{settings.name}:{item.guid}") if where.tells_key(item.guid) else "",
        language=item.language,
        digest=digest,
    )
