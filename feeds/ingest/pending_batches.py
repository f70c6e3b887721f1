"""Collect the readings of several folders, so that an article with copies in many of them is computed once."""

from __future__ import annotations

from collections.abc import Callable

from feeds.reports import Ingested
from feeds.storage.interface import Items
from feeds.storage.records import Context
from feeds.storage.sightings import SourceBatch

# Large transactions are cheaper, but a killed run loses its last batch.
READINGS_PER_BATCH = 4096


class PendingBatches:
    """Readings that wait to be stored, and what has to follow for their sources."""

    def __init__(self, db: Items, report: Ingested) -> None:
        """Build an empty collection; new and changed posts are counted in ``report``."""
        self._db = db
        self._report = report
        self._batches: list[SourceBatch] = []
        self._following: list[Callable[[], None]] = []

    def add(self, batch: SourceBatch) -> None:
        """Add readings; they are stored at once if they are many, or if their circumstances differ from the others'."""
        if self._batches and _describe(batch.context) != _describe(self._batches[0].context):
            self.flush()
        self._batches.append(batch)
        if sum(len(batch.readings) for batch in self._batches) >= READINGS_PER_BATCH:
            self._store()

    def then(self, follow: Callable[[], None]) -> None:
        """Call ``follow`` after everything that was added so far is stored."""
        self._following.append(follow)
        if not self._batches:
            self.flush()

    def flush(self) -> None:
        """Store everything that waits, and call what has to follow."""
        self._store()
        following, self._following = self._following, []
        for follow in following:
            follow()

    def _store(self) -> None:
        batches, self._batches = self._batches, []
        if batches:
            counts = self._db.ingest_batches(batches)
            self._report.new += counts.new
            self._report.changed += counts.changed
            self._report.parted += counts.parted


def _describe(context: Context) -> tuple[object, ...]:
    """Return what decides how the changes of a batch are dated and judged."""
    # Two judges of equal settings are different objects, so only their presence is compared.
    judged = context.judge is not None
    return context.early, context.blocked, judged, context.future, context.history, context.rekey
