"""What names every feed, for programs: ``feeds.opml``; :mod:`feeds.renderer.html_pages` has the page for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from feeds.models import Format, Kind

_HEADINGS = (("all", "All posts"), ("category", "Categories"), ("tag", "Tags"))


@dataclass(frozen=True, slots=True)
class CatalogueFeed:
    """A published feed as a catalogue names it."""

    kind: Kind
    label: str
    slug: str
    posts: int
    updated: datetime | None
    """When one of its posts changed last; of the feed of all posts alone is it told."""
    urls: tuple[tuple[Format, str], ...]
    page: bool = True
    """Whether it has a page; otherwise people are sent to its first document."""


@dataclass(frozen=True, slots=True)
class CatalogueHead:
    """The site as a catalogue names it."""

    title: str
    description: str
    language: str
    url: str


def opml(site: CatalogueHead, feeds: Sequence[CatalogueFeed]) -> bytes:
    """Every feed as an OPML 2.0 subscription list, without counts and dates: it changes with the set of feeds."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0"><head><title>{escape(site.title)}</title></head><body>',
    ]
    url = escape(site.url)
    for kind, heading in _HEADINGS:
        lines.append(f'<outline text="{heading}">')
        lines += [_outline(url, feed) for feed in feeds if feed.kind == kind and feed.urls]
        lines.append("</outline>")
    lines.append("</body></opml>")
    return ("\n".join(lines) + "\n").encode()


def _outline(site_url: str, feed: CatalogueFeed) -> str:
    label, url = escaped(feed.label), escape(feed.urls[0][1])
    return f'<outline type="rss" text="{label}" title="{label}" xmlUrl="{url}" htmlUrl="{site_url}"/>'


def escaped(text: str) -> str:
    """:func:`html.escape`, which takes six times as long for a word of letters and digits alone."""
    return text if text.isalnum() else escape(text)
