"""Check the integrity of a store: find every place that a failing disk may have changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from feeds.errors import StoreError, build_damage_error
from feeds.storage.interface import Soundness
from feeds.storage.store import Store
from feeds.workers import ingest_tasks
from feeds.workers.task_types import Settings

_MOST_REPORTED = 3


def find_faults(store: Path, settings: Settings) -> list[str]:
    """Return messages about damage in a store and what to do; empty if there is none."""
    ingest_tasks.begin(settings)
    try:
        with closing(Store.open(store, read_only=True)) as db:
            found = list(islice(_find_faults(db), _MOST_REPORTED))
    except StoreError as error:
        return [str(error)]
    return [str(build_damage_error(str(store), "; ".join(found)))] if found else []


def _find_faults(db: Soundness) -> Iterator[str]:
    found = list(db.find_faults())
    yield from found
    if found or not db.is_migrated():
        return
    for name, data in db.iterate_compressed():
        try:
            ingest_tasks.decompress(data)
        except StoreError:
            yield f"{name}: cannot be decompressed"
