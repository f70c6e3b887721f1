"""Render HTML pages: one for each feed, a front page, a status page.

Pure: pages depend only on the arguments, not on a clock, so equal input gives equal bytes. An entry is
rendered once (:func:`render_entry`) and joined into every page that shows it. Pages work without
JavaScript, load nothing but images and media of entries, and contain their own security policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from feeds.models import NEWEST, TEASERS, Enclosure, Format
from feeds.renderer import bar_chart, translations
from feeds.renderer.catalog import CatalogueFeed, CatalogueHead
from feeds.renderer.feed_index import build_sections
from feeds.renderer.page_body import join_paragraphs, prepare_html
from feeds.renderer.templates import Templates, compute_digest, render

# A page should load within seconds on a phone.
_MAX_PAGE_BYTES = 280_000
_MAX_BODY_BYTES = 250_000
# No text that a page shows has a NUL: it marks where the rendered entries go.
_PLACEHOLDER = "\0entries\0"

Health = Literal["ok", "new", "waiting", "trouble", "gone"]
"""``new``: not fetched yet; ``waiting``: rate-limited; ``gone``: removed for good (HTTP 410)."""
_HEALTH_ORDER: tuple[Health, ...] = ("ok", "new", "waiting", "trouble", "gone")


class PageEntry(NamedTuple):
    """A post as pages show it."""

    id: str
    title: str
    link: str
    html: str
    """Sanitised HTML with absolute addresses; shown unchanged."""
    published: datetime
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    """Label and address of each term's page; the same on every page, so absolute or from the root."""
    enclosures: tuple[Enclosure, ...] = ()
    summary: str = ""
    """Plain text, for the front page."""
    language: str = ""
    """Empty for the site's own."""


@dataclass(frozen=True, slots=True)
class PageFeed:
    """A feed as its page shows it."""

    kind: str
    title: str
    description: str
    language: str
    url: str
    """Address of the page itself, under the site's."""
    formats: tuple[tuple[Format, str], ...]
    entries: int
    """How many posts the feed has in all."""
    updated: datetime | None = None
    archive: str = ""
    """Address of the newest archive, or empty."""
    private: bool = False
    """Whether only some may read it: search engines must not list it."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source on the front page; its values do not change with every poll."""

    title: str
    link: str
    """Address of its website, or empty."""
    health: Health
    posts: int
    latest: datetime | None = None
    """Publication of its newest post."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source on the status page."""

    name: str
    title: str
    kind: str
    url: str
    health: Health
    posts: int
    polled: datetime | None = None
    next_poll: datetime | None = None
    latest: datetime | None = None
    """Publication of its newest post."""
    error: str = ""
    """Description of the latest error, or empty."""
    failures: int = 0
    """Failures since the latest success."""


def _fill_entries(page: str, entries: Sequence[bytes]) -> bytes:
    return page.encode().replace(_PLACEHOLDER.encode(), b"".join(entries))


def _build_root(site: CatalogueHead, url: str) -> str:
    """Return the relative link from a page to the root, so that the tree works at any address."""
    return "../" * url.removeprefix(site.url).count("/")


def render_entry(entry: PageEntry, site: CatalogueHead, templates: Templates) -> bytes:
    """Render a post in full, for every page that shows it."""
    from markupsafe import Markup

    # Ids of two posts on a page must differ, and must not change with the position of a post.
    mark = compute_digest(entry.id)
    # A character has four bytes at most, so short texts need not be encoded to be measured.
    if len(entry.html) > _MAX_BODY_BYTES // 4 and len(entry.html.encode()) > _MAX_BODY_BYTES:
        body = Markup("<p>{}</p>").format(templates.choose_words(site.language)["too_long"])
    else:
        body = Markup(prepare_html(entry.html, mark))  # noqa: S704 - the sanitiser was here last
    return render(templates, "entry.html", site, entry=entry, body=body, anchor=f"p-{mark}").encode()


def render_teaser(entry: PageEntry, site: CatalogueHead, templates: Templates) -> bytes:
    """Render a post in brief for the front page: title, date, summary."""
    shown = entry._replace(summary=join_paragraphs(entry.summary))
    return render(templates, "teaser.html", site, entry=shown).encode()


def render_feed_page(
    site: CatalogueHead, feed: PageFeed, entries: Sequence[bytes], templates: Templates
) -> bytes:
    """Render the page of a feed: description, formats, newest entries and a link to its archive.

    Args:
        site: The site.
        feed: The feed.
        entries: From :func:`render_entry`, newest first. At most :data:`~feeds.models.NEWEST` are shown,
            fewer where the page would exceed a size fit for a phone (280 kB), but at least one.
        templates: The templates.
    """
    from markupsafe import Markup

    shown = _select_fitting(entries, NEWEST)
    page = render(
        templates, "feed.html", site, feed=feed, shown=len(shown),
        entries=Markup(_PLACEHOLDER), root=_build_root(site, feed.url),  # noqa: S704
    )  # fmt: skip
    return _fill_entries(page, shown)


def _select_fitting(entries: Sequence[bytes], most: int) -> Sequence[bytes]:
    total = 0
    for number, entry in enumerate(entries[:most]):
        total += len(entry)
        if number and total > _MAX_PAGE_BYTES:
            return entries[:number]
    return entries[:most]


def render_front_page(
    site: CatalogueHead,
    feeds: Sequence[CatalogueFeed],
    newest: Sequence[bytes],
    sources: Sequence[SourceHealth],
    templates: Templates,
    archive: str = "",
) -> bytes:
    """Render the front page: newest posts, sources with their health, every feed with its number of posts.

    Args:
        site: The site.
        feeds: All published feeds; the feed of kind ``all`` provides the subscription addresses.
        newest: From :func:`render_teaser` (or :func:`render_entry`), newest first.
        sources: Upstream feeds to list; empty where there is only a folder.
        templates: The templates.
        archive: Address of the newest archive of all posts, or empty.
    """
    from markupsafe import Markup

    first = next((feed for feed in feeds if feed.kind == "all"), None)
    shown = _select_fitting(newest, TEASERS)
    page = render(
        templates, "front.html", site, formats=first.urls if first else (), root="",
        posts=first.posts if first else 0, updated=first.updated if first else None,
        newest=len(shown), entries=Markup(_PLACEHOLDER),  # noqa: S704
        archive=archive, sources=sources, shelves=build_sections(site, feeds),
    )  # fmt: skip
    return _fill_entries(page, shown)


def render_status_page(
    site: CatalogueHead,
    sources: Sequence[SourceStatus],
    activity: Sequence[tuple[date, int]],
    now: datetime,
    templates: Templates,
    root: str = "",
) -> bytes:
    """Render the status page: each source with its health, polls and errors, and new posts of the last days.

    Args:
        site: The site.
        sources: Sources in the order to show.
        activity: New posts of each day, oldest first.
        now: Time from which spans are measured; the page shows it.
        templates: The templates.
        root: Link from this page to the folder of the front page, with a slash at its end.
    """
    words = templates.choose_words(site.language)
    counts = [amount for _, amount in activity]
    summed = words["activity_sum"].format(
        translations.format_count(words["posts"], sum(counts)),
        len(counts),
        translations.format_number(max(counts, default=0)),
    )
    states = Counter(source.health for source in sources)
    return render(
        templates, "status.html", site, sources=sources, now=now, root=root, bars=bar_chart.compute_bars(activity),
        chart={"width": bar_chart.WIDTH, "height": bar_chart.HEIGHT}, activity=summed,
        quiet=not any(counts), tally=[(state, states[state]) for state in _HEALTH_ORDER if states[state]],
        posts=sum(source.posts for source in sources),
    ).encode()  # fmt: skip
