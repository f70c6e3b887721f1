"""The values of a split and parsed document, without the parsers, so that reading them in another process is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Feed = Literal["xml", "json", "none"]


@dataclass(frozen=True, slots=True)
class Outline:
    """A document cut into its head and its entries."""

    kind: Feed
    """``none`` if the document is not a feed, but a web page or an empty body."""
    head: str
    """The document without its entries."""
    entries: tuple[str, ...]
    """The raw text of each entry, in the order of the document; of JSON in canonical form."""
    digests: tuple[bytes, ...]
    """A digest of 16 bytes for each entry; an entry with a known digest needs no parsing."""
    gap: int = 0
    """Position in ``head`` where the first entry was."""
    whole: bool = False
    """Whether the document could not be split, so that its only entry is the whole document."""
    unreadable: tuple[str, ...] = ()
    """Items of a JSON Feed that are not objects."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A tombstone: an entry that the upstream deleted (RFC 6721, 3)."""

    ref: str
    """The id of the entry."""
    when: datetime | None


@dataclass(frozen=True, slots=True)
class UpstreamHead:
    """The metadata of an upstream document; a value is empty if the document does not state it."""

    version: str = ""
    """``rss20``, ``rss10``, ``atom10``, ``atom03``, ``cdf``, ``json11`` …; empty if it is not a feed."""
    id: str = ""
    title: str = ""
    """Plain text."""
    link: str = ""
    """Address of its pages, absolute."""
    subtitle: str = ""
    language: str = ""
    authors: tuple[str, ...] = ()
    rights: str = ""
    updated: datetime | None = None
    self_url: str = ""
    """Its own address as it states it (``rel="self"``), absolute."""
    hubs: tuple[str, ...] = ()
    """WebSub hubs, absolute."""
    icon: str = ""
    logo: str = ""
    ttl: int | None = None
    """RSS ``ttl``, in minutes."""
    update_period: str = ""
    """``sy:updatePeriod``: hourly, daily, weekly, monthly or yearly."""
    update_frequency: int = 1
    """``sy:updateFrequency``: how many times in a period."""
    skip_hours: frozenset[int] = frozenset()
    """Hours (0 to 23, UTC) in which not to poll."""
    skip_days: frozenset[int] = frozenset()
    """Days on which not to poll; Monday is 0."""
    prev_archive: str = ""
    """The archive before this document (RFC 5005, 4)."""
    next_page: str = ""
    """The next page (RFC 5005, 3; JSON Feed ``next_url``)."""
    archive: bool = False
    """This document is an archive and will not change (RFC 5005, 4)."""
    complete: bool = False
    """This document has every entry that there is (RFC 5005, 2)."""
    tombstones: tuple[Tombstone, ...] = ()
