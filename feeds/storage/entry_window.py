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
    present: Collection[str],
) -> tuple[Sequence[Reading], int]:
    """Link each new reading that is an entry which left the document in this poll, renamed by its upstream feed.

    Returns:
        The readings, and the number of entries that the last document had.
    """
    window = _load_window(db, source)
    # Only an entry that left the document can have been renamed.
    departed = window.difference(present, (reading.replaces for reading in readings))
    if not departed:
        return readings, len(window)
    before = _load_entries(db, sources, source, departed)
    db.scope(reading.path for reading in readings)
    stored = {row[0] for row in db.rows("items_of_source", (source,))}
    new = [r.sighting for r in readings if r.sighting and not r.replaces and r.path not in stored]
    renamed = match_renamed(before, new)
    return [
        reading._replace(replaces=renamed[reading.path], renamed=True) if reading.path in renamed else reading
        for reading in readings
    ], len(window)


def _load_entries(
    db: Database, sources: dict[int, tuple[str, int]], source: int, items: Collection[str]
) -> list[Sighting]:
    db.scope(items)
    rows = db.rows("entries_of_items", (source,))
    keys = load_keys(db, [row[0] for row in rows])
    return [read_sighting(row, sources, *keys[row[0]]) for row in rows]


def store_window(db: Database, source: int, present: Collection[str]) -> None:
    """Store the items of a document, instead of those of the last document. Call it inside a transaction."""
    window = _load_window(db, source)
    # Only the difference is written, because most polls change few entries.
    db.many("window_drop", [(source, item) for item in window.difference(present)])
    db.many("window_put", [(source, item) for item in sorted(set(present) - window)])


def _load_window(db: Database, source: int) -> set[str]:
    return {row[0] for row in db.rows("window_items", (source,))}
