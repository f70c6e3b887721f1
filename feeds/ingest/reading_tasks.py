"""The tasks of :mod:`feeds.ingest.feed_items`, named without loading the parsers.

A worker process gets a function by its name, so the main process has to load its module. Only the worker calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feeds.ingest.document_job import DocumentJob, ParsedDocument, ReadDocument
    from feeds.parser.feeds.document import Outline
    from feeds.workers.task_types import EntrySettings


def split_document(data: bytes, content_type: str) -> Outline:
    """Split a document into its entries without parsing them."""
    from feeds.ingest import feed_items

    return feed_items.split_document(data, content_type)


def parse_entries(
    parts: Outline, fresh: Sequence[int], url: str, settings: EntrySettings, now: datetime
) -> ParsedDocument:
    """Parse the entries with the indexes ``fresh`` of a document that was fetched from ``url``.

    Raises:
        FeedUnreadable: feedparser failed on the document.
    """
    from feeds.ingest import feed_items

    return feed_items.parse_entries(parts, fresh, url, settings, now)


def read_document(job: DocumentJob) -> ReadDocument:
    """Split a document and parse its entries.

    Raises:
        FeedUnreadable: feedparser failed on the document.
    """
    from feeds.ingest import feed_items

    return feed_items.read_document(job)
