"""Sealed history: archives cut from the log of each feed (RFC 5005, section 4).

An archive is written once. It is on disk before the store knows of it, and the store knows of it
before a subscription document names it. The archives of a new feed name a subscription document too, so
that one comes first, without them. Afterwards only a withdrawn entry is cut out of its bytes; one that was
lost on disk is made again from what the store still has. So are all, once, where an older feedd wrote what is not
to be published: those that have nothing of it have the same bytes again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from feeds.models import Extent, Format
from feeds.output.tree import Tree
from feeds.publisher import precompressed
from feeds.publisher.entry_cache import PARTS, EntryReader, render_missing
from feeds.publisher.feed_metadata import archive_formats, archive_head, head_of
from feeds.run_context import Run
from feeds.storage import archives
from feeds.storage.archives import Archived, Logged
from feeds.storage.feeds import DirtyFeed, load_dirty_feeds, load_feeds, load_window
from feeds.values import document_paths

_RULE = "1"
"""Counts up when what was published before must not stand in archives any more."""
MOST_BYTES = 2 * 1024 * 1024
_DOCUMENTS_PER_BATCH = 400
_BYTES_PER_BATCH = 48 * 1024 * 1024
_POSTS_PER_BATCH = 20_000


@dataclass(slots=True)
class _Batch:
    """Archives that are queued for writing and that the store does not know yet."""

    sealed: list[tuple[int, int, Sequence[Logged]]] = field(default_factory=list)
    feed_of: dict[str, int] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    """Feeds whose subscription documents are queued before their archives."""
    size: int = 0

    @property
    def full(self) -> bool:
        return len(self.feed_of) >= _DOCUMENTS_PER_BATCH or self.size >= _BYTES_PER_BATCH


def seal(run: Run, tree: Tree, dirty: Sequence[DirtyFeed], first: Mapping[int, Extent]) -> set[int]:
    """Write every full archive of these feeds; the feeds whose archive cannot be put in place.

    ``first`` are the posts that subscription documents show, with what is to be rendered of them.
    """
    most = run.config.output.entries
    longer = archives.find_long_logs(run.db, [one.number for one in dirty], most)
    feeds = [one for one in dirty if one.number in longer and archive_formats(run.config, one.kind)]
    if not feeds:
        return set()
    _render_ends(run, feeds, first)
    reader = EntryReader(run.db)
    newest = archives.load_newest_archives(run.db)
    batch, held = _Batch(), set()
    for done, feed in enumerate(feeds, 1):
        number = newest.get(feed.number, 0)
        rows, start = archives.load_unarchived(run.db, feed.number), 0
        while len(rows) - start > most:
            number += 1
            ahead = rows[start : start + most]
            parts = reader.parts([row.post for row in ahead])
            page = ahead[: _page_size(run, feed, ahead, parts)]
            start += len(page)
            if not _queue(run, tree, feed, _documents(run, feed, number, page, parts), batch):
                held.add(feed.number)
                break
            batch.sealed.append((feed.number, number, page))
            if batch.full:
                _commit(run, tree, batch)
                batch = _Batch()
        run.progress("archives", done, len(feeds))
    _commit(run, tree, batch)
    return held


def _render_ends(run: Run, feeds: Sequence[DirtyFeed], first: Mapping[int, Extent]) -> None:
    """Render what the archives to come hold; what no document can hold leaves the logs with its feeds."""
    ends = {row.post for feed in feeds for row in archives.load_unarchived(run.db, feed.number)}
    for some in document_paths.chunks(sorted(ends), _POSTS_PER_BATCH):
        render_missing(run, {post: first.get(post, Extent.ARCHIVED) for post in some})


def _page_size(
    run: Run, feed: DirtyFeed, rows: Sequence[Logged], parts: Mapping[int, Sequence[bytes]]
) -> int:
    most = run.config.output.entries
    forms = archive_formats(run.config, feed.kind)
    columns = [PARTS.index(form) for form in forms]
    sizes = [[len(parts[row.post][column]) for column in columns] for row in rows[:most]]
    return document_paths.page_of(sizes, most, MOST_BYTES)


def _queue(run: Run, tree: Tree, feed: DirtyFeed, documents: Mapping[str, bytes], batch: _Batch) -> bool:
    for path, data in {**_beginning(run, tree, feed, batch), **documents}.items():
        if not precompressed.put(run, tree, path, data):
            return False
        batch.feed_of.update(dict.fromkeys(precompressed.places(run, [path]), feed.number))
        batch.size += len(data)
    return True


def _beginning(run: Run, tree: Tree, feed: DirtyFeed, batch: _Batch) -> dict[str, bytes]:
    """The subscription documents that archives name, if they are not there: for now without any archive."""
    from feeds.renderer.documents import join

    if feed.number in batch.begun or tree.dry:
        return {}
    batch.begun.add(feed.number)
    paths = {
        document_paths.document_path(feed.kind, feed.slug, form): form
        for form in archive_formats(run.config, feed.kind)
    }
    missing = {path: form for path, form in paths.items() if not tree.intact(path)}
    if not missing:
        return {}
    rows = load_window(run.db, feed.number, run.config.output.entries)
    render_missing(run, {row[0]: Extent.SHOWN for row in rows})
    parts = EntryReader(run.db).parts([row[0] for row in rows])
    ordered = [
        parts[post]
        for post in document_paths.in_order(document_paths.Place(*row) for row in rows)
        if post in parts
    ]
    head = head_of(run.config, feed, run.db.value("feed_latest", (feed.number,)) or 0)
    return {
        path: join(head, form, [part[PARTS.index(form)] for part in ordered])
        for path, form in missing.items()
    }


def _documents(
    run: Run,
    feed: DirtyFeed,
    number: int,
    page: Sequence[Logged | Archived],
    parts: Mapping[int, Sequence[bytes]],
) -> dict[str, bytes]:
    """An archive in each of its formats, by path."""
    from feeds.renderer.documents import join

    ordered = document_paths.in_order(document_paths.Place(row.post, row.uid, row.published) for row in page)
    head = archive_head(run.config, feed, number, max((row.updated for row in page), default=0))
    return {
        document_paths.archive_path(feed.kind, feed.slug, number, form): join(
            head, form, [parts[post][PARTS.index(form)] for post in ordered if post in parts]
        )
        for form in archive_formats(run.config, feed.kind)
    }


def _commit(run: Run, tree: Tree, batch: _Batch) -> None:
    tree.flush()
    archives.close_archives(run.db, batch.sealed, _rows(tree, batch.feed_of))


def _rows(tree: Tree, feed_of: Mapping[str, int]) -> list[tuple[str, int, str, int, int]]:
    return [(path, feed, *tree.written[path]) for path, feed in feed_of.items() if path in tree.written]


def repair(run: Run, tree: Tree, lost: bool) -> set[int]:
    """Cut withdrawn entries out of archives and, if asked, write again those that are ``lost`` on disk.

    Returns:
        The feeds one of whose archives cannot be put in place.
    """
    archives.remove_abandoned_logs(run.db, [one.number for one in load_dirty_feeds(run.db)])
    stale = dict.fromkeys(archives.load_stale_archives(run.db))
    older = run.db.value("meta_get", ("archives",)) != _RULE
    if not lost and not stale and not older:
        return set()
    feeds = {one.number: one for one in load_feeds(run.db)}
    places = list(stale)
    if lost or older:
        places += [
            (n, one)
            for n, last in archives.load_newest_archives(run.db).items()
            for one in range(1, last + 1)
        ]
    missing = {place: _missing(run, tree, feeds[place[0]], place[1], older) for place in places}
    work = {place: forms for place, forms in missing.items() if forms or place in stale}
    held = _repair(run, tree, feeds, work) if work else set()
    if older and not held:
        with run.db.transaction():
            run.db.run("meta_put", ("archives", _RULE))
    return held


def _missing(run: Run, tree: Tree, feed: DirtyFeed, number: int, older: bool) -> list[Format]:
    """The formats in which an archive does not lie there as it is to be."""
    return [
        form
        for form in archive_formats(run.config, feed.kind)
        if older
        or not _is_in_place(run, tree, document_paths.archive_path(feed.kind, feed.slug, number, form))
    ]


def _is_in_place(run: Run, tree: Tree, path: str) -> bool:
    return tree.intact(path) and all(tree.settled(place) for place in precompressed.places(run, [path]))


def _repair(
    run: Run, tree: Tree, feeds: Mapping[int, DirtyFeed], work: Mapping[tuple[int, int], Sequence[Format]]
) -> set[int]:
    batch, held, done = _Batch(), set(), []
    for (number, one), missing in work.items():
        feed = feeds[number]
        page = archives.load_archive(run.db, number, one)
        documents = _made_again(run, feed, one, page) if missing else {}
        for form in archive_formats(run.config, feed.kind):
            path = document_paths.archive_path(feed.kind, feed.slug, one, form)
            if form not in missing:
                documents[path] = _without_withdrawn(tree, path, form, page)
        if _queue(run, tree, feed, documents, batch):
            done.append((number, one))
        else:
            held.add(number)
        if batch.full:
            tree.flush()
            archives.mark_archives_clean(run.db, done, _rows(tree, batch.feed_of))
            batch, done = _Batch(), []
    tree.flush()
    archives.mark_archives_clean(run.db, done, _rows(tree, batch.feed_of))
    return held


def _made_again(run: Run, feed: DirtyFeed, number: int, page: Sequence[Archived]) -> dict[str, bytes]:
    posts = [row.post for row in page]
    render_missing(run, dict.fromkeys(posts, Extent.ARCHIVED))
    return _documents(run, feed, number, page, EntryReader(run.db).parts(posts))


def _without_withdrawn(tree: Tree, path: str, form: Format, page: Sequence[Archived]) -> bytes:
    """The bytes of an archive as they lie on disk, but for entries that it shall not hold any more."""
    from feeds.renderer.documents import keep_entries

    return keep_entries(tree.read(path), form, {row.uid for row in page})


def paths_of(run: Run, feed: DirtyFeed, newest: int) -> Iterable[str]:
    """Where the archives of a feed lie."""
    return (
        document_paths.archive_path(feed.kind, feed.slug, number, form)
        for form in archive_formats(run.config, feed.kind)
        for number in range(1, newest + 1)
    )
