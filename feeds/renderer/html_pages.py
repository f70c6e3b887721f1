"""Pages for people beside the feeds: one for each feed, a front page, a status page.

Pure: what is passed in is all they say, so unchanged input gives the same bytes; nobody's clock is read.
An entry is rendered once (:func:`entry_html`) and joined into every page that shows it. Pages work
without their script, ask for nothing but images and media of entries, and carry their own policy.
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
from feeds.renderer.feed_index import shelves
from feeds.renderer.page_body import for_page, in_one_line
from feeds.renderer.templates import Templates, digest_of, render

_LARGEST = 280_000
_LONGEST_BODY = 250_000
# No text that a page shows has a NUL: it marks where the rendered entries go.
_PLACE = "\0entries\0"

Health = Literal["ok", "new", "waiting", "trouble", "gone"]
"""``new``: not asked yet; ``waiting``: asked us to come later; ``gone``: says that it will not come back."""
_HEALTHS: tuple[Health, ...] = ("ok", "new", "waiting", "trouble", "gone")


class PageEntry(NamedTuple):
    """A post as pages show it."""

    id: str
    title: str
    link: str
    html: str
    """Sanitised and absolute: it is shown as it stands."""
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
    """For some only: search engines are not to list it."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source as the front page of a planet lists it: nothing in it changes with every poll."""

    title: str
    link: str
    """Its pages for people, or empty."""
    health: Health
    posts: int
    latest: datetime | None = None
    """Publication of its newest post."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source as the status page tells of it."""

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
    """What is wrong, in words."""
    failures: int = 0
    """How often it failed since it last worked."""


def _filled(page: str, entries: Sequence[bytes]) -> bytes:
    return page.encode().replace(_PLACE.encode(), b"".join(entries))


def _root(site: CatalogueHead, url: str) -> str:
    """The way from a page up to the site's, so that the tree works wherever it is put."""
    return "../" * url.removeprefix(site.url).count("/")


def entry_html(entry: PageEntry, site: CatalogueHead, templates: Templates) -> bytes:
    """A post in full, once for every page that shows it."""
    from markupsafe import Markup

    mark = digest_of(entry.id)
    # A character has four bytes at most.
    if len(entry.html) > _LONGEST_BODY // 4 and len(entry.html.encode()) > _LONGEST_BODY:
        body = Markup("<p>{}</p>").format(templates.words(site.language)["too_long"])
    else:
        body = Markup(for_page(entry.html, mark))  # noqa: S704 - the sanitiser was here last
    return render(templates, "entry.html", site, entry=entry, body=body, anchor=f"p-{mark}").encode()


def teaser_html(entry: PageEntry, site: CatalogueHead, templates: Templates) -> bytes:
    """A post in brief, for the front page: title, date, summary."""
    shown = entry._replace(summary=in_one_line(entry.summary))
    return render(templates, "teaser.html", site, entry=shown).encode()


def feed_page(site: CatalogueHead, feed: PageFeed, entries: Sequence[bytes], templates: Templates) -> bytes:
    """The page of a feed: what it is, how to subscribe, its newest entries, the way to its history.

    Args:
        site: The site.
        feed: The feed.
        entries: From :func:`entry_html`, newest first; as many are shown as :data:`~feeds.models.NEWEST` and a size fit
            for a phone (280 kB) allow, at least one.
        templates: How it looks.
    """
    from markupsafe import Markup

    shown = _fitting(entries, NEWEST)
    page = render(
        templates, "feed.html", site, feed=feed, shown=len(shown),
        entries=Markup(_PLACE), root=_root(site, feed.url),  # noqa: S704
    )  # fmt: skip
    return _filled(page, shown)


def _fitting(entries: Sequence[bytes], most: int) -> Sequence[bytes]:
    total = 0
    for number, entry in enumerate(entries[:most]):
        total += len(entry)
        if number and total > _LARGEST:
            return entries[:number]
    return entries[:most]


def front_page(
    site: CatalogueHead,
    feeds: Sequence[CatalogueFeed],
    newest: Sequence[bytes],
    sources: Sequence[SourceHealth],
    templates: Templates,
    archive: str = "",
) -> bytes:
    """The front page: newest posts, sources with their health, every feed with its number of posts.

    Args:
        site: The site.
        feeds: All published feeds; the one of kind ``all`` gives the page its subscription addresses.
        newest: From :func:`teaser_html` (or :func:`entry_html`), newest first.
        sources: Upstreams to name; empty where there is only a folder.
        templates: How it looks.
        archive: Address of the newest archive of all posts, or empty.
    """
    from markupsafe import Markup

    first = next((feed for feed in feeds if feed.kind == "all"), None)
    shown = _fitting(newest, TEASERS)
    page = render(
        templates, "front.html", site, formats=first.urls if first else (), root="",
        posts=first.posts if first else 0, updated=first.updated if first else None,
        newest=len(shown), entries=Markup(_PLACE),  # noqa: S704
        archive=archive, sources=sources, shelves=shelves(site, feeds),
    )  # fmt: skip
    return _filled(page, shown)


def status_page(
    site: CatalogueHead,
    sources: Sequence[SourceStatus],
    activity: Sequence[tuple[date, int]],
    now: datetime,
    templates: Templates,
    root: str = "",
) -> bytes:
    """The status page: each source with its health, polls and errors, and what the last days brought.

    Args:
        site: The site.
        sources: In the order to show.
        activity: New posts of each day, oldest first.
        now: The time to tell spans from; the page says it.
        templates: How it looks.
        root: Way or address from this page to the front page's folder, with a slash at its end.
    """
    words = templates.words(site.language)
    counts = [amount for _, amount in activity]
    summed = words["activity_sum"].format(
        translations.count(words["posts"], sum(counts)),
        len(counts),
        translations.number(max(counts, default=0)),
    )
    states = Counter(source.health for source in sources)
    return render(
        templates, "status.html", site, sources=sources, now=now, root=root, bars=bar_chart.bars(activity),
        chart={"width": bar_chart.WIDTH, "height": bar_chart.HEIGHT}, activity=summed,
        quiet=not any(counts), tally=[(state, states[state]) for state in _HEALTHS if states[state]],
        posts=sum(source.posts for source in sources),
    ).encode()  # fmt: skip
