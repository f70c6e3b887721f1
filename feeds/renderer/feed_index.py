"""Group the feeds of a front page, so that people find a feed even among thousands."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import NamedTuple

from feeds.renderer.catalog import CatalogueFeed, CatalogueHead, escape_text

_MAX_UNGROUPED = 60
_TOP_ROWS = 40
_HEADINGS = {"category": "categories", "tag": "tags"}


class FeedRow(NamedTuple):
    """One feed: title, link to its page or document, posts as number and text, ``key`` to sort by."""

    label: str
    href: str
    posts: int
    amount: str
    key: str


@dataclass(frozen=True, slots=True)
class FeedGroup:
    """Feeds whose slugs share an initial; it is empty for those without a Latin letter or digit first."""

    id: str
    initial: str
    rows: Sequence[FeedRow]
    html: str
    """The rows as list items: for thousands of rows, a third of the time of a template."""


@dataclass(frozen=True, slots=True)
class FeedSection:
    """All feeds of a kind. If there are too many to scan, ``top`` has those with the most posts."""

    id: str
    heading: str
    total: int
    top: Sequence[FeedRow]
    groups: Sequence[FeedGroup]


def build_sections(site: CatalogueHead, feeds: Sequence[CatalogueFeed]) -> list[FeedSection]:
    """Return a section for each kind of feed; the feed of all posts has none, it is the front page."""
    by_kind: dict[str, list[FeedRow]] = {}
    for feed in feeds:
        if feed.kind != "all" and feed.urls:
            document = feed.urls[0][1].removeprefix(site.url)
            way = f"{document.rpartition('/')[0]}/" if feed.page else document
            row = FeedRow(feed.label, way, feed.posts, f"{feed.posts:,}", feed.slug)
            by_kind.setdefault(feed.kind, []).append(row)
    order = [*(kind for kind in _HEADINGS if kind in by_kind), *sorted(by_kind.keys() - _HEADINGS.keys())]
    return [_build_section(kind, by_kind[kind]) for kind in order]


def _build_section(kind: str, rows: list[FeedRow]) -> FeedSection:
    heading = _HEADINGS.get(kind, "feeds")
    rows.sort(key=lambda row: (_find_initial(row.key[:1]) or "~", row.key))
    if len(rows) <= _MAX_UNGROUPED:
        return FeedSection(heading, heading, len(rows), (), (_build_group(heading, "all", "", rows),))
    top = heapq.nlargest(_TOP_ROWS, rows, key=lambda row: row.posts)
    groups = [
        _build_group(heading, initial.lower() or "others", initial, list(members))
        for initial, members in groupby(rows, key=lambda row: _find_initial(row.key[:1]))
    ]
    return FeedSection(heading, heading, len(rows), top, groups)


def _build_group(heading: str, name: str, initial: str, rows: list[FeedRow]) -> FeedGroup:
    items = [
        f'<li><a href="{escape(row.href)}">{escape_text(row.label)}</a> <span>{row.amount}</span></li>'
        for row in rows
    ]
    return FeedGroup(f"{heading}-{name}", initial, rows, "\n".join(items))


@lru_cache(maxsize=1024)
def _find_initial(first: str) -> str:
    first = first.upper()
    if not first.isascii() or not first.isalnum():
        return ""
    return "0–9" if first.isdigit() else first
