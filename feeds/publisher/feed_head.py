"""Build the head of a feed's documents: title, addresses, hubs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from feeds.models import FeedHead, Format, Podcast
from feeds.publisher.plan import FeedPaths
from feeds.settings import PublishSettings

if TYPE_CHECKING:
    from feeds.storage.feeds import StoredFeed

# Paths that `quote` leaves unchanged; the match is faster than the call.
_PLAIN = re.compile(r"[A-Za-z0-9._/-]*")


def build_feed_head(
    settings: PublishSettings,
    feed: StoredFeed,
    paths: FeedPaths,
    updated: int,
    archive: int = 0,
    deleted: Sequence[tuple[str, int]] = (),
) -> FeedHead:
    """Build the head of a feed's subscription documents.

    Args:
        settings: The settings of the output.
        feed: The feed.
        paths: Where its documents are.
        updated: Time of its latest change, in seconds since 1970.
        archive: Number of its newest archive, 0 if it has none.
        deleted: Id and time of the entries that left it lately (RFC 6721).
    """
    return FeedHead(
        id=feed.uid,
        title=settings.title
        if feed.kind == "all"
        else f"{get_label(settings, feed.kind, feed.name)} - {settings.title}",
        subtitle=settings.description,
        author=settings.author,
        language=settings.language,
        site_url=settings.site_url,
        self_urls=tuple((form, build_url(settings, path)) for form, path in paths.documents.items()),
        updated=datetime.fromtimestamp(updated, settings.zone),
        # A hub would fetch the private feed, or learn its address.
        hubs=() if paths.private else settings.named_hubs,
        before=list_archive_urls(settings, paths, archive),
        deleted=tuple((uid, datetime.fromtimestamp(at, settings.zone)) for uid, at in deleted),
        podcast=_select_podcast(settings, feed.kind),
    )


def _select_podcast(settings: PublishSettings, kind: str) -> Podcast | None:
    """Return the podcast as a feed describes it: two feeds must not have the same identifier."""
    podcast = settings.podcast
    return podcast._replace(guid="") if podcast and kind != "all" else podcast


def get_label(settings: PublishSettings, kind: str, name: str) -> str:
    """Return the name of a feed for people: its configured label, or its own name."""
    return settings.labels.get(kind, {}).get(name, name)


def build_archive_head(
    settings: PublishSettings, feed: StoredFeed, paths: FeedPaths, number: int, updated: int
) -> FeedHead:
    """Build the head of an archive. It holds nothing that may change later, such as hubs."""
    head = build_feed_head(settings, feed, paths, updated)
    return replace(
        head,
        self_urls=list_archive_urls(settings, paths, number),
        hubs=(),
        before=list_archive_urls(settings, paths, number - 1),
        current=tuple((form, url) for form, url in head.self_urls if form in paths.archive_formats),
    )


def list_archive_urls(
    settings: PublishSettings, paths: FeedPaths, number: int
) -> tuple[tuple[Format, str], ...]:
    """Return the addresses of an archive by format; empty for number 0."""
    if not number:
        return ()
    return tuple((form, build_url(settings, path)) for form, path in paths.list_archives(number).items())


def build_url(settings: PublishSettings, path: str) -> str:
    """Return the address of a document of the output tree."""
    return settings.site_url + (path if _PLAIN.fullmatch(path) else quote(path))
