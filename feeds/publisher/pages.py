"""HTML pages and ``feeds.opml``: the pages of feeds, the files that they link to, and the indexes of all feeds.

Order keeps links valid: assets are written before the pages that link to them, and removed after them. The
indexes are written last, because they list only feeds whose documents are in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from feeds.models import TEASERS, FeedHead, Kind
from feeds.publisher.entry_cache import EntryReader, load_origins
from feeds.publisher.feed_head import build_url, get_label
from feeds.publisher.plan import FeedPlan, PublicationPlan, list_variants, locate_feed, order_posts
from feeds.publisher.publication import Publication
from feeds.renderer.templates import build_assets, compile_templates
from feeds.settings import PublishSettings
from feeds.values.document_paths import CATALOGUE, FILE_NAMES, PAGE

if TYPE_CHECKING:
    from feeds.renderer.catalog import CatalogueFeed
    from feeds.renderer.html_pages import Health, SourceHealth
    from feeds.storage.feeds import ListedFeed

_KINDS: tuple[Kind, ...] = ("all", "category", "tag")
_HEALTH: Mapping[str, Health] = {"gone": "gone", "failed": "trouble", "delayed": "waiting"}


def write_assets(publication: Publication) -> list[str]:
    """Write the files that pages link to, and return their paths; call it before any page is written."""
    assets = build_assets(publication.settings.look.templates)
    for path, data in assets.items():
        publication.put(path, data)
    return list(assets)


def build_feed_page(
    settings: PublishSettings,
    plan: FeedPlan,
    title: str,
    head: FeedHead,
    posts: int,
    entries: Sequence[bytes],
) -> bytes:
    """Build the page of a category or tag.

    Args:
        settings: The settings of the output.
        plan: The documents of the feed.
        title: Its title.
        head: The head of its documents.
        posts: Number of posts in the feed.
        entries: Page parts of its document's entries, newest first.
    """
    from feeds.renderer import html_pages

    private = plan.paths.private
    url = dict(head.self_urls)["atom"].rpartition("/")[0] + "/"
    archive = next((address for _, address in head.before), "")
    page = html_pages.PageFeed(
        kind=plan.paths.kind,
        title=title,
        description="",
        language=head.language,
        url=url,
        # Readers of a private feed use different addresses, so its page links to its documents by file name.
        formats=tuple(
            (form, FILE_NAMES[form] if private else address)
            for form, address in head.self_urls
            if form in settings.formats
        ),
        entries=posts,
        updated=head.updated,
        private=private,
        archive=archive.removeprefix(url) if private else archive,
    )
    look = settings.look
    return html_pages.render_feed_page(look.site, page, entries, compile_templates(look.templates))


def build_front_page(
    settings: PublishSettings,
    listed: Sequence[CatalogueFeed],
    newest: Sequence[bytes],
    sources: Sequence[SourceHealth] = (),
    archive: str = "",
) -> bytes:
    """Build the front page: the newest posts, every feed, and upstream feeds with their health."""
    from feeds.renderer import html_pages

    templates = compile_templates(settings.look.templates)
    return html_pages.render_front_page(settings.look.site, listed, newest, sources, templates, archive)


def write_indexes(publication: Publication, plan: PublicationPlan, reader: EntryReader) -> None:
    """Write the indexes; call it after the feeds, because it lists only feeds whose documents are in place."""
    # No feed changed and both files are intact: the usual case of a poll without news.
    if not plan.feeds and _is_in_place(publication):
        return
    from feeds.renderer import catalog

    settings = publication.settings
    stored = publication.db.load_feeds()
    listed = [
        entry
        for feed in stored
        if feed.posts
        and (entry := _list_feed(publication, feed, publication.dates.get(feed.number, feed.updated)))
    ]
    # A fixed order, so that unchanged feeds give unchanged bytes.
    listed.sort(key=lambda feed: (_KINDS.index(feed.kind), feed.slug))
    publication.put("feeds.opml", catalog.build_opml(settings.look.site, listed))
    every = next((feed for feed in stored if feed.kind == "all"), None)
    page = build_front_page(
        settings,
        listed,
        _load_newest_teasers(publication, every, reader) if every else (),
        _load_source_health(publication),
        _build_archive_url(publication, every) if every else "",
    )
    publication.put(PAGE, page)


def _list_feed(publication: Publication, feed: ListedFeed, latest: int) -> CatalogueFeed | None:
    """Return a feed as the indexes list it; None if a document of it is not in place, or it is private."""
    from feeds.renderer import catalog

    settings, kind = publication.settings, feed.kind
    paths = locate_feed(settings, kind, feed.slug)
    # A site that is all private lists every feed.
    if paths.private and not settings.all_private:
        return None
    if not publication.tree.are_published(paths.documents[form] for form in settings.formats):
        return None
    return catalog.CatalogueFeed(
        kind=kind,
        label=get_label(settings, kind, feed.name) if kind != "all" else settings.title,
        slug=feed.slug,
        posts=feed.posts,
        # Only one date: dates of thousands of feeds would change the front page with every post.
        updated=datetime.fromtimestamp(latest, settings.zone) if latest and kind == "all" else None,
        urls=tuple((form, build_url(settings, paths.documents[form])) for form in settings.formats),
        page=settings.look.pages,
    )


def _is_in_place(publication: Publication) -> bool:
    tree, settings = publication.tree, publication.settings
    return all(tree.is_intact(name) for name in CATALOGUE) and all(
        tree.is_up_to_date(name) for name in list_variants(settings, CATALOGUE)
    )


def find_unmatched_private_feeds(publication: Publication) -> list[str]:
    """Find settings of private feeds that match no feed, as messages.

    A label in place of a slug would leave the feed public without notice.
    """
    settings = publication.settings
    if not settings.private:
        return []
    stored = publication.db.load_feeds()
    folders = {locate_feed(settings, feed.kind, feed.slug).folder for feed in stored}
    return [
        f"serve.private: there is no feed {private} (yet); write its folder as `feedd status --json` shows it"
        for private in settings.private
        if not any(folder.startswith(f"{private}/") for folder in folders)
    ]


def _load_source_health(publication: Publication) -> list[SourceHealth]:
    """Return the upstream feeds as the front page lists them, sorted by title."""
    session, db = publication.session, publication.db
    if not session.polled:
        return []
    from feeds.renderer.html_pages import SourceHealth

    origins, rows = load_origins(session), db.load_upstreams()
    numbers = {name: number for number, (name, _) in session.sources.items()}
    entries = db.count_entries()
    found = []
    for name, origin in origins.items():
        row = rows[name]
        latest = max(row.head.get("recent", ()), default=0)
        found.append(
            SourceHealth(
                title=origin.title,
                link=origin.link,
                health=_HEALTH.get(row.outcome, "ok" if row.polled else "new"),
                posts=entries.get(numbers.get(name, 0), 0),
                latest=datetime.fromtimestamp(latest, publication.settings.zone) if latest else None,
            )
        )
    # Sorted by title, because the order of polls would change the page all the time.
    return sorted(found, key=lambda source: source.title.casefold())


def _build_archive_url(publication: Publication, every: ListedFeed) -> str:
    """Return the address of the newest archive of all posts; empty if there is none."""
    settings = publication.settings
    paths = locate_feed(settings, every.kind, every.slug)
    newest = publication.db.load_newest_archives().get(every.number, 0)
    if not paths.archive_formats or not newest:
        return ""
    return settings.site_url + paths.list_archives(newest)[paths.archive_formats[0]]


def _load_newest_teasers(publication: Publication, every: ListedFeed, reader: EntryReader) -> list[bytes]:
    """Return the teasers of the newest posts, for the front page."""
    posts = publication.db.load_newest_posts(every.number, publication.settings.entries)
    return reader.read_columns(order_posts(posts)[:TEASERS])["teaser"]
