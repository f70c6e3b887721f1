"""Indexes of all feeds: ``feeds.opml`` for programs and the front page for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from feeds.config import Config
from feeds.models import TEASERS, Kind
from feeds.output.tree import Tree
from feeds.publisher import html_pages, precompressed
from feeds.publisher.entry_cache import EntryReader, load_origins
from feeds.publisher.feed_metadata import build_document_url, get_archive_formats, get_label
from feeds.run_context import Run
from feeds.storage import archives, feeds
from feeds.storage.upstreams import load_upstreams
from feeds.values import document_paths

if TYPE_CHECKING:
    from feeds.renderer.html_pages import Health, SourceHealth

_KINDS: tuple[Kind, ...] = ("all", "category", "tag")


def write_catalogue(run: Run, tree: Tree, updated: Mapping[int, int] | None) -> None:
    """Write the indexes; call it after the feeds, because it lists only feeds whose documents are in place.

    Args:
        run: The run.
        tree: The output tree.
        updated: Dates of the feeds that this run wrote, by feed; None if no feed was dirty.
    """
    # No feed changed and both files are intact: the usual case of a poll without news.
    if updated is None and _is_in_place(run, tree):
        return
    from feeds.renderer import catalog

    config = run.config
    written, zone = updated or {}, ZoneInfo(config.site.timezone)
    listed = []
    for number, kind, name, given, _, recorded, posts in run.db.rows("feeds_all"):
        paths = [
            (form, document_paths.build_document_path(kind, given, form)) for form in config.output.formats
        ]
        if not posts or any(not tree.is_published(path) for _, path in paths):
            continue
        if _is_hidden(config, document_paths.build_folder(kind, given)):
            continue
        latest = written.get(number, recorded)
        title = get_label(config, kind, name) if kind != "all" else config.site.title
        listed.append(
            catalog.CatalogueFeed(
                kind=kind,
                label=title,
                slug=given,
                posts=posts,
                # Only one date: dates of thousands of feeds would change the front page with every post.
                updated=datetime.fromtimestamp(latest, zone) if latest and kind == "all" else None,
                urls=tuple((form, build_document_url(config, kind, given, form)) for form, _ in paths),
                page=run.look.pages,
            )
        )
    listed.sort(key=lambda feed: (_KINDS.index(feed.kind), feed.slug))
    precompressed.put(run, tree, "feeds.opml", catalog.build_opml(run.look.site, listed))
    precompressed.put(
        run,
        tree,
        document_paths.PAGE,
        html_pages.build_front_page(
            run, listed, _load_newest_teasers(run), _load_source_health(run), _build_archive_url(run)
        ),
    )


def _is_in_place(run: Run, tree: Tree) -> bool:
    return all(tree.is_intact(name) for name in document_paths.CATALOGUE) and all(
        tree.is_up_to_date(name) for name in precompressed.list_variants(run, document_paths.CATALOGUE)
    )


_HEALTH: Mapping[str, Health] = {"gone": "gone", "failed": "trouble", "delayed": "waiting"}


def _is_hidden(config: Config, folder: str) -> bool:
    """Return whether a feed is private on a public site. A site that is all private lists every feed."""
    return config.is_private(folder) and not (config.serve and config.serve.auth)


def find_unmatched_private_feeds(run: Run) -> list[str]:
    """Find settings of private feeds that match no feed, as messages.

    A label in place of a slug would leave the feed public without notice.
    """
    if run.config.serve is None or not run.config.serve.private:
        return []
    folders = {document_paths.build_folder(row[1], row[3]) for row in run.db.rows("feeds_all")}
    return [
        f"serve.private: there is no feed {rule.feed} (yet); write its folder as `feedd status --json` shows it"
        for rule in run.config.serve.private
        if not any(folder.startswith(f"{rule.feed}/") for folder in folders)
    ]


def _load_source_health(run: Run) -> list[SourceHealth]:
    """Return the upstream feeds as the front page lists them, sorted by title."""
    if not run.config.polled:
        return []
    from feeds.renderer.html_pages import SourceHealth

    origins, rows = load_origins(run), load_upstreams(run.db)
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
    return sorted(found, key=lambda source: source.title.casefold())


def _build_archive_url(run: Run) -> str:
    """Return the address of the newest archive of all posts; empty if there is none."""
    forms = get_archive_formats(run.config, "all")
    number = run.db.value("feed_number", ("all", ""))
    newest = archives.load_newest_archives(run.db).get(number, 0)
    return (
        run.config.site.url + document_paths.build_archive_path("all", "", newest, forms[0])
        if forms and newest
        else ""
    )


def _load_newest_teasers(run: Run) -> list[bytes]:
    """Return the teasers of the newest posts, for the front page."""
    number = run.db.value("feed_number", ("all", ""))
    if number is None:
        return []
    places = (
        document_paths.Place(*row) for row in feeds.load_window(run.db, number, run.config.output.entries)
    )
    return EntryReader(run.db).read_columns(document_paths.sort_places(places)[:TEASERS])["teaser"]
