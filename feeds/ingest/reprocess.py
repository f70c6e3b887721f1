"""Apply changed settings to stored entries, without fetching their feeds again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from feeds.config import UpstreamSource
from feeds.errors import FeedUnreadable
from feeds.ingest.entry_settings import build_entry_settings, compute_entry_digest
from feeds.run_context import Run
from feeds.storage.records import Context, Reading
from feeds.storage.sightings import ingest_readings
from feeds.values.document_paths import split_into_chunks
from feeds.workers.task_types import EntrySettings, TaskKind

_ENTRIES_PER_PIECE = 64


def reprocess_entries(
    run: Run, sources: Sequence[UpstreamSource], context: Callable[[int, bool], Context]
) -> int:
    """Parse the stored entries again of each source whose settings have changed; return their number."""
    rows = {row[1]: row for row in run.db.rows("source_all")}
    count = 0
    for source in sources:
        number, _, stored, _, last_read = rows[source.name]
        if not stored:
            continue
        settings = build_entry_settings(run, source, run.sources[number][1])
        digest = compute_entry_digest(run, settings)
        if stored != digest:
            count += _parse_again(run, number, settings, context)
            with run.db.transaction():
                run.db.run("source_settle", {"id": number, "settings": digest, "now": last_read})
    return count


def _parse_again(
    run: Run, number: int, settings: EntrySettings, context: Callable[[int, bool], Context]
) -> int:
    # A changed setting is not a changed entry: without a judge the dates of the posts stay.
    quiet = replace(context(number, True), judge=None)
    last, count = 0, 0
    # Page by number: all documents of a source may not fit in memory.
    while rows := run.db.rows("sightings_kept", (number, last)):
        last = rows[-1][0]
        now = run.clock()
        parts = [(part, settings, now) for part in split_into_chunks(rows, _ENTRIES_PER_PIECE)]
        found = run.workers.process(_READ_KEPT, parts)
        readings = [reading for results in found for reading in results]
        ingest_readings(run.db, quiet, readings)
        count += len(readings)
    return count


_Task = tuple[Sequence[tuple[int, str, bytes, bytes]], EntrySettings, datetime]
"""Number, item, digest and document of stored entries; then the settings to parse them with."""


def _read(task: _Task) -> list[Reading]:
    from feeds.ingest.feed_items import reparse_entry

    rows, settings, now = task
    found = []
    for _, item, mark, stored in rows:
        try:
            reading = reparse_entry(stored, mark, settings, now)
        except FeedUnreadable:
            continue
        if reading is not None and reading.path != item:
            reading = _restore_key(reading, item)
        if reading is not None:
            found.append(reading)
    return found


def _split(task: _Task) -> list[_Task]:
    rows, settings, now = task
    return [([row], settings, now) for row in rows]


def _keep_old(task: _Task, reason: str) -> list[Reading]:
    """Keep an entry that exceeds the deadline as it was parsed before."""
    return []


_READ_KEPT = TaskKind(_read, _split, _keep_old)


def _restore_key(reading: Reading, item: str) -> Reading | None:
    """Keep the key of an entry that was stored by an address it no longer states; None for any other entry."""
    sighting = reading.sighting
    if sighting is None or sighting.link or not item.startswith("url:"):
        return None
    return reading._replace(path=item, sighting=sighting._replace(item=item))
