"""Forgetting a source that is not in the configuration any more (contract 2.4, rule 9)."""

from __future__ import annotations

from datetime import datetime

from feeds.store.codec import read_sighting
from feeds.store.database import Database
from feeds.store.posts import Change, keys_of_numbers, settle


def forget_source(
    db: Database, sources: dict[int, tuple[str, int]], number: int, now: datetime, burnt: frozenset[str]
) -> int:
    """Drop every sighting of a source; posts that no other source has are gone. How many sightings went."""
    count = 0
    while rows := db.rows("sightings_to_forget", (number,)):
        numbers = [row[0] for row in rows]
        with db.transaction():
            keys = keys_of_numbers(db, numbers)
            db.scope(numbers)
            old = [read_sighting(row, sources, *keys[row[0]]) for row in db.rows("sightings_by_number")]
            for statement in ("sighting_keys_drop", "payload_drop", "sighting_drop"):
                db.many(statement, [(one,) for one in numbers])
            posts = {row[1] for row in rows if row[1]}
            settle(db, sources, Change(False, now, burnt, None, before=old, posts=posts))
        count += len(rows)
    with db.transaction():
        db.run("files_forget", (number,))
        db.run("upstream_drop", (number,))
        db.run("source_drop", (number,))
    return count
