"""Record the published documents, and which feeds are published up to which revision."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from feeds.models import Written
from feeds.storage import subscriptions
from feeds.storage.sqlite import Database

TREE_NEWER = "tree_newer"
"""Name of the mark of a store that was restored from a backup and has not been published since then."""


class RecordedDocument(NamedTuple):
    """A document that was written. ``feed`` is None if it belongs to no feed."""

    digest: str
    feed: int | None


class PublishedFeed(NamedTuple):
    """A feed of which everything up to a revision is written."""

    revision: int
    updated: int
    """Time of its last change, in seconds since 1970."""
    number: int


@dataclass(frozen=True, slots=True)
class PublishedDocuments:
    """What was written and removed; recorded in one transaction."""

    written: Mapping[str, Written]
    """Documents by path."""
    feed_by_path: Mapping[str, int | None]
    removed: Sequence[str]
    published: Sequence[PublishedFeed]
    changed: Sequence[tuple[str, str]]
    """Path and digest of public documents with new bytes, for subscribers."""
    site_url: str
    is_complete: bool = False
    """Whether documents that the store does not know were removed: it was restored from a backup."""
    hubs: Sequence[str] = ()


def load_documents(db: Database) -> dict[str, Written]:
    """Load every recorded document by its path."""
    return {row[0]: Written(*row[1:4]) for row in db.rows("documents_all")}


class RecordedDocuments(NamedTuple):
    """Documents by path, and whether the output may have documents that the store does not know."""

    by_path: dict[str, RecordedDocument]
    is_older: bool
    """Whether the store was restored from a backup and has not been published since then."""


def load_documents_of_feeds(db: Database, feeds: Iterable[int], paths: Iterable[str]) -> RecordedDocuments:
    """Load the documents of these feeds, those of no feed, and those at these paths."""
    db.scope(feeds)
    # The temporary table holds one set at a time, so its rows are read before it is filled again.
    rows = [*db.rows("documents_of_feeds"), *db.rows("documents_of_none")]
    db.scope(paths)
    rows += db.rows("documents_of_paths")
    found = {path: RecordedDocument(digest, feed) for path, digest, feed in rows}
    return RecordedDocuments(found, bool(db.value("meta_get", (TREE_NEWER,))))


def mark_documents_lost(db: Database, paths: Iterable[str]) -> None:
    """Mark the feeds of documents that are missing or changed on disk to be written again."""
    db.scope(paths)
    lost = {feed for _, _, feed in db.rows("documents_of_paths") if feed is not None}
    # A transaction takes the lock, which a run without changes does not need.
    if lost:
        with db.transaction():
            db.many("feed_touch", [(feed,) for feed in lost])


def discard_entries(db: Database) -> None:
    """Discard every rendered entry, and mark every feed to be written again."""
    with db.transaction():
        db.run("entries_drop")
        db.run("feeds_touch_all")


def select_new_warnings(db: Database, warnings: list[str]) -> list[str]:
    """Return the warnings on settings that no build has given yet, and store all of them as given."""
    given = json.loads(db.value("meta_get", ("warnings",)) or "[]")
    if given != warnings:
        with db.transaction():
            db.run("meta_put", ("warnings", json.dumps(warnings)))
    return [warning for warning in warnings if warning not in given]


def load_render_settings(db: Database) -> str | None:
    """Load the digest of the settings with which entries were rendered; None in a new store."""
    digest: str | None = db.value("meta_get", ("render",))
    return digest


def use_render_settings(db: Database, digest: str) -> None:
    """Store the digest of the settings that entries are rendered with; others discard every rendered entry."""
    with db.transaction():
        # A new store has nothing to discard.
        if db.value("meta_get", ("render",)) not in (None, digest):
            db.run("entries_drop")
            db.run("feeds_touch_all")
        db.run("meta_put", ("render", digest))


def record_publication(db: Database, publication: PublishedDocuments) -> None:
    """Record a publication: a hub is notified of a document exactly if the document is recorded as written."""
    feed_by_path = publication.feed_by_path
    with db.transaction():
        # Before the documents are recorded: the digest that they had decides who needs a delivery.
        subscriptions.enqueue(db, publication.changed, publication.site_url, publication.hubs)
        db.many(
            "document_put",
            [(path, feed_by_path.get(path), *item) for path, item in publication.written.items()],
        )
        db.many("document_drop", [(path,) for path in publication.removed])
        # Only up to the revision that was read before: what changed since then stays due.
        db.many("feed_settle", publication.published)
        if publication.is_complete:
            db.run("meta_put", (TREE_NEWER, ""))
