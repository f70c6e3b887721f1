"""The steps of publishing: from dirty feeds to documents on disk and back to a settled store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from feeds.config import Config, ListSource, checks
from feeds.errors import StoreError
from feeds.models import NEWEST, TEASERS, Extent
from feeds.output.tree import Tree, clear_beside, replace_file
from feeds.publisher import archives, entry_cache, html_pages, precompressed
from feeds.publisher.feed_metadata import archive_formats, head_of, label
from feeds.run_context import Run
from feeds.sources import expand
from feeds.storage import archives as stored_archives
from feeds.storage import feeds as stored
from feeds.storage import ledger, retention
from feeds.storage.feeds import DirtyFeed
from feeds.storage.sqlite import Database
from feeds.values import document_paths
from feeds.values.slugs import distinct, fold, is_slug, slug

_TOLD_FOR = timedelta(days=30)
_MOST_DELETED = 100


@dataclass(slots=True)
class Published:
    """What publishing did; ``held`` names documents that were kept back, each with its reason."""

    rendered: int = 0
    held: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Feed:
    """A dirty feed with the posts of its subscription document, in its order."""

    feed: DirtyFeed
    posts: list[int]
    updated: int = 0
    archives: int = 0
    """How many are sealed."""
    held: bool = False
    unfinished: bool = False
    """One of its archives is missing: it stays dirty."""


def ledger_path(config: Config) -> Path:
    """Where the ledger lies: beside the store."""
    return config.store.with_name(ledger.LEDGER)


def retire(run: Run) -> int:
    """Take out what is kept no longer; how many posts."""
    bounded = any((one.settings if isinstance(one, ListSource) else one).keep for one in run.config.sources)
    every = expand(run.config, run.db)[0] if bounded else []
    settings = {one.name: keep_of(one.keep) for one in every if one.keep}
    sources = {number: settings[name] for number, (name, _) in run.sources.items() if name in settings}
    return retention.apply(run.db, run.clock(), keep_of(run.config.output.keep), sources)


def keep_of(text: str) -> retention.Keep:
    """The bound that ``keep`` in a configuration says."""
    return retention.Keep(*checks.keep_values(text))


def check_slugs(db: Database) -> None:
    """See that the slugs of a store that this process did not use before stay in their folders."""
    stored.drop_unfit_slugs(db, is_slug)


def mint_slugs(db: Database, config: Config) -> None:
    """Give every new feed its slug."""

    def unlike(wish: str, name: str, taken: Collection[str]) -> tuple[str, str]:
        given = distinct(wish, name, taken)
        return given, fold(given)

    stored.assign_feed_slugs(db, lambda name: slug(name, config.output.slugs), unlike)


def mark_lost_documents(db: Database, tree: Tree, config: Config) -> None:
    """A document that is not there as it was written makes its feed dirty; so does ``--full``."""
    db.scope(path for path in tree.known if not tree.intact(path))
    lost = {feed for _, _, feed in db.rows("documents_of_paths") if feed is not None}
    if tree.full or lost:
        with db.transaction():
            if tree.full:
                db.run("entries_drop")
                db.run("feeds_touch_all")
            else:
                db.many("feed_touch", [(feed,) for feed in lost])


def write_archives(run: Run, tree: Tree, lost: bool) -> set[int]:
    """Seal what is full, before anything names it; the feeds with an archive that cannot be put in place.

    Archives that are ``lost`` on disk are made again.
    """
    if not run.config.output.archive:
        return set()
    stored_archives.append_versions(run.db, run.config.output.entries)
    troubled = archives.repair(run, tree, lost)
    dirty = stored.load_dirty_feeds(run.db)
    shown = {feed: stored.load_window(run.db, feed.number, run.config.output.entries) for feed in dirty}
    return troubled | archives.seal(run, tree, dirty, _extents(run, shown))


def _extents(run: Run, shown: Mapping[DirtyFeed, Sequence[tuple[int, str, int]]]) -> dict[int, Extent]:
    """How much of each post's entry the documents and pages need of feeds that show these posts."""
    found: dict[int, Extent] = {}
    for feed, rows in shown.items():
        top = Extent.ON_FRONT if feed.kind == "all" else Extent.ON_PAGE if run.look.pages else Extent.SHOWN
        if feed.kind == "all":  # the front page knows no posts but those that surfaced last
            newest = set(_in_order(rows[: run.config.output.entries])[:TEASERS])
        else:
            newest = set(_in_order(rows)[:NEWEST])
        for post, _, _ in rows:
            found[post] = max(found.get(post, Extent.SHOWN), top if post in newest else Extent.SHOWN)
    return found


def _in_order(rows: Sequence[tuple[int, str, int]]) -> list[int]:
    return document_paths.in_order(document_paths.Place(*row) for row in rows)


def render_missing(run: Run, published: Published, troubled: Collection[int] = ()) -> list[Feed]:
    """Render every post that a dirty feed shows and that has no entry yet.

    A post that would make a document invalid is left out and named; the next one takes its place.
    Feeds in ``troubled`` stay dirty.
    """
    tried: set[int] = set()
    newest = stored_archives.load_newest_archives(run.db)
    while True:
        shown = {feed: _shown(run, feed) for feed in stored.load_dirty_feeds(run.db)}
        missing = entry_cache.render_missing(run, _extents(run, shown))
        published.rendered += len(missing)
        if tried >= set(missing):
            return [
                Feed(
                    feed,
                    _in_order(rows),
                    archives=newest.get(feed.number, 0),
                    unfinished=feed.number in troubled,
                )
                for feed, rows in shown.items()
            ]
        tried.update(missing)


def _shown(run: Run, feed: DirtyFeed) -> list[tuple[int, str, int]]:
    """The posts of a subscription document: those that surfaced last, and what no archive holds yet."""
    posts = stored.load_window(run.db, feed.number, run.config.output.entries)
    if archive_formats(run.config, feed.kind):
        ends = stored_archives.load_unarchived(run.db, feed.number)
        posts += [(one.post, one.uid, one.published) for one in ends]
    return list(dict.fromkeys(posts))


def rehearse(run: Run) -> None:
    """Do once and keep nothing of it what the first new post would wait for: load modules, compile templates."""
    from feeds.renderer.documents import join

    feed = next((one for one in stored.load_feeds(run.db) if one.kind == "all"), None)
    newest = stored.load_window(run.db, feed.number, 1) if feed else []
    if feed is None or not newest:
        return
    entry_cache.rehearse(run, newest[0][0])
    head = head_of(run.config, feed, feed.updated)
    for form in run.config.output.formats:
        join(head, form, [])
    html_pages.front_page(run, [], [])


def write_feeds(run: Run, tree: Tree, feeds: Sequence[Feed], published: Published) -> None:
    """Join the entries of each dirty feed into its documents and write those that differ."""
    from feeds.output.validator import check_head
    from feeds.renderer.documents import join

    copies = document_paths.copies(run.config.aliases)
    reader = entry_cache.EntryReader(run.db)
    figures = stored.load_feed_figures(run.db)
    for done, one in enumerate(feeds, 1):
        if not one.posts:
            continue
        count, latest = figures[one.feed.number]
        one.updated = latest or 0
        head = head_of(run.config, one.feed, one.updated, one.archives)
        head = replace(head, deleted=_deleted(run, one.feed))
        wrong = check_head(head)
        parts = reader.columns(one.posts) if not wrong else {}
        for form in run.config.output.formats:
            path = document_paths.document_path(one.feed.kind, one.feed.slug, form)
            if wrong:
                published.held[path] = "; ".join(wrong)
                one.held = True
                continue
            data = join(head, form, parts[form])
            for place in (path, *copies.get(path, ())):
                one.held |= not precompressed.put(run, tree, place, data)
        if not one.held:
            title = label(run.config, one.feed.kind, one.feed.name)
            for place in html_pages.paths_of(run, one.feed.kind, one.feed.slug):
                page = html_pages.feed_page(run, one.feed, title, head, count, parts["page"])
                one.held = not precompressed.put(run, tree, place, page)
        run.progress("writing", done, len(feeds))
    published.held.update(tree.foreign)
    tree.flush()


def _deleted(run: Run, feed: DirtyFeed) -> tuple[tuple[str, datetime], ...]:
    """What has gone from a feed lately: its subscribers are told for a while."""
    now, zone = run.clock(), ZoneInfo(run.config.site.timezone)
    since = int((now - _TOLD_FOR).timestamp())
    rows = run.db.rows("tombstones_of_feed", (feed.number, since, _MOST_DELETED))
    return tuple((uid, datetime.fromtimestamp(at, zone)) for uid, at in rows)


def dates_of(feeds: Sequence[Feed]) -> dict[int, int] | None:
    """When the posts of the feeds that are written now changed last; None if there is no such feed."""
    return {one.feed.number: one.updated for one in feeds if one.posts and not one.held} if feeds else None


def settle(run: Run, tree: Tree, feeds: Sequence[Feed], published: Published) -> None:
    """Remember what was written; take documents away that nothing names; write ``.feedd`` and the ledger.

    Only feeds that were dirty may have fewer documents than before, and what belongs to no feed.
    """
    stood = _documents(run.db, feeds, tree.written)
    for path in sorted(stood.keys() - tree.written.keys() - _wanted_paths(run, feeds)):
        tree.remove(path)
    published.held.update(tree.foreign)
    if tree.dry:
        return
    if feeds or tree.written or tree.removed:
        _remember(run, tree, feeds, stood)
    tree.close({path: one.digest for path, one in tree.known.items()})
    published.held.update(tree.foreign)  # its own list may be in the way of something
    published.held.update(write_ledger(run.db, run.config))


def _documents(
    db: Database, feeds: Sequence[Feed], written: Collection[str]
) -> dict[str, tuple[str, int | None]]:
    """Digest and feed of the documents of these feeds, of those of no feed, and of those just ``written``."""
    db.scope(one.feed.number for one in feeds)
    rows = [*db.rows("documents_of_feeds"), *db.rows("documents_of_none")]
    db.scope(written)
    rows += db.rows("documents_of_paths")
    return {path: (digest, feed) for path, digest, feed in rows}


def _remember(
    run: Run, tree: Tree, feeds: Sequence[Feed], stood: Mapping[str, tuple[str, int | None]]
) -> None:
    from feeds.storage import subscriptions

    config = run.config
    feed_of = {path: feed for path, (_, feed) in stood.items()}
    feed_of |= {path: one.feed.number for one in feeds for path in _paths_of(run, one.feed)}
    with run.db.transaction():
        subscriptions.enqueue(run.db, _news(config, stood, tree), config.site.url, config.push.hubs)
        run.db.many("document_put", [(path, feed_of.get(path), *one) for path, one in tree.written.items()])
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
    """Whether something lies in the way of one of its files, so that it is to be looked at again by the next run."""
    return bool(tree.refused) and not tree.refused.isdisjoint(
        (
            *_paths_of(run, feed.feed),
            *precompressed.places(run, archives.paths_of(run, feed.feed, feed.archives)),
        )
    )


def _news(config: Config, before: Mapping[str, tuple[str, int | None]], tree: Tree) -> list[tuple[str, str]]:
    """Path and digest of the subscription documents that really changed, but private ones: no hub hears of them."""
    return [
        (path, one.digest)
        for path, one in tree.written.items()
        if before.get(path, ("", None))[0] != one.digest
        and document_paths.media_type(path, config.aliases)
        and not config.is_private(path)
    ]


def _paths_of(run: Run, feed: DirtyFeed) -> list[str]:
    copies = document_paths.copies(run.config.aliases)
    paths = [document_paths.document_path(feed.kind, feed.slug, form) for form in run.config.output.formats]
    pages = html_pages.paths_of(run, feed.kind, feed.slug)
    return precompressed.places(
        run, [*paths, *(old for path in paths for old in copies.get(path, ())), *pages]
    )


def _wanted_paths(run: Run, feeds: Sequence[Feed]) -> set[str]:
    """What is to lie there of these feeds, and of no feed."""
    wanted = set(precompressed.places(run, [*document_paths.CATALOGUE, *html_pages.asset_paths(run)]))
    for one in feeds:
        if one.posts:
            wanted.update(_paths_of(run, one.feed))
            wanted.update(precompressed.places(run, archives.paths_of(run, one.feed, one.archives)))
    return wanted


def write_ledger(db: Database, config: Config) -> dict[str, str]:
    """Bring the text of the ledger up to what the store knows, and the store to what others wrote there.

    Returns:
        The file and why it was not written, if it is not feedd's to write.

    Raises:
        StoreError: the file cannot be read or written.
    """
    path = ledger_path(config)
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
