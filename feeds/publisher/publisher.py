"""The steps of a publication, in the order of :func:`feeds.pipeline.publish`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from feeds.errors import StoreError
from feeds.models import Kind
from feeds.output.single_files import clear_beside, replace_file
from feeds.output.tree import Tree
from feeds.publisher import entry_cache, former_ids, pages
from feeds.publisher.feed_head import build_feed_head, get_label
from feeds.publisher.plan import (
    FeedPlan,
    PublicationPlan,
    compute_extents,
    list_archive_paths,
    plan_feed,
    plan_publication,
)
from feeds.publisher.publication import Publication
from feeds.session import Session
from feeds.storage.documents import PublishedDocuments, PublishedFeed, RecordedDocument
from feeds.storage.feeds import DirtyFeed, ShownPost
from feeds.storage.interface import Ledger, Storage
from feeds.values.slugs import build_slug, fold, is_slug, make_distinct

# Feed readers that poll less often than monthly keep a deleted entry; longer lists cost every other reader.
_TOMBSTONE_AGE = timedelta(days=30)
_MAX_TOMBSTONES = 100


def begin_publication(session: Session, tree: Tree) -> Publication:
    """Remove expired posts, find what is missing on disk, and read what is to be published.

    A tree that this process has published before is not scanned again.
    """
    db, settings = session.db, session.publishing
    first = not tree.opened
    # Before the revisions are read, so that lost documents are written in this run.
    if first:
        tree.open()
        mark_lost_documents(db, tree)
    # Slugs that could leave their folder are assigned again.
    revisions = db.begin_publication(
        session.clock(), settings.keep, session.load_keep_limits(), is_slug if first else None
    )
    return Publication(session, tree, db, settings, revisions=revisions)


def mark_lost_documents(db: Storage, tree: Tree) -> None:
    """Mark feeds dirty whose documents are missing or changed on disk; with ``tree.full`` all feeds."""
    if tree.full:
        db.discard_entries()
    else:
        db.mark_documents_lost(tree.list_damaged())


def assign_ids(publication: Publication) -> None:
    """Assign ids to new posts and slugs to new feeds, and record in the ledger what cannot be derived again."""
    db, slugs = publication.db, publication.settings.slugs

    def make_unique(wish: str, name: str, taken: Collection[str]) -> tuple[str, str]:
        given = make_distinct(wish, name, taken)
        return given, fold(given)

    former_ids.assign_post_ids(publication)
    db.name_feeds(lambda name: build_slug(name, slugs), make_unique)


def render_feeds(publication: Publication) -> list[tuple[DirtyFeed, list[ShownPost]]]:
    """Render every post that a dirty feed shows and that has no entry yet; return these feeds with their posts.

    A post that would make a document invalid is left out and reported; the next post replaces it.
    """
    settings = publication.settings
    # Ends, because every turn removes at least one invalid post from its feeds.
    while True:
        dirty = publication.db.load_dirty_feeds()
        archived = {
            feed.number: feed.kind in settings.archive_kinds and bool(settings.archive) for feed in dirty
        }
        shown = publication.db.load_shown_posts(archived, settings.entries)
        by_kind: dict[Kind, list[Sequence[ShownPost]]] = {}
        for feed in dirty:
            by_kind.setdefault(feed.kind, []).append(shown[feed.number])
        if entry_cache.render_missing(publication, compute_extents(settings, by_kind)):
            return [(feed, shown[feed.number]) for feed in dirty]


def write_documents(
    publication: Publication,
    feeds: Sequence[tuple[DirtyFeed, Sequence[ShownPost]]],
    reader: entry_cache.EntryReader,
) -> PublicationPlan:
    """Plan the documents of these feeds, join their entries, and write the documents that changed."""
    db, settings, tree = publication.db, publication.settings, publication.tree
    newest = db.load_newest_archives() if feeds else {}
    plans = [plan_feed(settings, feed, posts, newest.get(feed.number, 0)) for feed, posts in feeds]
    plan = plan_publication(settings, plans, pages.write_assets(publication))
    if not plans:
        return plan
    figures = db.load_feed_figures()
    since = int((publication.session.clock() - _TOMBSTONE_AGE).timestamp())
    for done, ((feed, _), item) in enumerate(zip(feeds, plans, strict=True), 1):
        # A feed without posts has no documents; those it had are removed later.
        if item.posts:
            count, latest = figures[feed.number]
            _write_feed(publication, feed, item, count, latest or 0, since, reader)
        publication.session.progress("writing", done, len(plans))
    publication.held.update(tree.unmanaged)
    # Documents have to be in place before the indexes link to them.
    tree.flush()
    return plan


def _write_feed(
    publication: Publication,
    feed: DirtyFeed,
    plan: FeedPlan,
    count: int,
    updated: int,
    since: int,
    reader: entry_cache.EntryReader,
) -> None:
    """Write the documents of a feed, then its page; they name the posts that left it ``since`` (RFC 6721)."""
    from feeds.output.validator import check_head
    from feeds.renderer.documents import join_formats

    settings, paths = publication.settings, plan.paths
    deleted = publication.db.load_tombstones(feed.number, since, _MAX_TOMBSTONES)
    head = build_feed_head(settings, feed, paths, updated, plan.archive, deleted)
    wrong = check_head(head)
    # An invalid head would make every reader reject the document, so the old document stays.
    if wrong:
        publication.held.update({paths.documents[form]: "; ".join(wrong) for form in settings.formats})
        publication.unfinished.add(feed.number)
        return
    parts = reader.read_columns(plan.posts)
    written = True
    for form, data in join_formats(head, settings.formats, parts).items():
        for place in (paths.documents[form], *paths.copies[form]):
            written &= publication.put(place, data)
    # A page names the documents of its feed, so it must not be newer than they are.
    if written and paths.page:
        title = get_label(settings, feed.kind, feed.name)
        page = pages.build_feed_page(settings, plan, title, head, count, parts["page"])
        written = publication.put(paths.page, page)
    if written:
        publication.dates[feed.number] = updated
    else:
        publication.unfinished.add(feed.number)


def warm_up(session: Session) -> None:
    """Load modules and compile templates now, so that the first new post does not wait for them."""
    from feeds.publisher.plan import locate_feed
    from feeds.renderer.documents import join_formats

    settings = session.publishing
    feed = next((feed for feed in session.db.load_feeds() if feed.kind == "all"), None)
    newest = session.db.load_newest_posts(feed.number, 1) if feed else []
    if feed is None or not newest:
        return
    entry_cache.warm_up(session, newest[0].post)
    head = build_feed_head(settings, feed, locate_feed(settings, feed.kind, feed.slug), feed.updated)
    join_formats(head, settings.formats, {form: [] for form in settings.formats})
    pages.build_front_page(settings, [], [])


def finish_publication(publication: Publication, plan: PublicationPlan) -> None:
    """Remove documents that nothing needs any more, and mark as published exactly what was written.

    It updates the store, ``.feedd`` and the ledger. Only documents of dirty feeds, and documents that belong
    to no feed, are ever removed.
    """
    tree, db = publication.tree, publication.db
    # The store must not record a document as written before it is on the disk.
    tree.flush()
    recorded, is_older = db.load_documents_of_feeds([feed.number for feed in plan.feeds], tree.written)
    # Sorted, so that two runs report the same order.
    for path in sorted(recorded.keys() - tree.written.keys() - plan.needed):
        tree.remove(path)
    if is_older:
        _remove_unknown_documents(tree)
    publication.held.update(tree.unmanaged)
    # A dry run must not change the store, the manifest or the ledger.
    if tree.dry:
        return
    # Nothing to record saves a transaction, which a poll without news would otherwise pay for.
    if plan.feeds or tree.written or tree.removed or is_older:
        _record(publication, plan, recorded, is_older)
    tree.close({path: document.digest for path, document in tree.known.items()})
    publication.held.update(tree.unmanaged)  # closing may find an unmanaged file in the place of `.feedd`
    publication.held.update(write_ledger(db, publication.settings.ledger))


def _remove_unknown_documents(tree: Tree) -> None:
    """Remove documents of feeds that a restored store does not know: they were first written after its backup.

    Archives of feeds that it knows stay, because subscribers follow their links.
    """
    folders = {path.rpartition("/")[0] for path in tree.known}
    for path in tree.find_unknown():
        feed, archive, _ = path.rpartition("archive/")
        if not archive or feed.rstrip("/") not in folders:
            tree.remove(path)


def _record(
    publication: Publication, plan: PublicationPlan, recorded: dict[str, RecordedDocument], is_older: bool
) -> None:
    tree, settings = publication.tree, publication.settings
    changed = [
        (path, document.digest)
        for path, document in tree.written.items()
        # A file that was only written again has the same bytes, and subscribers have them already.
        if path in plan.announced and (path not in recorded or recorded[path].digest != document.digest)
    ]
    feed_of_recorded = {path: document.feed for path, document in recorded.items()}
    publication.db.record_publication(
        PublishedDocuments(
            written=tree.written,
            feed_by_path={**feed_of_recorded, **plan.feed_by_path},
            removed=tree.removed,
            published=list(_list_published(publication, plan.feeds)),
            changed=changed,
            site_url=settings.site_url,
            hubs=settings.hubs,
            is_complete=is_older,
        ),
    )


def _list_published(publication: Publication, feeds: Iterable[FeedPlan]) -> Iterable[PublishedFeed]:
    """Yield the feeds of which everything is written, with the revision that was read."""
    refused = publication.tree.refused
    for feed in feeds:
        # An unmanaged file may block a document, so that the next run tries again.
        blocked = refused and not (
            refused.isdisjoint(feed.documents)
            and refused.isdisjoint(list_archive_paths(publication.settings, feed))
        )
        revision = publication.revisions.get(feed.number)
        if revision is not None and not blocked and feed.number not in publication.unfinished:
            updated = publication.dates.get(feed.number) or feed.updated
            yield PublishedFeed(revision, updated, feed.number)


def write_ledger(db: Ledger, path: Path) -> dict[str, str]:
    """Merge the ledger file and the store: import lines from the file, then append what the store has more.

    Returns:
        The file and the reason if feedd must not write it; else empty.

    Raises:
        StoreError: The file cannot be read or written.
    """
    # Somebody may have changed the file during the run, and their lines must not be lost.
    db.merge_ledger(path)
    text = db.render_changed_ledger(path.read_bytes() if path.exists() else b"")
    if text is None:
        return {}
    # Replacing the file would replace the link and leave its target behind.
    if path.is_symlink():
        return {str(path): "is a symbolic link, which feedd did not write; put the file itself there"}
    try:
        clear_beside(path)
        replace_file(path, text)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); check the folder's permissions and free space"
        ) from error
    db.mark_ledger_written(text)
    return {}
