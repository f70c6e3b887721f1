"""Metadata of feeds (title, addresses, hubs) for the head of their documents."""

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

# Paths that `quote` leaves unchanged; the match costs a quarter of its time.
_PLAIN = re.compile(r"[A-Za-z0-9._/-]*")


def get_label(config: Config, kind: str, name: str) -> str:
    """Return the name of a feed for people: its configured label, or its own name."""
    return config.labels.get(kind, {}).get(name, name)


def build_feed_head(config: Config, feed: DirtyFeed, updated: int, archives: int = 0) -> FeedHead:
    """Build the head of a feed's subscription documents.

    Args:
        config: The configuration.
        feed: The feed.
        updated: Time of its latest change, in seconds since 1970.
        archives: Number of its newest archive, 0 if it has none.
    """
    site = config.site
    title = site.title if feed.kind == "all" else f"{get_label(config, feed.kind, feed.name)} - {site.title}"
    return FeedHead(
        id=feed.uid,
        title=title,
        subtitle=site.description,
        author=site.author,
        language=site.language,
        site_url=site.url,
        self_urls=tuple((form, build_document_url(config, feed.kind, feed.slug, form)) for form in FORMATS),
        updated=datetime.fromtimestamp(updated, ZoneInfo(site.timezone)),
        hubs=()
        if config.is_private(document_paths.build_folder(feed.kind, feed.slug))
        else config.push.named,
        before=list_previous_archives(config, feed, archives),
    )


def build_archive_head(config: Config, feed: DirtyFeed, number: int, updated: int) -> FeedHead:
    """Build the head of an archive. It holds nothing that may change later, such as hubs."""
    forms = get_archive_formats(config, feed.kind)
    head = build_feed_head(config, feed, updated)
    return replace(
        head,
        self_urls=tuple((form, build_archive_url(config, feed, number, form)) for form in forms),
        hubs=(),
        before=list_previous_archives(config, feed, number - 1),
        current=tuple((form, url) for form, url in head.self_urls if form in forms),
    )


def list_previous_archives(config: Config, feed: DirtyFeed, number: int) -> tuple[tuple[Format, str], ...]:
    """Return the addresses of archive ``number`` by format; empty for number 0."""
    forms = get_archive_formats(config, feed.kind) if number else ()
    return tuple((form, build_archive_url(config, feed, number, form)) for form in forms)


def get_archive_formats(config: Config, kind: str) -> tuple[Format, ...]:
    """Return the formats in which feeds of this kind have archives."""
    return config.output.archive if kind in config.output.archive_kinds else ()


def build_archive_url(config: Config, feed: DirtyFeed, number: int, form: Format) -> str:
    """Return the address of an archive."""
    return config.site.url + quote(document_paths.build_archive_path(feed.kind, feed.slug, number, form))


def build_document_url(config: Config, kind: str, given: str, form: str) -> str:
    """Return the address of a feed's subscription document."""
    path = document_paths.build_document_path(kind, given, form)  # type: ignore[arg-type]
    return config.site.url + (path if _PLAIN.fullmatch(path) else quote(path))
