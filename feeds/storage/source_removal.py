"""Forgetting a source that is not in the configuration any more (contract 2.4, rule 9)."""

from __future__ import annotations

from datetime import datetime

from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import let_go


def forget_source(
    db: Database, sources: dict[int, tuple[str, int]], number: int, now: datetime, burnt: frozenset[str]
) -> int:
    """Drop every sighting of a source; posts that no other source has are gone. How many sightings went."""
    count = 0
    while rows := db.rows("sightings_to_forget", (number,)):
        numbers = [row[0] for row in rows]
        with db.transaction():
            let_go(db, sources, numbers, now, burnt, forget=True)
        count += len(rows)
    with db.transaction():
        db.run("files_forget", (number,))
        db.run("upstream_drop", (number,))
        db.run("source_drop", (number,))
    return count
