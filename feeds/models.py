"""The data types of feedd: frozen values that are passed from step to step.

One concept has one name; ``docs/reference/glossary.md`` defines the words. All times are aware ``datetime``
values that keep their written offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal, NamedTuple

Markup = Literal["markdown", "html"]
Dialect = Literal["kramdown", "commonmark"]
"""How Markdown is written: as on Jekyll sites, or as CommonMark defines."""
Generator = Literal["", "jekyll", "hexo", "eleventy", "hugo", "zola", "pelican", "content"]
"""The program that makes a site of a folder of posts; ``content`` is Hugo, Zola or Pelican, empty an unknown one."""
Kind = Literal["all", "category", "tag"]
Format = Literal["atom", "rss", "json"]

DIALECTS: tuple[Dialect, ...] = ("kramdown", "commonmark")
FORMATS: tuple[Format, ...] = ("atom", "rss", "json")


@dataclass(frozen=True, slots=True)
class Repair:
    """A problem in the file of a post, and how feedd repaired it.

    ``line`` counts from 1 in the file. ``rule`` is a short stable name such as ``unescaped-quote``.
    """

    line: int
    rule: str
    old: str
    new: str


class Enclosure(NamedTuple):
    """A media file that belongs to a post (RSS 2.0 ``enclosure``, RFC 4287 4.2.7.2, Media RSS)."""

    url: str
    type: str = ""
    """Media type as stated, or empty."""
    length: int = 0
    """Size in bytes, 0 if it is not known."""


class Extra(NamedTuple):
    """An element of the iTunes or podcast namespace that feedd copies to its feeds unchanged."""

    name: str
    """Qualified name, such as ``itunes:duration``."""
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class Item(NamedTuple):
    """The fields that a parser read from one post. They are neither sanitised nor escaped."""

    guid: str
    """``id`` or ``guid`` as stated, or empty."""
    title: str
    """Plain text as written, or empty."""
    address: str
    """The source address, absolute, or empty."""
    permalink: str
    """Address of the post's own page, absolute, or empty."""
    authors: tuple[str, ...]
    published: datetime | None
    """The stated date of publication."""
    updated: datetime | None
    """The stated date of the last change."""
    guess: datetime | None
    """A date of publication found elsewhere (file name, identity pattern, mtime)."""
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    body: str
    """The content in its own markup, without the source address and boilerplate at its end."""
    markup: Markup
    summary: str = ""
    language: str = ""
    fixed_id: str = ""
    """An id that was published before (``ids = "jekyll-feed"``), or empty."""
    repairs: tuple[Repair, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    rights: str = ""
    extras: tuple[Extra, ...] = ()
    """Podcast elements that feedd copies unchanged."""
    expires: datetime | None = None
    """When the post is to be removed from all feeds, or None."""

    def remove_nul(self) -> Item:
        """Return the item without NUL characters, which no database and no document accepts."""
        texts = (self.guid, self.title, self.address, self.permalink, self.body, self.summary)
        if not any("\0" in text for text in texts):
            return self
        guid, title, address, permalink, body, summary = (text.replace("\0", "") for text in texts)
        return self._replace(
            guid=guid, title=title, address=address, permalink=permalink, body=body, summary=summary
        )


class Skipped(NamedTuple):
    """A file that is not published: ``ignored`` (not a post) or ``unpublished`` (by a field of the file)."""

    outcome: Literal["ignored", "unpublished"]
    reason: str
    permalink: str = ""
    """Address of the page that an unpublished post would have; empty if it depends on an unknown date."""


class Term(NamedTuple):
    """A category or a tag of an entry: the slug is for programs, the label for people."""

    kind: Kind
    name: str
    slug: str
    label: str


class Origin(NamedTuple):
    """The upstream feed that an entry came from (``atom:source``, RFC 4287 4.2.11)."""

    id: str
    title: str
    url: str
    """Address of the upstream feed."""
    link: str
    """Address of its pages, or empty."""


class Entry(NamedTuple):
    """A post that is ready to be rendered: sanitised, with absolute addresses and its id."""

    id: str
    title: str
    link: str
    html: str
    summary: str
    authors: tuple[str, ...]
    published: datetime
    updated: datetime
    terms: tuple[Term, ...]
    language: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    rights: str = ""
    extras: tuple[Extra, ...] = ()
    origin: Origin | None = None


class Keep(NamedTuple):
    """The limits of ``keep``: seconds since publication, and number of newest posts; 0 for no limit."""

    seconds: int = 0
    posts: int = 0


class Written(NamedTuple):
    """A document on disk: digest (hex), and size and mtime, which show cheaply that it is unchanged."""

    digest: str
    size: int
    mtime: int


NEWEST = 10
"""Number of entries that the page of a feed shows in full."""

TEASERS = 20
"""Number of entries that the front page names."""


class Extent(IntEnum):
    """How much of an entry is rendered. Each value includes all lower values."""

    ARCHIVED = 0
    """Only the formats of archives."""
    SHOWN = 1
    """All formats of feeds."""
    ON_PAGE = 2
    """Also its text for the pages of feeds."""
    ON_FRONT = 3
    """Also its teaser for the front page."""


class Podcast(NamedTuple):
    """What directories of podcasts require of an RSS channel with episodes."""

    owner: str
    email: str
    categories: tuple[str, ...]
    """Each may have a subcategory after a slash."""
    image: str
    author: str
    explicit: bool
    type: Literal["episodic", "serial"]
    guid: str = ""
    """``podcast:guid``; empty if the feed has none."""


@dataclass(frozen=True, slots=True)
class FeedHead:
    """The metadata of a feed document, without its entries."""

    id: str
    title: str
    subtitle: str
    author: str
    language: str
    site_url: str
    """Public address of the output folder (``site.url``)."""
    self_urls: tuple[tuple[Format, str], ...]
    """Address of the subscription document in each format."""
    updated: datetime
    hubs: tuple[str, ...] = ()
    """Addresses of the hubs that deliver updates to subscribers (WebSub, 4)."""
    before: tuple[tuple[Format, str], ...] = ()
    """Address of the previous archive in each format that has archives (RFC 5005, 4)."""
    deleted: tuple[tuple[str, datetime], ...] = ()
    """Ids of removed posts, and when each was removed (RFC 6721)."""
    current: tuple[tuple[Format, str], ...] = ()
    """Address of the subscription document in each format, if this is an archive; else empty."""
    podcast: Podcast | None = None
    """Describes the channel of an RSS document that has episodes; None if the configuration has no podcast."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """An upstream feed as a list names it: an outline of OPML or a section of a configuration."""

    url: str
    """Address of the feed (``xmlUrl``), or of a further list if ``type`` is ``include``."""
    title: str = ""
    link: str = ""
    """Address of its pages (``htmlUrl``), or empty."""
    categories: tuple[str, ...] = ()
    """The outlines that contain it, outermost first, then its own ``category``."""
    name: str = ""
    """Name of the source if the list comes from a configuration, else empty."""
    type: Literal["rss", "include"] = "rss"
    """``rss`` means a feed of any format, as in OPML."""
    language: str = ""
    description: str = ""
    every: str = ""
    terms: str = ""
    group: str = ""


POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src * data:; media-src *; "
    "base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy of every page.

The server adds ``frame-ancestors 'none'``, which browsers accept only in a header.
"""
