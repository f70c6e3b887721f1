"""Store which entries the last document of an upstream feed had, to recognise those that it renames."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from feeds.identity import Sighting
from feeds.item_names import match_renamed
from feeds.storage.neighbourhood import load_keys
from feeds.storage.records import Reading
from feeds.storage.serialization import read_sighting
from feeds.storage.sqlite import Database


def link_renamed_entries(
    db: Database,
    sources: dict[int, tuple[str, int]],
    source: int,
    readings: Sequence[Reading],
    departed: Collection[str],
) -> Sequence[Reading]:
    """Link each new reading that is an entry which left the document in this poll, renamed by its upstream feed.

    ``departed`` has the items of the last document that this document does not have.
    """
    # Only an entry that left the document can have been renamed.
    departed = set(departed).difference(reading.replaces for reading in readings)
    if not departed or not readings:
        return readings
    before = _load_entries(db, sources, source, departed)
    db.scope(reading.path for reading in readings)
    stored = {row[0] for row in db.rows("items_of_source", (source,))}
    new = [r.sighting for r in readings if r.sighting and not r.replaces and r.path not in stored]
    renamed = match_renamed(before, new)
    return [
        reading._replace(replaces=renamed[reading.path], renamed=True) if reading.path in renamed else reading
        for reading in readings
    ]


def _load_entries(
    db: Database, sources: dict[int, tuple[str, int]], source: int, items: Collection[str]
) -> list[Sighting]:
    db.scope(items)
    rows = db.rows("entries_of_items", (source,))
    keys = load_keys(db, [row[0] for row in rows])
    return [read_sighting(row, sources, *keys[row[0]]) for row in rows]


def load_window(db: Database, source: int) -> set[str]:
    """Load the items of the last document of a source."""
    return {row[0] for row in db.rows("window_items", (source,))}


def store_window(db: Database, source: int, before: Collection[str], present: Collection[str]) -> None:
    """Store the items of a document, instead of those of the document ``before``. Call it inside a transaction."""
    # Only the difference is written, because most polls change few entries.
    db.many("window_drop", [(source, item) for item in set(before).difference(present)])
    db.many("window_put", [(source, item) for item in sorted(set(present).difference(before))])
