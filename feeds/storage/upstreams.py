"""Read and write the state of upstream feeds: due time, last outcome, known entries and held hosts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from feeds.identity import ENTRY_KEYS, Sighting
from feeds.item_names import rename_entry
from feeds.storage.bodies import NO_BODY, load_bodies
from feeds.storage.entry_window import link_renamed_entries, load_window, store_window
from feeds.storage.left_out import LeftOut, load_rejected_digests, store_left_out
from feeds.storage.neighbourhood import Change, load_blocked_keys, load_keys
from feeds.storage.posts import recompute_posts
from feeds.storage.records import Circumstances, Context, Reading
from feeds.storage.serialization import read_sighting
from feeds.storage.sightings import SourceBatch, write_batches
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import apply_tombstones


@dataclass(frozen=True, slots=True)
class UpstreamRow:
    """The stored state of an upstream feed between two polls. Times are seconds since 1970."""

    state: str
    """JSON of the fetch state."""
    head: dict[str, Any]
    """The metadata of the feed: id, title, link, hubs, and its hints when to poll."""
    due: int
    decided_by: str
    polled: int | None
    outcome: str
    reason: str


def load_upstreams(db: Database) -> dict[str, UpstreamRow]:
    """Load every upstream feed that was polled, by the name of its source."""
    return {
        name: UpstreamRow(state, json.loads(head), *rest)
        for name, state, head, *rest in db.rows("upstreams_all")
    }


class PollResult(NamedTuple):
    """The state of an upstream feed after a response. Times are seconds since 1970."""

    source: int
    """Number of the source."""
    state: str
    """JSON of the fetch state."""
    due: int
    decided_by: str
    polled: int
    outcome: str
    reason: str
    head: Mapping[str, Any] | None = None
    """The new metadata of the feed; None if they stay."""
    document: bytes = b""
    """The new version of a list of upstream feeds; empty for feeds."""


def save_polls(db: Database, polls: Iterable[PollResult]) -> None:
    """Store the state of upstream feeds and lists after responses without new entries."""
    with db.transaction():
        for poll in polls:
            _put_poll(db, poll)


def _put_poll(db: Database, poll: PollResult) -> None:
    db.run("upstream_put", poll._asdict())
    if poll.head is not None:
        db.run("upstream_head", (json.dumps(poll.head, ensure_ascii=False), poll.source))
    if poll.document:
        db.run("upstream_list", (poll.document, poll.source))


@dataclass(frozen=True, slots=True)
class KnownEntries:
    """What the store has of the entries of a document, read before the document is parsed."""

    entries: Sequence[Sighting]
    """The entries that are stored unchanged."""
    rejected: Collection[bytes]
    """Digests of the entries that were rejected before."""
    removed: Collection[str]
    """Items of the source that were removed: their old document must not bring them back."""
    blocked: frozenset[str]


def load_known_digests(db: Database, source: int, *, rejected: bool) -> frozenset[bytes]:
    """Load the digests of the entries of the last document of a source, with ``rejected`` also of rejected entries."""
    rows = db.rows("window_digests", {"source": source})
    rows += db.rows("rejected_digests", (source,)) if rejected else []
    return frozenset(row[0] for row in rows)


def find_known_entries(
    db: Database, sources: dict[int, tuple[str, int]], source: int, digests: Collection[bytes]
) -> KnownEntries:
    """Find the stored entries of a source that have one of these digests, unchanged."""
    # Equal bytes need no parsing, and most entries of a document were in the last document too.
    db.scope(digests)
    rows = db.rows("sightings_of_digests", (source,))
    rejected = load_rejected_digests(db, source, digests)
    keys = load_keys(db, [row[0] for row in rows])
    return KnownEntries(
        [read_sighting(row, sources, *keys[row[0]]) for row in rows],
        rejected,
        {row[0] for row in db.rows("sightings_gone", (source,))},
        load_blocked_keys(db),
    )


def rename_items(db: Database, entries: Collection[tuple[Sighting, str]]) -> None:
    """Give stored entries other names, unless a name is taken. Call it inside a transaction."""
    for entry, name in entries:
        renamed = rename_entry(entry, name)
        # The statement does nothing where the name is taken, and the keys must then stay too.
        if db.run("entry_rename", {"item": name, "id": entry.number}).rowcount:
            db.many("sighting_key_drop", [(key, entry.number) for key in entry.own - renamed.own])
            db.many("sighting_key_put", [(key, entry.number, True) for key in renamed.own - entry.own])


def find_known_items(db: Database, source: int, items: Iterable[str]) -> frozenset[str]:
    """Return those of these items that are stored for a source, also removed items."""
    db.scope(items)
    return frozenset(row[0] for row in db.rows("items_of_source", (source,)))


def count_entries(db: Database) -> dict[int, int]:
    """Count the items of each source, by its number."""
    return dict(db.rows("sighting_counts"))


class StoredEntry(NamedTuple):
    """An entry as it was read, to parse it again. ``document`` is empty if only its body is stored."""

    number: int
    item: str
    digest: bytes
    document: bytes


def load_entries_after(db: Database, source: int, number: int) -> list[StoredEntry]:
    """Load some entries of a source whose number is higher than ``number``; empty at the end."""
    rows = db.rows("sightings_kept", (source, number))
    bodies = load_bodies(db, (row[0] for row in rows))
    return [
        StoredEntry(number, item, digest, bodies.get(number, NO_BODY).document)
        for number, item, digest in rows
    ]


def load_history_position(db: Database, source: int) -> str:
    """Load the position in the history of an upstream feed; empty if none is stored."""
    return db.value("upstream_past", (source,)) or ""


def save_history_position(db: Database, source: int, position: str) -> None:
    """Store the position in the history of an upstream feed."""
    with db.transaction():
        db.run("upstream_past_put", (source, position))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUpdate:
    """What a document of an upstream feed changes; decided before the transaction that stores it."""

    readings: Sequence[Reading]
    """Its new entries."""
    renamed: Collection[tuple[Sighting, str]]
    """Stored entries whose name another entry has too, each with its other name."""
    blocked: Collection[str]
    """Keys that the document blocks (identity rule 3, docs/reference/identity.md)."""
    digests: Collection[bytes] = ()
    """Digests of all entries of the document; empty for a document of the history."""
    present: Collection[str] = ()
    """The items of the document that are stored unchanged."""
    window: Collection[str] = ()
    """All items of the document."""
    left_out: Sequence[LeftOut] = ()
    """Entries that became no item."""
    withdrawn: Collection[str] = ()
    """Guids of entries that the document withdraws (RFC 6721)."""
    poll: PollResult | None = None
    """The state for the next poll; None for a document of the history."""
    head: Mapping[str, Any] | None = None
    """The metadata of the feed, for the next poll."""
    settings: str = ""
    """Digest of the settings with which its entries were parsed."""
    position: str = ""
    """The position in the history; empty for the current document."""


class FeedCounts(NamedTuple):
    """How many entries of a document were new, changed a post, and were removed."""

    new: int
    changed: int
    removed: int
    renamed: int = 0
    """How many entries the feed has renamed."""
    window: int = 0
    """How many entries the document before had."""


def ingest_document(db: Database, context: Context, update: FeedUpdate) -> FeedCounts:
    """Store a document of an upstream feed in one transaction: its state, its entries and the posts."""
    source, removed = context.source, 0
    taken_back: set[str] = set()
    with db.transaction():
        before = load_blocked_keys(db)
        blocked = before | frozenset(update.blocked)
        rename_items(db, update.renamed)
        # Blocked before the entries are stored, so that no entry joins another by such a key.
        if blocked != before:
            block_keys(db, context.sources, blocked - before, context.now)
        # Tombstones come before the entries of the document, which may contain the same post again.
        if update.withdrawn:
            removed, taken_back = apply_tombstones(
                db, context.sources, source, update.withdrawn, context.now, blocked
            )
        if update.poll is not None:
            db.run("upstream_put", update.poll._asdict())
            store_left_out(db, source, update.digests, update.left_out)
            db.run("upstream_head", (json.dumps(update.head, ensure_ascii=False), source))
            now = context.now.isoformat("T", "seconds")
            db.run("source_settle", {"id": source, "settings": update.settings, "now": now})
        # With the entries in one transaction: after a kill the page is fetched again, not skipped.
        if update.position:
            db.run("upstream_past_put", (source, update.position))
        readings, renamed, window = update.readings, 0, 0
        if update.poll is not None:
            # An entry that the feed has taken back by a tombstone is not renamed.
            present = {*update.present, *update.window, *taken_back}
            # The address is better evidence than the content, so it is compared first.
            readings = _match_replaced_items(db, source, update, blocked)
            before_window = load_window(db, source)
            readings = link_renamed_entries(db, context.sources, source, readings, before_window - present)
            renamed = sum(reading.renamed for reading in readings)
            window = len(before_window)
            store_window(db, source, before_window, update.window)
            _put_keys_version(db, source, ENTRY_KEYS)
        counts = write_batches(db, [SourceBatch(context, readings)], blocked)
    return FeedCounts(counts.new, counts.changed, removed, renamed, window)


def _match_replaced_items(
    db: Database, source: int, update: FeedUpdate, blocked: Collection[str]
) -> list[Reading]:
    """Link each reading whose guid alone has changed to the item that it replaces."""
    readings = update.readings
    addresses = {
        key: reading.path
        for reading in readings
        if reading.sighting
        for key in reading.sighting.own
        if key.startswith("url:") and key not in blocked
    }
    present = {*update.present, *(reading.path for reading in readings)}
    replaced = find_renamed_items(db, source, addresses, present)
    return [
        reading._replace(replaces=replaced[reading.path]) if reading.path in replaced else reading
        for reading in readings
    ]


def find_renamed_items(
    db: Database, source: int, wanted: Mapping[str, str], present: Collection[str]
) -> dict[str, str]:
    """Find the stored item of each new item whose guid changed, by its address.

    Args:
        db: The store.
        source: Number of the source.
        wanted: Maps the address key of each new item to the item.
        present: The items of the same document, which are different items.
    """
    if not wanted:
        return {}
    db.scope(wanted)
    found: dict[str, set[str]] = {}
    for key, item in db.rows("sightings_of_source_keys", (source,)):
        found.setdefault(wanted[key], set()).add(item)
    return {
        item: next(iter(others))
        for item, known in found.items()
        # Only a single candidate is safe: two entries may share the address of a page.
        if item not in known and len(others := known - set(present)) == 1
    }


def block_keys(
    db: Database, sources: dict[int, tuple[str, int]], keys: Collection[str], now: datetime
) -> None:
    """Block keys for good and split the posts that they joined. Call it inside a transaction.

    Implements identity rule 3 (docs/reference/identity.md).
    """
    db.many("burnt_add", [(key,) for key in keys])
    db.many("ledger_put", [("burnt", key, "") for key in keys])
    db.scope(keys)
    numbers = [row[0] for row in db.rows("sightings_with_keys")]
    recompute_posts(db, sources, numbers, Change(Circumstances(False, now, load_blocked_keys(db), None)))


def load_keys_version(db: Database, source: int) -> int:
    """Load the number of the rule that made the keys of the stored entries of a source; 0 before there was a number."""
    return int(db.value("meta_get", (f"entry_keys_{source}",)) or 0)


def save_keys_version(db: Database, source: int, version: int, state: str) -> None:
    """Store the number of the rule that made the keys of the entries, and the fetch state of the source."""
    with db.transaction():
        _put_keys_version(db, source, version)
        db.run("upstream_state", (state, source))


def _put_keys_version(db: Database, source: int, version: int) -> None:
    db.run("meta_put", (f"entry_keys_{source}", str(version)))


def load_held_hosts(db: Database) -> dict[str, datetime]:
    """Load until when each host must not be requested."""
    return {name: datetime.fromisoformat(until) for name, until in db.rows("hosts_held")}


def hold_hosts(db: Database, holds: Mapping[str, datetime]) -> None:
    """Store until when each host must not be requested; replaces what was stored."""
    with db.transaction():
        # The table is small, so replacing it is simpler than comparing.
        db.run("hosts_drop")
        db.many("host_put", [(name, until.isoformat()) for name, until in holds.items()])
