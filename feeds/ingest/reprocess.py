"""Items are kept as they came: a changed setting acts on them without asking anybody again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from feeds.config import UpstreamSource
from feeds.errors import FeedUnreadable
from feeds.ingest.entry_settings import entry_settings, settings_digest
from feeds.run_context import Run
from feeds.storage.records import Context, Reading
from feeds.storage.sightings import ingest_readings
from feeds.values.document_paths import split_into_chunks
from feeds.workers.task_types import EntrySettings, Work

_ENTRIES_PER_PIECE = 64


def understand_again(
    run: Run, sources: Sequence[UpstreamSource], context: Callable[[int, bool], Context]
) -> int:
    """Understand the kept entries of upstreams anew whose settings have changed; how many."""
    rows = {row[1]: row for row in run.db.rows("source_all")}
    count = 0
    for source in sources:
        number, _, stood, _, last_read = rows[source.name]
        if not stood:
            continue
        settings = entry_settings(run, source, run.sources[number][1])
        digest = settings_digest(run, settings)
        if stood != digest:
            count += _anew(run, number, settings, context)
            with run.db.transaction():
                run.db.run("source_settle", {"id": number, "settings": digest, "now": last_read})
    return count


def _anew(run: Run, number: int, settings: EntrySettings, context: Callable[[int, bool], Context]) -> int:
    quiet = replace(context(number, True), judge=None)
    last, count = 0, 0
    while rows := run.db.rows("sightings_kept", (number, last)):
        last = rows[-1][0]
        now = run.clock()
        pieces = [(piece, settings, now) for piece in split_into_chunks(rows, _ENTRIES_PER_PIECE)]
        found = run.workers.process(_READ_KEPT, pieces)
        readings = [reading for results in found for reading in results]
        ingest_readings(run.db, quiet, readings)
        count += len(readings)
    return count


_Task = tuple[Sequence[tuple[int, str, bytes, bytes]], EntrySettings, datetime]
"""Number, item, digest and payload of kept entries; what they are understood by."""


def _read(task: _Task) -> list[Reading]:
    from feeds.ingest.feed_items import understand_kept

    rows, settings, now = task
    found = []
    for _, item, mark, payload in rows:
        try:
            reading = understand_kept(payload, mark, settings, now)
        except FeedUnreadable:
            continue
        if reading is not None and reading.path != item:
            reading = _under_its_name(reading, item)
        if reading is not None:
            found.append(reading)
    return found


def _split(task: _Task) -> list[_Task]:
    rows, settings, now = task
    return [([row], settings, now) for row in rows]


def _leave(task: _Task, reason: str) -> list[Reading]:
    """An entry that exceeds the deadline stays as it was understood before."""
    return []


_READ_KEPT = Work(_read, _split, _leave)


def _under_its_name(reading: Reading, item: str) -> Reading | None:
    """The reading of an entry that is known by an address which says nothing of it any more; None for any other."""
    said = reading.sighting
    if said is None or said.link or not item.startswith("url:"):
        return None
    return reading._replace(path=item, sighting=said._replace(item=item))
