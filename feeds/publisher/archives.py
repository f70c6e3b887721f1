"""Archives: closed documents with the older entries of a feed (RFC 5005, section 4).

An archive is written once. The order of writing keeps every link valid: the archive is on disk before the
store records it, and the store records it before a subscription document links to it.
Later, only entries that were withdrawn are removed from its bytes. An archive that is lost on disk is
rebuilt from the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from feeds.models import Extent, Format
from feeds.output.tree import Tree
from feeds.publisher import precompressed
from feeds.publisher.entry_cache import PARTS, EntryReader, render_missing
from feeds.publisher.feed_metadata import build_archive_head, build_feed_head, get_archive_formats
from feeds.run_context import Run
from feeds.storage import archives
from feeds.storage.archives import Archived, Logged
from feeds.storage.feeds import DirtyFeed, load_dirty_feeds, load_feeds, load_window
from feeds.values import document_paths

_REVISION = "1"
"""Increase it when a new version must remove something from archives that an older version wrote."""
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


def close_archives(run: Run, tree: Tree, dirty: Sequence[DirtyFeed], first: Mapping[int, Extent]) -> set[int]:
    """Close and write every full archive of these feeds.

    Args:
        run: The run.
        tree: The output tree.
        dirty: Feeds to look at.
        first: Posts of the subscription documents, with the extent to which each is rendered.

    Returns:
        Numbers of the feeds whose archive could not be written.
    """
    most = run.config.output.entries
    longer = archives.find_long_logs(run.db, [feed.number for feed in dirty], most)
    feeds = [feed for feed in dirty if feed.number in longer and get_archive_formats(run.config, feed.kind)]
    if not feeds:
        return set()
    _render_unarchived(run, feeds, first)
    reader = EntryReader(run.db)
    newest = archives.load_newest_archives(run.db)
    batch, failed = _Batch(), set()
    for done, feed in enumerate(feeds, 1):
        number = newest.get(feed.number, 0)
        rows, start = archives.load_unarchived(run.db, feed.number), 0
        while len(rows) - start > most:
            number += 1
            ahead = rows[start : start + most]
            parts = reader.read_parts([row.post for row in ahead])
            # The byte limit may close an archive before it has its full number of entries.
            page = ahead[: _measure_archive(run, feed, ahead, parts)]
            start += len(page)
            if not _queue(run, tree, feed, _join_archive(run, feed, number, page, parts), batch):
                failed.add(feed.number)
                break
            batch.closed.append((feed.number, number, page))
            # Bounded batches: a long history must fit into memory, and an interrupted run keeps what it wrote.
            if batch.full:
                _commit(run, tree, batch)
                batch = _Batch()
        run.progress("archives", done, len(feeds))
    _commit(run, tree, batch)
    return failed


def _render_unarchived(run: Run, feeds: Sequence[DirtyFeed], first: Mapping[int, Extent]) -> None:
    """Render the unarchived entries of these feeds; posts that fit no document leave their feeds."""
    ends = {row.post for feed in feeds for row in archives.load_unarchived(run.db, feed.number)}
    for some in document_paths.split_into_chunks(sorted(ends), _POSTS_PER_BATCH):
        render_missing(run, {post: first.get(post, Extent.ARCHIVED) for post in some})


def _measure_archive(
    run: Run, feed: DirtyFeed, rows: Sequence[Logged], parts: Mapping[int, Sequence[bytes]]
) -> int:
    most = run.config.output.entries
    forms = get_archive_formats(run.config, feed.kind)
    columns = [PARTS.index(form) for form in forms]
    sizes = [[len(parts[row.post][column]) for column in columns] for row in rows[:most]]
    return document_paths.count_archive_entries(sizes, most, MAX_BYTES)


def _queue(run: Run, tree: Tree, feed: DirtyFeed, documents: Mapping[str, bytes], batch: _Batch) -> bool:
    for path, data in {**_join_missing_documents(run, tree, feed, batch), **documents}.items():
        if not precompressed.put(run, tree, path, data):
            return False
        batch.feed_by_path.update(dict.fromkeys(precompressed.list_variants(run, [path]), feed.number))
        batch.size += len(data)
    return True


def _join_missing_documents(run: Run, tree: Tree, feed: DirtyFeed, batch: _Batch) -> dict[str, bytes]:
    """Join the subscription documents that archives link to, where they are missing on disk.

    They link to no archive yet: the regular write that follows adds that link.
    """
    from feeds.renderer.documents import join

    # A dry run writes no archive either, so nothing links to these documents.
    if feed.number in batch.begun or tree.dry:
        return {}
    batch.begun.add(feed.number)
    paths = {
        document_paths.build_document_path(feed.kind, feed.slug, form): form
        for form in get_archive_formats(run.config, feed.kind)
    }
    missing = {path: form for path, form in paths.items() if not tree.is_intact(path)}
    if not missing:
        return {}
    rows = load_window(run.db, feed.number, run.config.output.entries)
    render_missing(run, {row[0]: Extent.SHOWN for row in rows})
    parts = EntryReader(run.db).read_parts([row[0] for row in rows])
    ordered = [
        parts[post]
        for post in document_paths.sort_places(document_paths.Place(*row) for row in rows)
        if post in parts
    ]
    head = build_feed_head(run.config, feed, run.db.value("feed_latest", (feed.number,)) or 0)
    return {
        path: join(head, form, [part[PARTS.index(form)] for part in ordered])
        for path, form in missing.items()
    }


def _join_archive(
    run: Run,
    feed: DirtyFeed,
    number: int,
    page: Sequence[Logged | Archived],
    parts: Mapping[int, Sequence[bytes]],
) -> dict[str, bytes]:
    """Join an archive in each of its formats; return its documents by path."""
    from feeds.renderer.documents import join

    ordered = document_paths.sort_places(
        document_paths.Place(row.post, row.uid, row.published) for row in page
    )
    head = build_archive_head(run.config, feed, number, max((row.updated for row in page), default=0))
    return {
        document_paths.build_archive_path(feed.kind, feed.slug, number, form): join(
            head, form, [parts[post][PARTS.index(form)] for post in ordered if post in parts]
        )
        for form in get_archive_formats(run.config, feed.kind)
    }


def _commit(run: Run, tree: Tree, batch: _Batch) -> None:
    tree.flush()
    archives.close_archives(run.db, batch.closed, _list_written(tree, batch.feed_by_path))


def _list_written(tree: Tree, feed_by_path: Mapping[str, int]) -> list[tuple[str, int, str, int, int]]:
    return [(path, feed, *tree.written[path]) for path, feed in feed_by_path.items() if path in tree.written]


def repair(run: Run, tree: Tree, lost: bool) -> set[int]:
    """Remove withdrawn entries from archives, and rebuild archives that are missing on disk.

    Args:
        run: The run.
        tree: The output tree.
        lost: Whether to look for archives that are missing or changed on disk.

    Returns:
        Numbers of the feeds with an archive that could not be written.
    """
    archives.remove_abandoned_logs(run.db, [feed.number for feed in load_dirty_feeds(run.db)])
    stale = dict.fromkeys(archives.load_stale_archives(run.db))
    older = run.db.value("meta_get", ("archives",)) != _REVISION
    if not lost and not stale and not older:
        return set()
    feeds = {feed.number: feed for feed in load_feeds(run.db)}
    places = list(stale)
    if lost or older:
        places += [
            (n, feed)
            for n, last in archives.load_newest_archives(run.db).items()
            for feed in range(1, last + 1)
        ]
    missing = {place: _find_missing(run, tree, feeds[place[0]], place[1], older) for place in places}
    work = {place: forms for place, forms in missing.items() if forms or place in stale}
    failed = _rewrite_archives(run, tree, feeds, work) if work else set()
    # Recorded only after success, so that a failed rewrite is tried again by the next run.
    if older and not failed:
        with run.db.transaction():
            run.db.run("meta_put", ("archives", _REVISION))
    return failed


def _find_missing(run: Run, tree: Tree, feed: DirtyFeed, number: int, older: bool) -> list[Format]:
    """Return the formats of an archive that are missing or changed on disk; all of them with ``older``."""
    return [
        form
        for form in get_archive_formats(run.config, feed.kind)
        if older
        or not _is_in_place(run, tree, document_paths.build_archive_path(feed.kind, feed.slug, number, form))
    ]


def _is_in_place(run: Run, tree: Tree, path: str) -> bool:
    return tree.is_intact(path) and all(
        tree.is_up_to_date(place) for place in precompressed.list_variants(run, [path])
    )


def _rewrite_archives(
    run: Run, tree: Tree, feeds: Mapping[int, DirtyFeed], work: Mapping[tuple[int, int], Sequence[Format]]
) -> set[int]:
    batch, failed, done = _Batch(), set(), []
    for (number, archive), missing in work.items():
        feed = feeds[number]
        page = archives.load_archive(run.db, number, archive)
        documents = _rebuild_archive(run, feed, archive, page) if missing else {}
        for form in get_archive_formats(run.config, feed.kind):
            path = document_paths.build_archive_path(feed.kind, feed.slug, archive, form)
            # Bytes on disk are kept where they exist: published archives must not change otherwise.
            if form not in missing:
                documents[path] = _remove_withdrawn(tree, path, form, page)
        if _queue(run, tree, feed, documents, batch):
            done.append((number, archive))
        else:
            failed.add(number)
        if batch.full:
            tree.flush()
            archives.mark_archives_clean(run.db, done, _list_written(tree, batch.feed_by_path))
            batch, done = _Batch(), []
    tree.flush()
    archives.mark_archives_clean(run.db, done, _list_written(tree, batch.feed_by_path))
    return failed


def _rebuild_archive(run: Run, feed: DirtyFeed, number: int, page: Sequence[Archived]) -> dict[str, bytes]:
    posts = [row.post for row in page]
    render_missing(run, dict.fromkeys(posts, Extent.ARCHIVED))
    return _join_archive(run, feed, number, page, EntryReader(run.db).read_parts(posts))


def _remove_withdrawn(tree: Tree, path: str, form: Format, page: Sequence[Archived]) -> bytes:
    """Return the bytes of an archive on disk without the entries that the store no longer lists in it."""
    from feeds.renderer.documents import keep_entries

    return keep_entries(tree.read(path), form, {row.uid for row in page})


def list_paths(run: Run, feed: DirtyFeed, newest: int) -> Iterable[str]:
    """Return the paths of a feed's archives, from number 1 to ``newest``, in every archive format."""
    return (
        document_paths.build_archive_path(feed.kind, feed.slug, number, form)
        for form in get_archive_formats(run.config, feed.kind)
        for number in range(1, newest + 1)
    )
