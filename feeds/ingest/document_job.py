"""What a worker process gets to read a fetched document, and what it returns; values that can be pickled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from feeds.workers.task_types import EntrySettings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from feeds.fetcher.feed import Fetched
    from feeds.fetcher.request import Request
    from feeds.parser.feeds.document import Outline, UpstreamHead
    from feeds.storage.records import Reading

MOST_ENTRIES = 10_000
"""A document with more entries is refused, because it would take most of the time of all upstream feeds."""
LONGEST_ENTRY = 2_000_000
"""Characters of an entry; feedparser makes several copies of each."""


@dataclass(frozen=True, slots=True)
class DocumentJob:
    """A fetched document to read."""

    data: bytes
    content_type: str
    url: str
    settings: EntrySettings
    now: datetime
    known: frozenset[bytes] = frozenset()
    """Digests of entries that need no parsing."""


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """The parsed part of a document: its head and its new entries."""

    head: UpstreamHead
    readings: tuple[Reading, ...]
    """Of the new entries, oldest first; an upstream feed lists the newest first."""
    unreadable: tuple[bytes, ...] = ()
    """Digests of the entries in which feedparser finds no item."""


class Rejected(NamedTuple):
    """An entry that is left out."""

    digest: bytes
    name: str
    reason: str


class ReadDocument(NamedTuple):
    """A document that was split into its entries, those that are not known parsed."""

    parts: Outline
    """Of entries that were parsed or are known, the text may be missing."""
    found: ParsedDocument | None
    """None if the document is refused: it is not a feed, or has too many entries."""
    rejected: tuple[Rejected, ...] = ()
    """Entries that exceeded the deadline."""
    left: tuple[Rejected, ...] = ()
    """Entries that were not tried, because the budget of the document was used up."""


def is_refused(parts: Outline) -> bool:
    """Return whether a document is refused before its entries are parsed."""
    return parts.kind == "none" or len(parts.entries) > MOST_ENTRIES


def select_entries(parts: Outline, known: Collection[bytes]) -> list[int]:
    """Return the indexes of the entries to parse: neither known nor too long."""
    # A document that could not be split is one entry, which its limit in bytes bounds already.
    return [
        i
        for i, digest in enumerate(parts.digests)
        if digest not in known and (parts.whole or len(parts.entries[i]) <= LONGEST_ENTRY)
    ]


def join_parsed_documents(found: Sequence[ParsedDocument]) -> ParsedDocument:
    """Join the parts of a document that was parsed in pieces, in their order; the first part has the head."""
    readings = [reading for part in found for reading in part.readings[::-1]]
    unreadable = tuple(digest for part in found for digest in part.unreadable)
    return ParsedDocument(found[0].head, tuple(readings[::-1]), unreadable)


class StartedDocument(NamedTuple):
    """A response whose document is being read."""

    request: Request
    fetched: Fetched
    job: DocumentJob
    future: Future[ReadDocument]
    key: str
    """Digest of the settings of ``job``, for which verdicts count."""
