"""Items are kept as they came: a changed setting acts on them without asking anybody again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from feeds.config import UpstreamSource
from feeds.errors import FeedUnreadable
from feeds.poll.receiving import entry_settings, settings_digest
from feeds.run import Run
from feeds.store.readings import Context
from feeds.store.sightings import take
from feeds.work.tasks import EntrySettings


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
    from feeds.poll.polled import understand_kept

    quiet = replace(context(number, True), judge=None)
    last, count = 0, 0
    while rows := run.db.rows("sightings_kept", (number, last)):
        readings = []
        last = rows[-1][0]
        for _, item, mark, payload in rows:
            try:
                reading = understand_kept(payload, mark, settings, run.clock())
            except FeedUnreadable:
                continue
            if reading is not None and reading.path == item:
                readings.append(reading)
        take(run.db, quiet, readings)
        count += len(readings)
    return count
