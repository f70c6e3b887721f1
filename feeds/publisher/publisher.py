"""The steps of publishing: render what is missing, write documents, record them in the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from feeds.config import Config, ListSource, checks
from feeds.errors import StoreError
from feeds.models import NEWEST, TEASERS, Extent
from feeds.output.single_files import clear_beside, replace_file
from feeds.output.tree import Tree
from feeds.publisher import archives, entry_cache, html_pages, precompressed
from feeds.publisher.feed_metadata import build_feed_head, get_archive_formats, get_label
from feeds.run_context import Run
from feeds.sources import expand_sources
from feeds.storage import archives as stored_archives
from feeds.storage import feeds as stored
from feeds.storage import ledger, retention
from feeds.storage.feeds import DirtyFeed
from feeds.storage.sqlite import Database
from feeds.values import document_paths
from feeds.values.slugs import build_slug, fold, is_slug, make_distinct

# Feed readers that poll less often than monthly keep a deleted entry; longer lists cost every other reader.
_TOMBSTONE_AGE = timedelta(days=30)
_MAX_TOMBSTONES = 100


@dataclass(slots=True)
class Published:
    """Counts and problems of publishing. ``held`` maps documents that were not written to the reason."""

    rendered: int = 0
    held: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Feed:
    """A dirty feed with the posts of its subscription document, in the order of the document."""

    feed: DirtyFeed
    posts: list[int]
    updated: int = 0
    archives: int = 0
    """Number of its newest closed archive."""
    held: bool = False
    unfinished: bool = False
    """An archive could not be written, so the feed stays dirty."""


def get_ledger_path(config: Config) -> Path:
    """Return the path of the ledger, in the folder of the store."""
    return config.store.with_name(ledger.LEDGER)


def retire(run: Run) -> int:
    """Remove posts that exceed the configured ``keep`` limits; return how many."""
    # Expanding lists of sources takes time, which a configuration without limits need not spend.
    bounded = any(
        (source.settings if isinstance(source, ListSource) else source).keep for source in run.config.sources
    )
    every = expand_sources(run.config, run.db)[0] if bounded else []
    settings = {source.name: parse_keep(source.keep) for source in every if source.keep}
    sources = {number: settings[name] for number, (name, _) in run.sources.items() if name in settings}
    return retention.apply(run.db, run.clock(), parse_keep(run.config.output.keep), sources)


def parse_keep(text: str) -> retention.Keep:
    """Parse a ``keep`` setting into its limits."""
    return retention.Keep(*checks.parse_keep(text))


def check_slugs(db: Database) -> None:
    """Remove slugs from the store that could leave their folder, so that new slugs are assigned."""
    stored.drop_unfit_slugs(db, is_slug)


def assign_slugs(db: Database, config: Config) -> None:
    """Assign a slug to every new feed."""

    def make_unique(wish: str, name: str, taken: Collection[str]) -> tuple[str, str]:
        given = make_distinct(wish, name, taken)
        return given, fold(given)

    stored.assign_feed_slugs(db, lambda name: build_slug(name, config.output.slugs), make_unique)


def mark_lost_documents(db: Database, tree: Tree, config: Config) -> None:
    """Mark feeds dirty whose documents are missing or changed on disk; with ``tree.full`` all feeds."""
    db.scope(path for path in tree.known if not tree.is_intact(path))
    lost = {feed for _, _, feed in db.rows("documents_of_paths") if feed is not None}
    if tree.full or lost:
        with db.transaction():
            if tree.full:
                db.run("entries_drop")
                db.run("feeds_touch_all")
            else:
                db.many("feed_touch", [(feed,) for feed in lost])


def write_archives(run: Run, tree: Tree, lost: bool) -> set[int]:
    """Close and write full archives; call it before anything links to them.

    Args:
        run: The run.
        tree: The output tree.
        lost: Whether to rebuild archives that are missing on disk.

    Returns:
        Numbers of the feeds with an archive that could not be written.
    """
    if not run.config.output.archive:
        return set()
    stored_archives.append_versions(run.db, run.config.output.entries)
    # Missing archives are repaired first, because a new archive links to the archive before it.
    failed = archives.repair(run, tree, lost)
    dirty = stored.load_dirty_feeds(run.db)
    shown = {feed: stored.load_window(run.db, feed.number, run.config.output.entries) for feed in dirty}
    return failed | archives.close_archives(run, tree, dirty, _compute_extents(run, shown))


def _compute_extents(
    run: Run, shown: Mapping[DirtyFeed, Sequence[tuple[int, str, int]]]
) -> dict[int, Extent]:
    """Return the extent to which each post must be rendered, for feeds that show these posts."""
    found: dict[int, Extent] = {}
    for feed, rows in shown.items():
        top = Extent.ON_FRONT if feed.kind == "all" else Extent.ON_PAGE if run.look.pages else Extent.SHOWN
        if (
            feed.kind == "all"
        ):  # the front page shows only posts that appeared last, no older unarchived entries
            newest = set(_sort_posts(rows[: run.config.output.entries])[:TEASERS])
        else:
            newest = set(_sort_posts(rows)[:NEWEST])
        for post, _, _ in rows:
            found[post] = max(found.get(post, Extent.SHOWN), top if post in newest else Extent.SHOWN)
    return found


def _sort_posts(rows: Sequence[tuple[int, str, int]]) -> list[int]:
    return document_paths.sort_places(document_paths.Place(*row) for row in rows)


def render_missing(run: Run, published: Published, failed: Collection[int] = ()) -> list[Feed]:
    """Render every post that a dirty feed shows and that has no entry yet.

    A post that would make a document invalid is left out and reported; the next post replaces it.

    Args:
        run: The run.
        published: Counts, updated in place.
        failed: Numbers of feeds that must stay dirty.
    """
    tried: set[int] = set()
    newest = stored_archives.load_newest_archives(run.db)
    while True:
        shown = {feed: _load_shown(run, feed) for feed in stored.load_dirty_feeds(run.db)}
        missing = entry_cache.render_missing(run, _compute_extents(run, shown))
        published.rendered += len(missing)
        # Invalid posts leave their feeds, and others move up: repeat until no new post is missing.
        if tried >= set(missing):
            return [
                Feed(
                    feed,
                    _sort_posts(rows),
                    archives=newest.get(feed.number, 0),
                    unfinished=feed.number in failed,
                )
                for feed, rows in shown.items()
            ]
        tried.update(missing)


def _load_shown(run: Run, feed: DirtyFeed) -> list[tuple[int, str, int]]:
    """Load the posts of a subscription document: those that appeared last, and the unarchived entries."""
    posts = stored.load_window(run.db, feed.number, run.config.output.entries)
    if get_archive_formats(run.config, feed.kind):
        ends = stored_archives.load_unarchived(run.db, feed.number)
        posts += [(row.post, row.uid, row.published) for row in ends]
    return list(dict.fromkeys(posts))


def warm_up(run: Run) -> None:
    """Load modules and compile templates now, so that the first new post does not wait for them."""
    from feeds.renderer.documents import join

    feed = next((feed for feed in stored.load_feeds(run.db) if feed.kind == "all"), None)
    newest = stored.load_window(run.db, feed.number, 1) if feed else []
    if feed is None or not newest:
        return
    entry_cache.warm_up(run, newest[0][0])
    head = build_feed_head(run.config, feed, feed.updated)
    for form in run.config.output.formats:
        join(head, form, [])
    html_pages.build_front_page(run, [], [])


def write_feeds(run: Run, tree: Tree, feeds: Sequence[Feed], published: Published) -> None:
    """Join the entries of each dirty feed into its documents, and write the documents that changed."""
    from feeds.output.validator import check_head
    from feeds.renderer.documents import join

    copies = document_paths.group_aliases(run.config.aliases)
    reader = entry_cache.EntryReader(run.db)
    figures = stored.load_feed_figures(run.db)
    for done, item in enumerate(feeds, 1):
        # A feed without posts has no documents; those it had are removed later.
        if not item.posts:
            continue
        count, latest = figures[item.feed.number]
        item.updated = latest or 0
        head = build_feed_head(run.config, item.feed, item.updated, item.archives)
        head = replace(head, deleted=_load_tombstones(run, item.feed))
        wrong = check_head(head)
        parts = reader.read_columns(item.posts) if not wrong else {}
        for form in run.config.output.formats:
            path = document_paths.build_document_path(item.feed.kind, item.feed.slug, form)
            # An invalid head would make every reader reject the document, so the old document stays.
            if wrong:
                published.held[path] = "; ".join(wrong)
                item.held = True
                continue
            data = join(head, form, parts[form])
            for place in (path, *copies.get(path, ())):
                item.held |= not precompressed.put(run, tree, place, data)
        # A page names the documents of its feed, so it must not be newer than they are.
        if not item.held:
            title = get_label(run.config, item.feed.kind, item.feed.name)
            for place in html_pages.list_page_paths(run, item.feed.kind, item.feed.slug):
                page = html_pages.build_feed_page(run, item.feed, title, head, count, parts["page"])
                item.held = not precompressed.put(run, tree, place, page)
        run.progress("writing", done, len(feeds))
    published.held.update(tree.unmanaged)
    tree.flush()


def _load_tombstones(run: Run, feed: DirtyFeed) -> tuple[tuple[str, datetime], ...]:
    """Load the entries that left a feed lately, with their times (RFC 6721)."""
    now, zone = run.clock(), ZoneInfo(run.config.site.timezone)
    since = int((now - _TOMBSTONE_AGE).timestamp())
    rows = run.db.rows("tombstones_of_feed", (feed.number, since, _MAX_TOMBSTONES))
    return tuple((uid, datetime.fromtimestamp(at, zone)) for uid, at in rows)


def collect_dates(feeds: Sequence[Feed]) -> dict[int, int] | None:
    """Return the latest change (seconds since 1970) of each written feed; None without dirty feeds."""
    return (
        {item.feed.number: item.updated for item in feeds if item.posts and not item.held} if feeds else None
    )


def mark_published(run: Run, tree: Tree, feeds: Sequence[Feed], published: Published) -> None:
    """Mark what was written as published: remove documents without a feed, then record the rest.

    It updates the store, ``.feedd`` and the ledger. Only documents of dirty feeds, and documents that belong
    to no feed, are ever removed.
    """
    recorded = _load_documents(run.db, feeds, tree.written)
    # Sorted, so that two runs report the same order.
    for path in sorted(recorded.keys() - tree.written.keys() - _list_wanted_paths(run, feeds)):
        tree.remove(path)
    published.held.update(tree.unmanaged)
    if tree.dry:
        return
    # Nothing to record saves a transaction, which a poll without news would otherwise pay for.
    if feeds or tree.written or tree.removed:
        _record_written(run, tree, feeds, recorded)
    tree.close({path: document.digest for path, document in tree.known.items()})
    published.held.update(tree.unmanaged)  # closing may find an unmanaged file in the place of `.feedd`
    published.held.update(write_ledger(run.db, run.config))


def _load_documents(
    db: Database, feeds: Sequence[Feed], written: Collection[str]
) -> dict[str, tuple[str, int | None]]:
    """Load digest and feed of documents: of these feeds, of no feed, and those just ``written``."""
    db.scope(item.feed.number for item in feeds)
    rows = [*db.rows("documents_of_feeds"), *db.rows("documents_of_none")]
    db.scope(written)
    rows += db.rows("documents_of_paths")
    return {path: (digest, feed) for path, digest, feed in rows}


def _record_written(
    run: Run, tree: Tree, feeds: Sequence[Feed], recorded: Mapping[str, tuple[str, int | None]]
) -> None:
    from feeds.storage import subscriptions

    config = run.config
    feed_of = {path: feed for path, (_, feed) in recorded.items()}
    feed_of |= {path: item.feed.number for item in feeds for path in _list_paths(run, item.feed)}
    # One transaction: a hub is notified of a document exactly if the document is recorded as written.
    with run.db.transaction():
        subscriptions.enqueue(
            run.db, _list_changed(config, recorded, tree), config.site.url, config.push.hubs
        )
        run.db.many("document_put", [(path, feed_of.get(path), *item) for path, item in tree.written.items()])
        run.db.many("document_drop", [(path,) for path in tree.removed])
        run.db.many(
            "feed_settle",
            [
                (f.feed.wanted, f.updated or f.feed.updated, f.feed.number)
                for f in feeds
                if not (f.held or f.unfinished or _is_refused(run, tree, f))
            ],
        )


def _is_refused(run: Run, tree: Tree, feed: Feed) -> bool:
    """Return whether an unmanaged file blocks a document of this feed, so that the next run tries again."""
    return bool(tree.refused) and not tree.refused.isdisjoint(
        (
            *_list_paths(run, feed.feed),
            *precompressed.list_variants(run, archives.list_paths(run, feed.feed, feed.archives)),
        )
    )


def _list_changed(
    config: Config, before: Mapping[str, tuple[str, int | None]], tree: Tree
) -> list[tuple[str, str]]:
    """Return path and digest of public subscription documents whose bytes changed, for the hubs."""
    return [
        (path, document.digest)
        for path, document in tree.written.items()
        if before.get(path, ("", None))[0] != document.digest
        and document_paths.get_media_type(path, config.aliases)
        and not config.is_private(path)
    ]


def _list_paths(run: Run, feed: DirtyFeed) -> list[str]:
    copies = document_paths.group_aliases(run.config.aliases)
    paths = [
        document_paths.build_document_path(feed.kind, feed.slug, form) for form in run.config.output.formats
    ]
    pages = html_pages.list_page_paths(run, feed.kind, feed.slug)
    return precompressed.list_variants(
        run, [*paths, *(old for path in paths for old in copies.get(path, ())), *pages]
    )


def _list_wanted_paths(run: Run, feeds: Sequence[Feed]) -> set[str]:
    """Return every path that these feeds and the indexes need."""
    wanted = set(
        precompressed.list_variants(run, [*document_paths.CATALOGUE, *html_pages.list_asset_paths(run)])
    )
    for item in feeds:
        if item.posts:
            wanted.update(_list_paths(run, item.feed))
            wanted.update(
                precompressed.list_variants(run, archives.list_paths(run, item.feed, item.archives))
            )
    return wanted


def write_ledger(db: Database, config: Config) -> dict[str, str]:
    """Merge the ledger file and the store: import lines from the file, then append what the store has more.

    Returns:
        The file and the reason if feedd must not write it; else empty.

    Raises:
        StoreError: The file cannot be read or written.
    """
    path = get_ledger_path(config)
    ledger.load_ledger(db, path)
    text = ledger.render_changed_ledger(db, path.read_bytes() if path.exists() else b"")
    if text is None:
        return {}
    if path.is_symlink():
        return {str(path): "is a symbolic link, which feedd did not write; put the file itself there"}
    try:
        clear_beside(path)
        replace_file(path, text)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); check the folder's permissions and free space"
        ) from error
    ledger.mark_ledger_written(db, text)
    return {}
