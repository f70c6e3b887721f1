"""Parse documents in worker processes; an entry that exceeds the deadline is rejected without the others."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from feeds.errors import DeadlineExceeded
from feeds.ingest.entry_account import describe_entry
from feeds.ingest.feed_items import ParsedDocument, join_parsed_documents, parse_entries
from feeds.parser.feeds.splitter import Outline
from feeds.workers.task_types import EntrySettings
from feeds.workers.workers import Workers

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


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that exceeded the deadline."""

    digest: bytes
    name: str
    reason: str


def parse_document(
    workers: Workers, document: Document
) -> tuple[ParsedDocument, list[Rejected], list[bytes]]:
    """Parse the entries; return them, the rejected entries and the digests of entries that were not tried.

    A document has the budget of the workers, because hostile entries must not delay the others for long.

    Raises:
        DeadlineExceeded: the document takes too long even without entries, or cannot be divided.
        FeedUnreadable: feedparser failed on the document.
    """
    end = time.monotonic() + workers.budget
    try:
        return _parse(workers, document), [], []
    except DeadlineExceeded:
        if document.parts.whole:
            raise
    # If the head alone exceeds the deadline, rejecting entries cannot help.
    found = [_parse(workers, document.select_entries(()))]
    rejected: list[Rejected] = []
    waiting = _divide(document)[::-1]  # a stack: the first part is on top
    while waiting and time.monotonic() < end:
        piece = waiting.pop()
        try:
            found.append(_parse(workers, piece))
        except DeadlineExceeded as error:
            if len(piece.parts.entries) == 1:
                rejected.append(
                    Rejected(piece.parts.digests[0], describe_entry(piece.parts.entries[0]), str(error))
                )
            else:
                waiting += _divide(piece)[::-1]
    return (
        join_parsed_documents(found),
        rejected,
        [digest for part in waiting for digest in part.parts.digests],
    )


def _parse(workers: Workers, document: Document) -> ParsedDocument:
    every = range(len(document.parts.entries))
    return workers.run(parse_entries, document.parts, every, document.url, document.settings, document.now)


def _divide(document: Document) -> list[Document]:
    """Split a document into parts that keep its order and its head; few entries give parts of one entry each."""
    count = len(document.parts.entries)
    size = 1 if count <= _PARTS else max(_PARTS, -(-count // _PARTS))
    return [
        document.select_entries(range(start, min(start + size, count))) for start in range(0, count, size)
    ]
