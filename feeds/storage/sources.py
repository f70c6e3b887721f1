"""Read and write the sources: their numbers, the settings they were read with, and their removal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from feeds.storage.neighbourhood import load_blocked_keys
from feeds.storage.posts import release_pages
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import remove_sightings


class StoredSource(NamedTuple):
    """A source as it was read last."""

    number: int
    name: str
    settings: str
    """Digest of the settings with which it was read; empty before the first reading."""
    complete: bool
    """Whether it was read completely at least once."""
    last_read: str
    """When it was read last, as ISO 8601; empty for never."""


def load_sources(db: Database) -> dict[str, StoredSource]:
    """Load every source by its name, also sources that were removed from the configuration."""
    return {
        row[1]: StoredSource(row[0], row[1], row[2], bool(row[3]), row[4]) for row in db.rows("source_all")
    }


def add_sources(db: Database, names: Iterable[str]) -> dict[str, StoredSource]:
    """Add the sources that are not stored yet, in this order, and load every source."""
    known = load_sources(db)
    # A write needs the lock, so it happens only for new sources.
    new = [name for name in names if name not in known]
    if not new:
        return known
    with db.transaction():
        db.many("source_add", [(name,) for name in new])
    return load_sources(db)


def load_lists(db: Database) -> dict[str, bytes]:
    """Load the stored document of each list of upstream feeds, by the name of its source."""
    return dict(db.rows("lists_all"))


def mark_source_read(db: Database, number: int, settings: str, when: str) -> None:
    """Record the settings with which a source was read completely, and when."""
    with db.transaction():
        db.run("source_settle", {"id": number, "settings": settings, "now": when})


def remove_source(db: Database, sources: dict[int, tuple[str, int]], number: int, now: datetime) -> int:
    """Delete every sighting of a source, and the posts that no other source has.

    Return the number of deleted sightings. Each batch is a transaction of its own. Implements identity
    rule 9 (docs/reference/identity.md).
    """
    count = 0
    # In batches, so that the store is not locked for the whole removal of a large source.
    while rows := db.rows("sightings_to_forget", (number,)):
        numbers = [row[0] for row in rows]
        with db.transaction():
            remove_sightings(db, sources, numbers, now, load_blocked_keys(db), delete=True)
        count += len(rows)
    with db.transaction():
        pages = {row[0] for row in db.rows("pages_of_source", (number,))}
        db.run("files_forget", (number,))
        release_pages(db, sources, pages, now)
        db.run("left_out_forget", (number,))
        db.run("window_forget", (number,))
        db.run("upstream_drop", (number,))
        # The row of the source goes last: after a kill the removal can be repeated by its name.
        db.run("source_drop", (number,))
    return count
