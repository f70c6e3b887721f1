"""Read slow documents in a thread of their own, one after the other, while the others are read and stored."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from feeds.workers.workers import Workers

if TYPE_CHECKING:
    from feeds.ingest.document_job import DocumentJob, ReadDocument


class SlowLane:
    """The thread and the documents that wait for it."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def read(self, job: DocumentJob, spent: float) -> Future[ReadDocument]:
        """Read a document within its budget, of which ``spent`` seconds were used before."""
        from feeds.ingest.document_reader import read_slowly

        return self._thread.submit(read_slowly, self._workers, job, spent)

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        # A single thread, so that slow documents occupy a single process.
        return ThreadPoolExecutor(1, "slow documents")
