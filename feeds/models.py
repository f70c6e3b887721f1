"""The nouns of feedd: frozen values that travel from step to step.

One concept, one name; ``docs/reference/glossary.md`` defines the words. All instants are aware ``datetime``
values that keep the offset they were written with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal, NamedTuple

Markup = Literal["markdown", "html"]
Kind = Literal["all", "category", "tag"]
Format = Literal["atom", "rss", "json"]

FORMATS: tuple[Format, ...] = ("atom", "rss", "json")


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was wrong in a post's file and how it was read.

    ``line`` counts from 1 in the file; ``rule`` is a short stable name such as ``unescaped-quote``.
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
    """An element of iTunes' or of the podcast namespace that is carried through."""

    name: str
    """Qualified name, such as ``itunes:duration``."""
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class Item(NamedTuple):
    """What a parser understood of one post: still dirty, nothing escaped, nothing trusted."""

    guid: str
    """``id`` or ``guid`` as stated, or empty."""
    title: str
    """Plain text as written, or empty."""
    address: str
    """The source address, absolute, or empty."""
    permalink: str
    """Where the post's own page is, absolute, or empty."""
    authors: tuple[str, ...]
    published: datetime | None
    """The stated date of publication."""
    updated: datetime | None
    """The stated date of the latest change."""
    guess: datetime | None
    """A date of publication found elsewhere (file name, identity pattern, mtime)."""
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    body: str
    """The content in its own markup, without the source address and boilerplate at its end."""
    markup: Markup
    summary: str = ""
    language: str = ""
    guess_origin: str = ""
    """``name``, ``identity`` or ``mtime``: where ``guess`` comes from."""
    fixed_id: str = ""
    """An id that subscribers know already (``ids = "jekyll-feed"``), or empty."""
    repairs: tuple[Repair, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    rights: str = ""
    extras: tuple[Extra, ...] = ()
    """Podcast fields to carry through."""
    expires: datetime | None = None
    """When the post is to be taken out, or None."""


class Skipped(NamedTuple):
    """A file that is no post to publish: ``ignored`` (no post at all) or ``unpublished`` (by wish)."""

    outcome: Literal["ignored", "unpublished"]
    reason: str


class Term(NamedTuple):
    """A category or a tag as it stands in an entry: slug for programs, label for people."""

    kind: Kind
    name: str
    slug: str
    label: str


class Origin(NamedTuple):
    """The upstream that an entry came from (``atom:source``, RFC 4287 4.2.11)."""

    id: str
    title: str
    url: str
    """Address of the upstream feed."""
    link: str
    """Address of its pages, or empty."""


class Entry(NamedTuple):
    """A post ready to be rendered: clean, absolute, with its id."""

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


NEWEST = 10
"""How many entries the page of a feed shows in full."""

TEASERS = 20
"""How many entries the front page names."""


class Extent(IntEnum):
    """How much of an entry is rendered: what somebody shows of it, and all that a lower extent has."""

    ARCHIVED = 0
    """The formats of archives."""
    SHOWN = 1
    """Every format."""
    ON_PAGE = 2
    """Its place on the pages of feeds too."""
    ON_FRONT = 3
    """Its teaser on the front page too."""


@dataclass(frozen=True, slots=True)
class FeedHead:
    """What a document says about its feed, without entries."""

    id: str
    title: str
    subtitle: str
    author: str
    language: str
    site_url: str
    """Address of the tree that people see (``site.url``)."""
    self_urls: tuple[tuple[Format, str], ...]
    """Address of each format's own subscription document."""
    updated: datetime
    hubs: tuple[str, ...] = ()
    """Hubs that tell subscribers what is new (WebSub, 4)."""
    before: tuple[tuple[Format, str], ...] = ()
    """Address of the archive before this document, in each format that has one (RFC 5005, 4)."""
    deleted: tuple[tuple[str, datetime], ...] = ()
    """Ids of posts that have gone, and when (RFC 6721)."""
    current: tuple[tuple[Format, str], ...] = ()
    """In an archive: address of the subscription document in each format. Empty in that document itself."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """An upstream as a list of upstreams names it: a line of OPML, a section of a configuration."""

    url: str
    """Address of the feed (``xmlUrl``), or of a further list if ``type`` is ``include``."""
    title: str = ""
    link: str = ""
    """Address of its pages (``htmlUrl``), or empty."""
    categories: tuple[str, ...] = ()
    """The outlines around it, outermost first, then its own ``category``."""
    name: str = ""
    """The source's name where the list comes from a configuration, or empty."""
    type: Literal["rss", "include"] = "rss"
    """``rss`` stands for a feed of any format, as in OPML."""
    language: str = ""
    description: str = ""
    every: str = ""
    terms: str = ""
    group: str = ""


POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src * data:; media-src *; "
    "base-uri 'none'; form-action 'none'"
)
"""Content-Security-Policy of every page; a server adds ``frame-ancestors 'none'``, which only a header can say."""
