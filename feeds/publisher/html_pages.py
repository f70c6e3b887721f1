"""HTML pages in the output tree.

Order keeps links valid: assets are written before the pages that link to them, and removed after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from feeds.models import FeedHead
from feeds.output.tree import Tree
from feeds.publisher import precompressed
from feeds.renderer.templates import build_assets, compile_templates
from feeds.run_context import Run
from feeds.storage.feeds import DirtyFeed
from feeds.values import document_paths

if TYPE_CHECKING:
    from feeds.renderer.catalog import CatalogueFeed
    from feeds.renderer.html_pages import SourceHealth


def list_page_paths(run: Run, kind: str, slug: str) -> list[str]:
    """Return the path of a feed's page in a list; empty if the feed has no page of its own."""
    return [document_paths.build_page_path(kind, slug)] if run.look.pages and kind != "all" else []


def list_asset_paths(run: Run) -> set[str]:
    """Return the paths of the files that pages link to."""
    return set(build_assets(run.look.templates))


def write_assets(run: Run, tree: Tree) -> None:
    """Write the files that pages link to; call it before any page is written."""
    for path, data in build_assets(run.look.templates).items():
        precompressed.put(run, tree, path, data)


def build_feed_page(
    run: Run, feed: DirtyFeed, title: str, head: FeedHead, posts: int, entries: Sequence[bytes]
) -> bytes:
    """Build the page of a category or tag.

    Args:
        run: The run.
        feed: The feed.
        title: Its title.
        head: The head of its documents.
        posts: Number of posts in the feed.
        entries: Page parts of its document's entries, newest first.
    """
    from feeds.renderer import html_pages

    private = run.config.is_private(document_paths.build_folder(feed.kind, feed.slug))
    url = dict(head.self_urls)["atom"].rpartition("/")[0] + "/"
    archive = next((address for _, address in head.before), "")
    page = html_pages.PageFeed(
        kind=feed.kind,
        title=title,
        description="",
        language=head.language,
        url=url,
        # Readers of a private feed use different addresses, so its page links to its documents by file name.
        formats=tuple(
            (form, document_paths.FILE_NAMES[form] if private else address)
            for form, address in head.self_urls
            if form in run.config.output.formats
        ),
        entries=posts,
        updated=head.updated,
        private=private,
        archive=archive.removeprefix(url) if private else archive,
    )
    return html_pages.render_feed_page(run.look.site, page, entries, compile_templates(run.look.templates))


def build_front_page(
    run: Run,
    feeds: Sequence[CatalogueFeed],
    newest: Sequence[bytes],
    sources: Sequence[SourceHealth] = (),
    archive: str = "",
) -> bytes:
    """Build the front page: the newest posts, every feed, and upstream feeds with their health."""
    from feeds.renderer import html_pages

    templates = compile_templates(run.look.templates)
    return html_pages.render_front_page(run.look.site, feeds, newest, sources, templates, archive)
