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
    """An entry that is left out."""

    digest: bytes
    name: str
    reason: str


def parse_document(
    workers: Workers, document: Document
) -> tuple[ParsedDocument, list[Rejected], list[Rejected]]:
    """Parse the entries; return them, the entries that exceeded the deadline and those that were not tried.

    A document has the budget of the workers, because hostile entries must not delay the others for long.

    Raises:
        DeadlineExceeded: the document takes too long even without entries, or cannot be divided.
        FeedUnreadable: feedparser failed on the document.
    """
    end = time.monotonic() + workers.budget
    try:
        return _parse(workers, document, end), [], []
    except DeadlineExceeded:
        # A document that could not be split has no entries to try one by one.
        if document.parts.whole:
            raise
    # If the head alone exceeds the deadline, rejecting entries cannot help.
    found = [_parse(workers, document.select_entries(()), end)]
    rejected: list[Rejected] = []
    waiting = _divide(document)[::-1]  # a stack: the first part is on top
    while waiting and time.monotonic() < end:
        piece = waiting.pop()
        try:
            found.append(_parse(workers, piece, end))
        except DeadlineExceeded as error:
            if error.deadline < workers.deadline:  # only the end of the budget interrupted it
                waiting.append(piece)
            elif len(piece.parts.entries) == 1:
                rejected += _reject_entries(piece, str(error))
            else:
                waiting += _divide(piece)[::-1]
    reason = f"other entries used the {workers.budget:g} seconds for the document"
    return (
        join_parsed_documents(found),
        rejected,
        [one for part in waiting[::-1] for one in _reject_entries(part, reason)],
    )


def _reject_entries(document: Document, reason: str) -> list[Rejected]:
    return [
        Rejected(digest, describe_entry(entry), reason)
        for digest, entry in zip(document.parts.digests, document.parts.entries, strict=True)
    ]


def _parse(workers: Workers, document: Document, end: float) -> ParsedDocument:
    every = range(len(document.parts.entries))
    return workers.run_until(
        end, parse_entries, document.parts, every, document.url, document.settings, document.now
    )


def _divide(document: Document) -> list[Document]:
    """Split a document into parts that keep its order and its head; few entries give parts of one entry each."""
    count = len(document.parts.entries)
    size = 1 if count <= _PARTS else max(_PARTS, -(-count // _PARTS))
    return [
        document.select_entries(range(start, min(start + size, count))) for start in range(0, count, size)
    ]
