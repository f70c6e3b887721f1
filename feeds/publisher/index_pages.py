"""What names the feeds: the list for programs and the front page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from feeds.config import Config
from feeds.models import TEASERS, Kind
from feeds.output.tree import Tree
from feeds.publisher import html_pages, precompressed
from feeds.publisher.entry_cache import EntryReader, origins_of
from feeds.publisher.feed_metadata import archive_formats, label, url_of
from feeds.run_context import Run
from feeds.storage import archives, feeds
from feeds.storage.upstreams import load_upstreams
from feeds.values import document_paths

if TYPE_CHECKING:
    from feeds.renderer.html_pages import Health, SourceHealth

_KINDS: tuple[Kind, ...] = ("all", "category", "tag")


def write_catalogue(run: Run, tree: Tree, updated: Mapping[int, int] | None) -> None:
    """Write what names the feeds, after them: only feeds whose documents are in place.

    ``updated`` has the dates of those that were written now; None if none was looked at.
    """
    if updated is None and _is_in_place(run, tree):
        return
    from feeds.renderer import catalog

    config = run.config
    written, zone = updated or {}, ZoneInfo(config.site.timezone)
    listed = []
    for number, kind, name, given, _, stood, posts in run.db.rows("feeds_all"):
        paths = [(form, document_paths.document_path(kind, given, form)) for form in config.output.formats]
        if not posts or any(not tree.published(path) for _, path in paths):
            continue
        if _is_hidden(config, document_paths.folder(kind, given)):
            continue
        latest = written.get(number, stood)
        title = label(config, kind, name) if kind != "all" else config.site.title
        listed.append(
            catalog.CatalogueFeed(
                kind=kind,
                label=title,
                slug=given,
                posts=posts,
                updated=datetime.fromtimestamp(latest, zone) if latest and kind == "all" else None,
                urls=tuple((form, url_of(config, kind, given, form)) for form, _ in paths),
                page=run.look.pages,
            )
        )
    listed.sort(key=lambda feed: (_KINDS.index(feed.kind), feed.slug))
    precompressed.put(run, tree, "feeds.opml", catalog.opml(run.look.site, listed))
    precompressed.put(
        run,
        tree,
        document_paths.PAGE,
        html_pages.front_page(run, listed, _newest_teasers(run), _sources(run), _archive(run)),
    )


def _is_in_place(run: Run, tree: Tree) -> bool:
    return all(tree.intact(name) for name in document_paths.CATALOGUE) and all(
        tree.settled(name) for name in precompressed.places(run, document_paths.CATALOGUE)
    )


_HEALTH: Mapping[str, Health] = {"gone": "gone", "failed": "trouble", "delayed": "waiting"}


def _is_hidden(config: Config, folder: str) -> bool:
    """Whether a feed is for some only while the rest is for all: where everything is private, all is listed."""
    return config.is_private(folder) and not (config.serve and config.serve.auth)


def private_in_vain(run: Run) -> list[str]:
    """Settings of private feeds that no feed fits: whoever wrote a label for a slug believes it to be private."""
    if run.config.serve is None or not run.config.serve.private:
        return []
    folders = {document_paths.folder(row[1], row[3]) for row in run.db.rows("feeds_all")}
    return [
        f"serve.private: there is no feed {one.feed} (yet); write its folder as `feedd status --json` tells it"
        for one in run.config.serve.private
        if not any(folder.startswith(f"{one.feed}/") for folder in folders)
    ]


def _sources(run: Run) -> list[SourceHealth]:
    """The upstreams of a planet, as its front page lists them."""
    if not run.config.polled:
        return []
    from feeds.renderer.html_pages import SourceHealth

    origins, rows = origins_of(run), load_upstreams(run.db)
    numbers = {name: number for number, (name, _) in run.sources.items()}
    entries = dict(run.db.rows("sighting_counts"))
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
                latest=datetime.fromtimestamp(latest, ZoneInfo(run.config.site.timezone)) if latest else None,
            )
        )
    return sorted(found, key=lambda one: one.title.casefold())


def _archive(run: Run) -> str:
    """The address of the newest archive of all posts; empty if there is none."""
    forms = archive_formats(run.config, "all")
    number = run.db.value("feed_number", ("all", ""))
    sealed = archives.load_newest_archives(run.db).get(number, 0)
    return (
        run.config.site.url + document_paths.archive_path("all", "", sealed, forms[0])
        if forms and sealed
        else ""
    )


def _newest_teasers(run: Run) -> list[bytes]:
    """The newest posts of the feed of all posts, for the front page."""
    number = run.db.value("feed_number", ("all", ""))
    if number is None:
        return []
    places = (
        document_paths.Place(*row) for row in feeds.load_window(run.db, number, run.config.output.entries)
    )
    return EntryReader(run.db).columns(document_paths.in_order(places)[:TEASERS])["teaser"]
