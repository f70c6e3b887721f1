"""What documents say about their feed, and where they lie on the web."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from feeds.config import Config
from feeds.models import FORMATS, FeedHead, Format
from feeds.values import document_paths

if TYPE_CHECKING:
    from feeds.storage.feeds import DirtyFeed

_PLAIN = re.compile(r"[A-Za-z0-9._/-]*")  # what `quote` leaves as it is, in a quarter of its time


def label(config: Config, kind: str, name: str) -> str:
    """How a feed is called for people."""
    return config.labels.get(kind, {}).get(name, name)


def head_of(config: Config, feed: DirtyFeed, updated: int, archives: int = 0) -> FeedHead:
    """What the subscription documents of a feed say about it; it has so many ``archives``."""
    site = config.site
    title = site.title if feed.kind == "all" else f"{label(config, feed.kind, feed.name)} - {site.title}"
    return FeedHead(
        id=feed.uid,
        title=title,
        subtitle=site.description,
        author=site.author,
        language=site.language,
        site_url=site.url,
        self_urls=tuple((form, url_of(config, feed.kind, feed.slug, form)) for form in FORMATS),
        updated=datetime.fromtimestamp(updated, ZoneInfo(site.timezone)),
        hubs=() if config.is_private(document_paths.folder(feed.kind, feed.slug)) else config.push.named,
        before=archives_before(config, feed, archives),
    )


def archive_head(config: Config, feed: DirtyFeed, number: int, updated: int) -> FeedHead:
    """What an archive says about its feed: nothing in it may change later."""
    forms = archive_formats(config, feed.kind)
    head = head_of(config, feed, updated)
    return replace(
        head,
        self_urls=tuple((form, archive_url(config, feed, number, form)) for form in forms),
        hubs=(),
        before=archives_before(config, feed, number - 1),
        current=tuple((form, url) for form, url in head.self_urls if form in forms),
    )


def archives_before(config: Config, feed: DirtyFeed, number: int) -> tuple[tuple[Format, str], ...]:
    """The addresses of archive ``number``, the newest before a document; empty if there is none."""
    forms = archive_formats(config, feed.kind) if number else ()
    return tuple((form, archive_url(config, feed, number, form)) for form in forms)


def archive_formats(config: Config, kind: str) -> tuple[Format, ...]:
    """The formats in which feeds of this kind have archives."""
    return config.output.archive if kind in config.output.archive_kinds else ()


def archive_url(config: Config, feed: DirtyFeed, number: int, form: Format) -> str:
    """The address of an archive."""
    return config.site.url + quote(document_paths.archive_path(feed.kind, feed.slug, number, form))


def url_of(config: Config, kind: str, given: str, form: str) -> str:
    """The address of a feed's subscription document."""
    path = document_paths.document_path(kind, given, form)  # type: ignore[arg-type]
    return config.site.url + (path if _PLAIN.fullmatch(path) else quote(path))
