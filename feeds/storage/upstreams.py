"""Read and write the state of upstream feeds: due time, last outcome, known entries and held hosts."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeds.identity import Sighting
from feeds.item_names import rename_entry
from feeds.storage.neighbourhood import Change, load_keys
from feeds.storage.posts import recompute_posts
from feeds.storage.records import Circumstances
from feeds.storage.serialization import read_sighting
from feeds.storage.sqlite import Database


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


def find_known_entries(
    db: Database, sources: dict[int, tuple[str, int]], source: int, digests: Collection[bytes]
) -> list[Sighting]:
    """Find the stored entries of a source that have one of these digests, unchanged."""
    db.scope(digests)
    rows = db.rows("sightings_of_digests", (source,))
    keys = load_keys(db, [row[0] for row in rows])
    return [read_sighting(row, sources, *keys[row[0]]) for row in rows]


def rename_items(db: Database, entries: Collection[tuple[Sighting, str]]) -> None:
    """Give stored entries other names, unless a name is taken. Call it inside a transaction."""
    for entry, name in entries:
        renamed = rename_entry(entry, name)
        if db.run("entry_rename", {"item": name, "id": entry.number}).rowcount:
            db.many("sighting_key_drop", [(key, entry.number) for key in entry.own - renamed.own])
            db.many("sighting_key_put", [(key, entry.number, True) for key in renamed.own - entry.own])


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
    blocked = frozenset(row[0] for row in db.rows("burnt_all"))
    recompute_posts(db, sources, numbers, Change(Circumstances(False, now, blocked, None)))


def load_held_hosts(db: Database) -> dict[str, datetime]:
    """Load until when each host must not be requested."""
    return {name: datetime.fromisoformat(until) for name, until in db.rows("hosts_held")}


def hold_hosts(db: Database, holds: Mapping[str, datetime]) -> None:
    """Store until when each host must not be requested; replaces what was stored."""
    with db.transaction():
        db.run("hosts_drop")
        db.many("host_put", [(name, until.isoformat()) for name, until in holds.items()])
