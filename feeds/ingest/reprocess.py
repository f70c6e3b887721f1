"""Apply changed settings to stored entries, without fetching their feeds again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from feeds.errors import FeedUnreadable
from feeds.fetcher.feed import FetchState
from feeds.identity import ENTRY_KEYS
from feeds.item_names import rename_entry
from feeds.session import Session
from feeds.sources import UpstreamFeed
from feeds.storage.records import Reading
from feeds.storage.sightings import SourceBatch
from feeds.storage.upstreams import (
    StoredEntry,
)
from feeds.values.document_paths import split_into_chunks
from feeds.workers.task_types import EntrySettings, TaskKind

_ENTRIES_PER_PIECE = 64


def reprocess_entries(session: Session, sources: Sequence[UpstreamFeed]) -> int:
    """Parse the stored entries again of each source whose settings have changed.

    Returns:
        How many posts an older rule for keys had joined with others.
    """
    stored = session.db.load_sources()
    parted = 0
    for source in sources:
        number, _, before, _, last_read = stored[source.name]
        # The source was never read, so it has no entries to parse.
        if not before:
            continue
        settings = session.build_entry_settings(number, source)
        digest = session.compute_entry_digest(settings)
        if before != digest:
            rekey = session.db.load_entry_keys_version(number) != ENTRY_KEYS
            parted += _parse_again(session, number, settings, rekey)
            # Marked after all entries: an interrupted run starts this source again.
            session.db.mark_source_read(number, digest, last_read)
            if rekey:
                # Entries that an older rule left out return only with the complete document.
                row = session.db.load_upstreams().get(source.name)
                state = FetchState.from_json(row.state if row else "").drop_validators()
                session.db.save_entry_keys_version(number, ENTRY_KEYS, state.to_json())
    return parted


def _parse_again(session: Session, number: int, settings: EntrySettings, rekey: bool) -> int:
    # A changed setting is not a changed entry: without a judge the dates of the posts stay.
    quiet = session.build_context(number, early=False, judge=False, rekey=rekey)
    last, parted = 0, 0
    # Page by number: all documents of a source may not fit in memory.
    while entries := session.db.load_entries_after(number, last):
        last = entries[-1].number
        now = session.clock()
        parts = [(part, settings, now) for part in split_into_chunks(entries, _ENTRIES_PER_PIECE)]
        found = session.workers.process(_READ_KEPT, parts)
        readings = [reading for results in found for reading in results]
        parted += session.db.ingest_batches([SourceBatch(quiet, readings)]).parted
    return parted


_Task = tuple[Sequence[StoredEntry], EntrySettings, datetime]
"""Stored entries, and the settings to parse them with."""


def _read(task: _Task) -> list[Reading]:
    from feeds.ingest.feed_items import reparse_entry

    entries, settings, now = task
    found = []
    for entry in entries:
        if not entry.document:
            continue
        try:
            reading = reparse_entry(entry.document, entry.digest, settings, now)
        # The stored version stays, because a stricter parser must not remove published posts.
        except FeedUnreadable:
            continue
        if reading is not None and reading.sighting is not None:
            # The name stays: other entries of its document may have changed it.
            named = rename_entry(reading.sighting, entry.item)
            found.append(reading._replace(path=entry.item, sighting=named))
    return found


def _split(task: _Task) -> list[_Task]:
    entries, settings, now = task
    return [([entry], settings, now) for entry in entries]


def _keep_old(task: _Task, reason: str) -> list[Reading]:
    """Keep an entry that exceeds the deadline as it was parsed before."""
    return []


_READ_KEPT = TaskKind(_read, _split, _keep_old)
