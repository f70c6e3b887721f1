"""Documents of upstreams, understood in worker processes: an entry that exceeds the deadline is left out alone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from feeds.errors import DeadlineExceeded
from feeds.ingest.feed_items import Understood, join_understood, understand
from feeds.parser.feeds.splitter import Outline
from feeds.workers.task_types import EntrySettings
from feeds.workers.workers import Workers

_PIECES = 32
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Document:
    """Entries to understand, with what they are understood by."""

    parts: Outline
    """Holds these entries alone."""
    url: str
    settings: EntrySettings
    now: datetime

    def only(self, indexes: Iterable[int]) -> Document:
        """The same document with some of its entries."""
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


def understand_document(workers: Workers, document: Document) -> tuple[Understood, list[Rejected], int]:
    """What the entries say, those that are rejected, and the number of those for which no time is left.

    A document has the budget of the workers: hostile entries must not hold up the others for long.

    Raises:
        DeadlineExceeded: the document takes too long even without entries, or cannot be divided.
        FeedUnreadable: the library gave up on the document.
    """
    end = time.monotonic() + workers.budget
    try:
        return _understand(workers, document), [], 0
    except DeadlineExceeded:
        if document.parts.whole:
            raise
    found = [_understand(workers, document.only(()))]
    rejected: list[Rejected] = []
    waiting = _divide(document)[::-1]
    while waiting and time.monotonic() < end:
        piece = waiting.pop()
        try:
            found.append(_understand(workers, piece))
        except DeadlineExceeded as error:
            if len(piece.parts.entries) == 1:
                rejected.append(Rejected(piece.parts.digests[0], _name(piece.parts.entries[0]), str(error)))
            else:
                waiting += _divide(piece)[::-1]
    return join_understood(found), rejected, sum(len(one.parts.entries) for one in waiting)


def _understand(workers: Workers, document: Document) -> Understood:
    every = range(len(document.parts.entries))
    return workers.run(understand, document.parts, every, document.url, document.settings, document.now)


def _divide(document: Document) -> list[Document]:
    """Pieces in the order of the document: of one entry each if there are few. Each has the whole head."""
    count = len(document.parts.entries)
    size = 1 if count <= _PIECES else max(_PIECES, -(-count // _PIECES))
    return [document.only(range(start, min(start + size, count))) for start in range(0, count, size)]


def _name(entry: str) -> str:
    """What people may know an unread entry by: its title, else how it begins."""
    for mark, end in (("<title", "</"), ('"title":"', '"')):
        title = entry.partition(mark)[2].partition(end)[0]
        text = title.partition(">")[2] if mark[0] == "<" else title
        text = text.strip().removeprefix("<![CDATA[").removesuffix("]]>").strip()
        if text:
            return text[:_LONGEST_NAME]
    return entry[:_LONGEST_NAME]
