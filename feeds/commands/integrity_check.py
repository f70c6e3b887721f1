"""Whether a store is whole: what a disk may have changed behind our back is looked for at every place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from feeds.errors import StoreError, build_damage_error
from feeds.storage.sqlite import Database, load_migrations
from feeds.workers import ingest_tasks
from feeds.workers.task_types import Settings

_MOST_TOLD = 3


def faults(store: Path, settings: Settings) -> list[str]:
    """What is wrong with the store at ``store``, in words that say what to do; empty if nothing."""
    ingest_tasks.begin(settings)
    try:
        with closing(Database.open(store, read_only=True)) as db:
            found = list(islice(_faults(db), _MOST_TOLD))
    except StoreError as error:
        return [str(error)]
    return [str(build_damage_error(str(store), "; ".join(found)))] if found else []


def _faults(db: Database) -> Iterator[str]:
    """Pages and indexes first: what the rows say is worth nothing if those are wrong."""
    pages = [row[0].replace("\n", " ") for row in db.rows("integrity")]
    if pages != ["ok"]:
        yield from pages
        return
    if db.value("version") < load_migrations()[-1][0]:
        return  # the next run brings it to the form that the rest knows
    yield from (f"{n} rows of {table} name what is not there" for table, n in db.rows("unfitting") if n)
    yield from (f"{n} rows of {table} are garbled" for table, n in db.rows("unreadable") if n)
    for query in ("payloads_packed", "entries_packed"):
        for name, data in db.iterate_rows(query):
            try:
                ingest_tasks.decompress(data)
            except StoreError:
                yield f"{name}: cannot be unpacked"
