"""Check the integrity of a store: find every place that a failing disk may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from feeds.errors import StoreError, build_damage_error
from feeds.storage import reports
from feeds.storage.sqlite import Database
from feeds.workers import ingest_tasks
from feeds.workers.task_types import Settings

_MOST_REPORTED = 3


def find_faults(store: Path, settings: Settings) -> list[str]:
    """Return messages about damage in a store and what to do; empty if there is none."""
    ingest_tasks.begin(settings)
    try:
        with closing(Database.open(store, read_only=True)) as db:
            found = list(islice(_find_faults(db), _MOST_REPORTED))
    except StoreError as error:
        return [str(error)]
    return [str(build_damage_error(str(store), "; ".join(found)))] if found else []


def _find_faults(db: Database) -> Iterator[str]:
    found = list(reports.find_faults(db))
    yield from found
    if found or not reports.is_migrated(db):
        return
    for name, data in reports.iterate_compressed(db):
        try:
            ingest_tasks.decompress(data)
        except StoreError:
            yield f"{name}: cannot be decompressed"
