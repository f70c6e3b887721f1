"""What documents say about their feed, and where they lie on the web."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from feeds import plan
from feeds.config import Config
from feeds.model import FORMATS, FeedHead

if TYPE_CHECKING:
    from feeds.store.feeds import DirtyFeed


def label(config: Config, kind: str, name: str) -> str:
    """How a feed is called for people."""
    return config.labels.get(kind, {}).get(name, name)


def head_of(config: Config, feed: DirtyFeed, updated: int) -> FeedHead:
    """What every document of a feed says about it."""
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
        hubs=config.push.named,
    )


def url_of(config: Config, kind: str, given: str, form: str) -> str:
    """The address of a feed's subscription document."""
    return config.site.url + quote(plan.document_path(kind, given, form))  # type: ignore[arg-type]
