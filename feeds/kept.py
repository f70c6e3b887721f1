"""Items are kept as they came: a changed setting acts on them without asking anybody again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from feeds.config import UpstreamSource
from feeds.errors import FeedUnreadable
from feeds.polling import entry_settings, settings_digest
from feeds.run import Run
from feeds.store.sightings import Context, take


def understand_again(run: Run, source: UpstreamSource, context: Callable[[int, bool], Context]) -> int:
    """Understand the kept entries of an upstream anew if its settings have changed; how many."""
    number = next(n for n, (name, _) in run.sources.items() if name == source.name)
    settings = entry_settings(run, source)
    digest = settings_digest(run, settings)
    row = next(r for r in run.db.rows("source_all") if r[0] == number)
    if row[2] in ("", digest):
        return 0
    from feeds.polled import understand_kept

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
    with run.db.transaction():
        run.db.run("source_settle", {"id": number, "settings": digest, "now": row[4]})
    return count
