"""Remove a source that is not in the configuration any more.

Implements identity rule 9 (docs/reference/identity.md).
"""

from __future__ import annotations

from datetime import datetime

from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import remove_sightings


def remove_source(
    db: Database, sources: dict[int, tuple[str, int]], number: int, now: datetime, blocked: frozenset[str]
) -> int:
    """Delete every sighting of a source, and the posts that no other source has.

    Return the number of deleted sightings. Each batch is a transaction of its own.
    """
    count = 0
    while rows := db.rows("sightings_to_forget", (number,)):
        numbers = [row[0] for row in rows]
        with db.transaction():
            remove_sightings(db, sources, numbers, now, blocked, delete=True)
        count += len(rows)
    with db.transaction():
        db.run("files_forget", (number,))
        db.run("left_out_forget", (number,))
        db.run("upstream_drop", (number,))
        db.run("source_drop", (number,))
    return count
