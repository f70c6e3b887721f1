"""Archives: closed documents with the older entries of a feed (RFC 5005, section 4).

An archive is written once. The order of writing keeps every link valid: the archive is on disk before the
store records it, and the store records it before a subscription document links to it.
Later, only entries that were withdrawn are removed from its bytes. An archive that is lost on disk is
rebuilt from the store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from feeds.models import Extent, Format, Kind
from feeds.output.tree import Tree
from feeds.publisher.entry_cache import PARTS, EntryReader, render_missing
from feeds.publisher.feed_head import build_archive_head, build_feed_head
from feeds.publisher.plan import FeedPaths, compute_extents, list_variants, locate_feed, order_posts
from feeds.publisher.publication import Publication
from feeds.storage.archives import Archived, Logged
from feeds.storage.feeds import (
    ShownPost,
    StoredFeed,
)
from feeds.values import document_paths

_REVISION = "1"
"""Increase it when a new version must remove something from archives that an older version wrote."""
# Readers fetch a whole archive at once, often on a phone.
MAX_BYTES = 2 * 1024 * 1024
_MAX_BATCH_DOCUMENTS = 400
_MAX_BATCH_BYTES = 48 * 1024 * 1024
_POSTS_PER_BATCH = 20_000


@dataclass(slots=True)
class _Batch:
    """Archives that are queued for writing and not recorded in the store yet."""

    closed: list[tuple[int, int, Sequence[Logged]]] = field(default_factory=list)
    feed_by_path: dict[str, int] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    """Feeds whose subscription documents were queued before their archives."""
    size: int = 0

    @property
    def full(self) -> bool:
        return len(self.feed_by_path) >= _MAX_BATCH_DOCUMENTS or self.size >= _MAX_BATCH_BYTES


def write_archives(publication: Publication, *, lost: bool) -> None:
    """Close and write full archives, and repair older archives; call it before anything links to them.

    A feed with an archive that could not be written stays unfinished.

    Args:
        publication: The publication.
        lost: Whether to rebuild archives that are missing or changed on disk.
    """
    settings, db = publication.settings, publication.db
    if not settings.archive:
        return
    # The log has to be complete before it shows which archives are full.
    db.complete_logs(settings.entries)
    # Missing archives are repaired first, because a new archive links to the archive before it.
    _repair_archives(publication, lost)
    dirty = db.load_dirty_feeds()
    longer = db.find_long_logs([feed.number for feed in dirty], settings.entries)
    feeds = [feed for feed in dirty if feed.number in longer and feed.kind in settings.archive_kinds]
    if feeds:
        _close_archives(publication, dirty, feeds)


def _close_archives(
    publication: Publication, dirty: Sequence[StoredFeed], feeds: Sequence[StoredFeed]
) -> None:
    """Close and write every full archive of these feeds."""
    most, db = publication.settings.entries, publication.db
    _render_unarchived(publication, dirty, feeds)
    reader = EntryReader(db)
    newest = db.load_newest_archives()
    batch = _Batch()
    for done, feed in enumerate(feeds, 1):
        number = newest.get(feed.number, 0)
        paths = locate_feed(publication.settings, feed.kind, feed.slug)
        rows, start = db.load_unarchived_versions(feed.number), 0
        # One entry more than an archive holds must be left: the subscription document is never empty.
        while len(rows) - start > most:
            number += 1
            ahead = rows[start : start + most]
            parts = reader.read_parts([row.post for row in ahead])
            # The byte limit may close an archive before it has its full number of entries.
            page = ahead[: _measure_archive(most, paths, ahead, parts)]
            start += len(page)
            documents = _join_archive(publication, feed, paths, number, page, parts)
            if not _queue(publication, feed, paths, documents, batch):
                # The archive after it would link to a document that does not exist.
                publication.unfinished.add(feed.number)
                break
            batch.closed.append((feed.number, number, page))
            # Bounded batches: a long history must fit into memory, and an interrupted run keeps what it wrote.
            if batch.full:
                _commit(publication, batch)
                batch = _Batch()
        publication.session.progress("archives", done, len(feeds))
    _commit(publication, batch)


def _render_unarchived(
    publication: Publication, dirty: Sequence[StoredFeed], feeds: Sequence[StoredFeed]
) -> None:
    """Render the unarchived entries of these feeds; posts that fit no document leave their feeds.

    Those that a document of a dirty feed shows are rendered as that needs them, so that none is rendered twice.
    """
    settings, db = publication.settings, publication.db
    shown = db.load_shown_posts({feed.number: False for feed in dirty}, settings.entries)
    by_kind: dict[Kind, list[Sequence[ShownPost]]] = {}
    for feed in dirty:
        by_kind.setdefault(feed.kind, []).append(shown[feed.number])
    first = compute_extents(settings, by_kind)
    # Rendered for all feeds together, because the same posts are in several feeds.
    ends = {row.post for feed in feeds for row in db.load_unarchived_versions(feed.number)}
    for some in document_paths.split_into_chunks(sorted(ends), _POSTS_PER_BATCH):
        render_missing(publication, {post: first.get(post, Extent.ARCHIVED) for post in some})


def _measure_archive(
    most: int, paths: FeedPaths, rows: Sequence[Logged], parts: Mapping[int, Sequence[bytes]]
) -> int:
    columns = [PARTS.index(form) for form in paths.archive_formats]
    # The largest format decides, so that an archive has the same entries in all formats.
    sizes = [[len(parts[row.post][column]) for column in columns] for row in rows[:most]]
    return document_paths.count_archive_entries(sizes, most, MAX_BYTES)


def _queue(
    publication: Publication,
    feed: StoredFeed,
    paths: FeedPaths,
    documents: Mapping[str, bytes],
    batch: _Batch,
) -> bool:
    missing = _join_missing_documents(publication, feed, paths, batch)
    for path, data in {**missing, **documents}.items():
        if not publication.put(path, data):
            return False
        batch.feed_by_path.update(dict.fromkeys(list_variants(publication.settings, [path]), feed.number))
        batch.size += len(data)
    return True


def _join_missing_documents(
    publication: Publication, feed: StoredFeed, paths: FeedPaths, batch: _Batch
) -> dict[str, bytes]:
    """Join the subscription documents that archives link to, where they are missing on disk.

    They link to no archive yet: the regular write that follows adds that link.
    """
    from feeds.renderer.documents import join

    db, settings, tree = publication.db, publication.settings, publication.tree
    # A dry run writes no archive either, so nothing links to these documents.
    if feed.number in batch.begun or tree.dry:
        return {}
    # Once for each feed and batch, although a feed may close many archives.
    batch.begun.add(feed.number)
    documents = {paths.documents[form]: form for form in paths.archive_formats}
    missing = {path: form for path, form in documents.items() if not tree.is_intact(path)}
    if not missing:
        return {}
    rows = db.load_newest_posts(feed.number, settings.entries)
    render_missing(publication, {row.post: Extent.SHOWN for row in rows})
    parts = EntryReader(db).read_parts([row.post for row in rows])
    ordered = [parts[post] for post in order_posts(rows) if post in parts]
    head = build_feed_head(settings, feed, paths, db.find_latest_change(feed.number))
    return {
        path: join(head, form, [part[PARTS.index(form)] for part in ordered])
        for path, form in missing.items()
    }


def _join_archive(
    publication: Publication,
    feed: StoredFeed,
    paths: FeedPaths,
    number: int,
    page: Sequence[Logged | Archived],
    parts: Mapping[int, Sequence[bytes]],
) -> dict[str, bytes]:
    """Join an archive in each of its formats; return its documents by path."""
    from feeds.renderer.documents import join

    ordered = order_posts(page)
    updated = max((row.updated for row in page), default=0)
    head = build_archive_head(publication.settings, feed, paths, number, updated)
    return {
        path: join(head, form, [parts[post][PARTS.index(form)] for post in ordered if post in parts])
        for form, path in paths.list_archives(number).items()
    }


def _commit(publication: Publication, batch: _Batch) -> None:
    # On the disk before the store records them: the record must never be ahead.
    publication.tree.flush()
    publication.db.close_archives(batch.closed, _list_written(publication.tree, batch.feed_by_path))


def _list_written(tree: Tree, feed_by_path: Mapping[str, int]) -> list[tuple[str, int, str, int, int]]:
    return [(path, feed, *tree.written[path]) for path, feed in feed_by_path.items() if path in tree.written]


def _repair_archives(publication: Publication, lost: bool) -> None:
    """Remove withdrawn entries from archives; if ``lost``, rebuild archives that are missing or changed on disk."""
    db = publication.db
    found, older = db.find_archives_to_repair(_REVISION)
    stale = dict.fromkeys(found)
    if not lost and not stale and not older:
        return
    # Looking at every archive takes a while, so a usual run looks only at stale archives.
    newest = db.load_newest_archives() if lost or older else {}
    places = [*stale, *((feed, number) for feed, last in newest.items() for number in range(1, last + 1))]
    failed = _rewrite_archives(publication, places, stale, older) if places else set()
    publication.unfinished |= failed
    # Recorded only after success, so that a failed rewrite is tried again by the next run.
    if older and not failed:
        db.save_archive_revision(_REVISION)


def _find_missing(publication: Publication, paths: Mapping[Format, str], older: bool) -> list[Format]:
    """Return the formats of an archive that are missing or changed on disk; all of them with ``older``."""
    return [form for form, path in paths.items() if older or not _is_in_place(publication, path)]


def _is_in_place(publication: Publication, path: str) -> bool:
    tree = publication.tree
    return tree.is_intact(path) and all(
        tree.is_up_to_date(place) for place in list_variants(publication.settings, [path])
    )


def _rewrite_archives(
    publication: Publication,
    places: Iterable[tuple[int, int]],
    stale: Collection[tuple[int, int]],
    older: bool,
) -> set[int]:
    """Write those of these archives that are stale or missing; return the feeds with an archive that could not be written."""
    tree, db = publication.tree, publication.db
    feeds = {feed.number: feed for feed in db.load_feeds()}
    batch, failed, done = _Batch(), set(), []
    for number, archive in dict.fromkeys(places):
        feed = feeds[number]
        paths = locate_feed(publication.settings, feed.kind, feed.slug)
        found = paths.list_archives(archive)
        missing = _find_missing(publication, found, older)
        if not missing and (number, archive) not in stale:
            continue
        page = db.load_archive(number, archive)
        documents = _rebuild_archive(publication, feed, paths, archive, page) if missing else {}
        # Bytes on disk are kept where they exist: published archives must not change otherwise.
        documents |= {
            path: _remove_withdrawn(tree, path, form, page)
            for form, path in found.items()
            if form not in missing
        }
        if _queue(publication, feed, paths, documents, batch):
            done.append((number, archive))
        else:
            failed.add(number)
        if batch.full:
            tree.flush()
            db.mark_archives_clean(done, _list_written(tree, batch.feed_by_path))
            batch, done = _Batch(), []
    tree.flush()
    db.mark_archives_clean(done, _list_written(tree, batch.feed_by_path))
    return failed


def _rebuild_archive(
    publication: Publication, feed: StoredFeed, paths: FeedPaths, number: int, page: Sequence[Archived]
) -> dict[str, bytes]:
    posts = [row.post for row in page]
    render_missing(publication, dict.fromkeys(posts, Extent.ARCHIVED))
    parts = EntryReader(publication.db).read_parts(posts)
    return _join_archive(publication, feed, paths, number, page, parts)


def _remove_withdrawn(tree: Tree, path: str, form: Format, page: Sequence[Archived]) -> bytes:
    """Return the bytes of an archive on disk without the entries that the store no longer lists in it."""
    from feeds.renderer.documents import keep_entries

    return keep_entries(tree.read(path), form, {row.uid for row in page})
