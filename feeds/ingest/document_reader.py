"""Read documents in worker processes; an entry that exceeds the deadline is rejected without the others.

A document is first read as a whole for a short time (:func:`start_reading`). A document that takes longer is read apart
from the others (:func:`read_slowly`), its entries one by one if it has to be.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from feeds.errors import DeadlineExceeded
from feeds.ingest.document_job import (
    DocumentJob,
    ParsedDocument,
    ReadDocument,
    Rejected,
    is_refused,
    join_parsed_documents,
    select_entries,
)
from feeds.ingest.entry_account import describe_entry
from feeds.ingest.reading_tasks import parse_entries, read_document, split_document
from feeds.parser.feeds.document import Outline
from feeds.workers.task_types import EntrySettings
from feeds.workers.workers import Workers

if TYPE_CHECKING:
    from concurrent.futures import Future

QUICK_SECONDS = 2.0
"""Seconds for a document before it is read apart; nearly all need less than a tenth of it."""
_PARTS = 32


@dataclass(frozen=True, slots=True)
class Document:
    """Entries to parse, with the settings for it."""

    parts: Outline
    """The document, reduced to these entries."""
    url: str
    settings: EntrySettings
    now: datetime

    def select_entries(self, indexes: Iterable[int]) -> Document:
        """Return the same document with some of its entries."""
        entries, digests = self.parts.entries, self.parts.digests
        chosen = list(indexes)
        parts = replace(
            self.parts,
            entries=tuple(entries[i] for i in chosen),
            digests=tuple(digests[i] for i in chosen),
        )
        return replace(self, parts=parts)


def start_reading(workers: Workers, job: DocumentJob, waiting: int) -> Future[ReadDocument]:
    """Start to read a document as a whole; the future fails with DeadlineExceeded if that takes long.

    ``waiting`` is the number of other documents to read.
    """
    # A further process costs more than it saves, unless all entries of many documents are new.
    heavy = 0 if job.known else waiting
    return workers.submit(min(QUICK_SECONDS, workers.deadline), heavy, read_document, job)


def read_slowly(workers: Workers, job: DocumentJob, spent: float = 0.0) -> ReadDocument:
    """Read a document within its budget, of which ``spent`` seconds were used before.

    Raises:
        DeadlineExceeded: the document takes too long even without entries, or cannot be divided.
        FeedUnreadable: feedparser failed on the document.
    """
    # A process of its own, so that other documents need not wait for this document.
    end = time.monotonic() + max(workers.budget - spent, 0.0)
    parts = workers.run_beside(end, split_document, job.data, job.content_type)
    if is_refused(parts):
        return ReadDocument(parts, None)
    document = Document(parts, job.url, job.settings, job.now).select_entries(
        select_entries(parts, job.known)
    )
    return ReadDocument(parts, *parse_document(workers, document, end, tried=spent >= workers.deadline))


def parse_document(
    workers: Workers, document: Document, end: float, *, tried: bool = False
) -> tuple[ParsedDocument, tuple[Rejected, ...], tuple[Rejected, ...]]:
    """Parse the entries; return them, the entries that exceeded the deadline and those that were not tried.

    Args:
        workers: The worker processes.
        document: The entries to parse.
        end: When the budget of the document ends, of ``time.monotonic``: hostile entries must not take long.
        tried: Whether all entries together are known to exceed the deadline.

    Raises:
        DeadlineExceeded: the document takes too long even without entries, or cannot be divided.
        FeedUnreadable: feedparser failed on the document.
    """
    try:
        if not tried:
            return _parse(workers, document, end), (), ()
    except DeadlineExceeded:
        # A document that could not be split has no entries to try one by one.
        if document.parts.whole:
            raise
    if tried and document.parts.whole:
        raise DeadlineExceeded(workers.deadline)
    # If the head alone exceeds the deadline, rejecting entries cannot help.
    found = [_parse(workers, document.select_entries(()), end)]
    rejected: list[Rejected] = []
    slow = False
    waiting = _divide(document)[::-1]  # a stack: the first part is on top
    while waiting and time.monotonic() < end:
        piece = waiting.pop()
        try:
            found.append(_parse(workers, piece, end))
        except DeadlineExceeded as error:
            if error.deadline < workers.deadline:  # only the end of the budget interrupted it
                waiting.append(piece)
                continue
            slow = True
            if len(piece.parts.entries) == 1:
                rejected += _reject_entries(piece, str(error))
            else:
                waiting += _divide(piece)[::-1]
    limit = f"the {workers.budget:g} seconds for the document"
    # If no part exceeded the deadline by itself, the document is just large.
    reason = (
        f"other entries used {limit}"
        if slow
        else f"its {len(document.parts.entries)} entries need more than {limit}"
    )
    return (
        join_parsed_documents(found),
        tuple(rejected),
        tuple(entry for part in waiting[::-1] for entry in _reject_entries(part, reason)),
    )


def _reject_entries(document: Document, reason: str) -> list[Rejected]:
    return [
        Rejected(digest, describe_entry(entry), reason)
        for digest, entry in zip(document.parts.digests, document.parts.entries, strict=True)
    ]


def _parse(workers: Workers, document: Document, end: float) -> ParsedDocument:
    every = range(len(document.parts.entries))
    return workers.run_beside(
        end, parse_entries, document.parts, every, document.url, document.settings, document.now
    )


def _divide(document: Document) -> list[Document]:
    """Split a document into parts that keep its order and its head; few entries give parts of one entry each."""
    count = len(document.parts.entries)
    size = 1 if count <= _PARTS else max(_PARTS, -(-count // _PARTS))
    return [
        document.select_entries(range(start, min(start + size, count))) for start in range(0, count, size)
    ]
