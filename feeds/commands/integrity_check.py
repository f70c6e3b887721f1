"""Check the integrity of a store: find every place that a failing disk may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from feeds.errors import StoreError, build_damage_error
from feeds.storage.sqlite import Database, load_migrations
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
    """Yield the faults. Pages and indexes come first: with damage there, rows cannot be trusted."""
    pages = [row[0].replace("\n", " ") for row in db.rows("integrity")]
    if pages != ["ok"]:
        yield from pages
        return
    if db.value("version") < load_migrations()[-1][0]:
        # The next run migrates it; the other checks expect the current schema.
        return
    yield from (f"{n} rows of {table} refer to missing rows" for table, n in db.rows("unfitting") if n)
    yield from (f"{n} rows of {table} are unreadable" for table, n in db.rows("unreadable") if n)
    for query in ("payloads_packed", "entries_packed"):
        for name, data in db.iterate_rows(query):
            try:
                ingest_tasks.decompress(data)
            except StoreError:
                yield f"{name}: cannot be decompressed"
