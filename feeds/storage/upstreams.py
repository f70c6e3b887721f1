"""What the store knows of upstreams: when each is due, how it fared, and which of its entries are known."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from feeds.storage.posts import Change, resettle
from feeds.storage.records import Circumstances
from feeds.storage.sqlite import Database


@dataclass(frozen=True, slots=True)
class UpstreamRow:
    """An upstream between two polls; times in seconds since 1970."""

    state: str
    """JSON of the fetch state."""
    head: dict[str, Any]
    """What the feed says of itself: id, title, link, hubs, and hints when to ask."""
    due: int
    decided_by: str
    polled: int | None
    outcome: str
    reason: str


def upstreams(db: Database) -> dict[str, UpstreamRow]:
    """Every upstream that was polled, by the name of its source."""
    return {
        name: UpstreamRow(state, json.loads(head), *rest)
        for name, state, head, *rest in db.rows("upstreams_all")
    }


@dataclass(frozen=True, slots=True)
class KnownEntries:
    """Which entries of a document are known already."""

    digests: frozenset[bytes]
    items: frozenset[str]
    addresses: tuple[tuple[str, str], ...]
    """Guid and address of each."""


def known_entries(db: Database, source: int, digests: Collection[bytes]) -> KnownEntries:
    """Those of the entries with these digests that are known, as they stand."""
    db.scope(digests)
    rows = db.rows("sightings_of_digests", (source,))
    values = [json.loads(row[2]) for row in rows]
    return KnownEntries(
        frozenset(row[0] for row in rows),
        frozenset(row[1] for row in rows),
        tuple((value[10], value[1]) for value in values),
    )


def renamed_items(
    db: Database, source: int, wanted: Mapping[str, str], present: Collection[str]
) -> dict[str, str]:
    """For each new item the known one that it is under another guid, by its address.

    Args:
        db: The store.
        source: Number of the source.
        wanted: Address key of each new item to the item.
        present: Items of the same document: those are others.
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


def burn(db: Database, sources: dict[int, tuple[str, int]], keys: Collection[str], now: datetime) -> None:
    """Burn keys for good: what they had joined is split (rule 3). Inside a transaction."""
    db.many("burnt_add", [(key,) for key in keys])
    db.many("ledger_put", [("burnt", key, "") for key in keys])
    db.scope(keys)
    numbers = [row[0] for row in db.rows("sightings_with_keys")]
    burnt = frozenset(row[0] for row in db.rows("burnt_all"))
    resettle(db, sources, numbers, Change(Circumstances(False, now, burnt, None)))


def held_hosts(db: Database) -> dict[str, datetime]:
    """Until when hosts are to be left alone."""
    return {name: datetime.fromisoformat(until) for name, until in db.rows("hosts_held")}


def hold_hosts(db: Database, holds: Mapping[str, datetime]) -> None:
    """Remember until when hosts are to be left alone."""
    with db.transaction():
        db.run("hosts_drop")
        db.many("host_put", [(name, until.isoformat()) for name, until in holds.items()])
