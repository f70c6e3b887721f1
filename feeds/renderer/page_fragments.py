"""Render the fragments of a post that pages join: its full entry and its teaser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from feeds.models import Enclosure, Entry, Extent, Format, Term
from feeds.renderer.catalog import CatalogueFeed, CatalogueHead
from feeds.values import document_paths

if TYPE_CHECKING:
    from feeds.renderer.html_pages import PageEntry
    from feeds.renderer.templates import TemplateFiles


@dataclass(frozen=True, slots=True)
class PageStyle:
    """Settings for rendering pages; the ``repr`` changes with everything that pages show of them."""

    site: CatalogueHead
    templates: TemplateFiles
    formats: tuple[Format, ...]
    pages: bool
    """Whether feeds have pages; otherwise only the front page exists, and links lead to documents."""
    private: tuple[str, ...] = ()
    """Folders of feeds that no page may mention."""

    def may_show(self, kind: str, slug: str) -> bool:
        """Return whether pages may link to this feed; not to private feeds."""
        folder = document_paths.build_folder(kind, slug)
        return not any(folder.startswith(f"{private}/") for private in self.private)


def render_page_parts(entry: Entry, look: PageStyle, extent: Extent) -> tuple[bytes, bytes]:
    """Render the full entry and the teaser of a post; a fragment that no page shows is empty.

    Raises:
        UsageError: A template fails; the message names file and line.
    """
    from feeds.renderer.html_pages import render_entry, render_teaser
    from feeds.renderer.templates import compile_templates

    templates = compile_templates(look.templates)
    full = teaser = b""
    if extent < (Extent.ON_PAGE if look.pages else Extent.ON_FRONT):
        return full, teaser
    links = [
        (term.label, _build_term_link(term, look))
        for term in entry.terms
        if look.may_show(term.kind, term.slug)
    ]
    if look.pages and extent >= Extent.ON_PAGE:
        full = render_entry(_build_page_entry(entry, look, _ROOT, links), look.site, templates)
    if extent >= Extent.ON_FRONT:
        teaser = render_teaser(_build_page_entry(entry, look, "", links), look.site, templates)
    return full, teaser


_ROOT = "../../"
"""Link from the page of a category or tag to the front page."""


def _build_page_entry(entry: Entry, look: PageStyle, up: str, links: Sequence[tuple[str, str]]) -> PageEntry:
    """Build what templates get of a post; ``links`` has label and link of each of its terms."""
    from feeds.renderer.html_pages import PageEntry

    return PageEntry(
        id=entry.id,
        title=entry.title,
        link=entry.link,
        html=entry.html,
        published=entry.published,
        updated=entry.updated,
        authors=entry.authors,
        terms=tuple((label, up + link) for label, link in links),
        enclosures=entry.enclosures,
        summary=entry.summary,
        language=entry.language if entry.language != look.site.language else "",
    )


def _build_term_link(term: Term, look: PageStyle) -> str:
    """Return the link from the front page to the page of a term's feed, or to its first document."""
    if look.pages:
        return _quote(document_paths.build_folder(term.kind, term.slug))
    return _quote(document_paths.build_document_path(term.kind, term.slug, look.formats[0]))


@lru_cache(maxsize=4096)
def _quote(path: str) -> str:
    from urllib.parse import quote

    return quote(path)


def check_templates(look: PageStyle) -> None:
    """Render every template once with sample values, to find mistakes in the site's own templates.

    Raises:
        UsageError: A template fails; the message names file and line.
    """
    from feeds.renderer import html_pages
    from feeds.renderer.templates import compile_templates

    then = datetime(2024, 1, 2, 3, 4, tzinfo=UTC)
    url = f"{look.site.url}category/x/"
    addresses: Sequence[tuple[Format, str]] = [
        (form, look.site.url + document_paths.build_document_path("category", "x", form))
        for form in look.formats
    ]
    entry = Entry(
        "urn:x", "x", url, "<p>x</p>", "x", ("x",), then, then.replace(year=2025),
        (Term("category", "x", "x", "x"),), "en", (Enclosure(f"{url}x.mp3", "audio/mpeg", 1),),
    )  # fmt: skip
    full, teaser = render_page_parts(entry, look, Extent.ON_FRONT)
    templates = compile_templates(look.templates)
    feeds = [CatalogueFeed(kind, "x", "x", 2, then, tuple(addresses)) for kind in ("all", "category", "tag")]
    sources = [html_pages.SourceHealth("x", url, "ok", 1, then)]
    html_pages.render_front_page(look.site, feeds, [teaser], sources, templates)
    status = [html_pages.SourceStatus("x", "x", "upstream", url, "trouble", 1, then, then, then, "x", 1)]
    html_pages.render_status_page(look.site, status, [(then.date(), 1)], then, templates)
    if look.pages:
        feed = html_pages.PageFeed("category", "x", "x", "en", url, tuple(addresses), 2, then, f"{url}x")
        html_pages.render_feed_page(look.site, feed, [full], templates)
