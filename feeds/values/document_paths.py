"""Which documents a feed has, where they lie, and in which order they show their posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from feeds.models import Format

FILE_NAMES: Mapping[Format, str] = {"atom": "atom.xml", "rss": "rss.xml", "json": "feed.json"}
PAGE = "index.html"
CATALOGUE = ("feeds.opml", PAGE)
MEDIA_TYPES: Mapping[str, str] = {
    "atom.xml": "application/atom+xml",
    "rss.xml": "application/rss+xml",
    "feed.json": "application/feed+json",
}
"""Media type of a subscription document, by the name of its file."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A post's place in a document: newest publication first, then the id."""

    number: int
    uid: str
    published: int
    """Seconds since 1970."""


def folder(kind: str, slug: str) -> str:
    """The folder of a feed's documents, relative to the output tree; empty for the feed of all posts."""
    return "" if kind == "all" else f"{kind}/{slug}/"


def document_path(kind: str, slug: str, form: Format) -> str:
    """Where a feed's subscription document in this format lies, relative to the output tree."""
    return folder(kind, slug) + FILE_NAMES[form]


def archive_path(kind: str, slug: str, number: int, form: Format) -> str:
    """Where a sealed archive of a feed lies; the oldest has number 1."""
    ending = "json" if form == "json" else f"{form}.xml"
    return f"{folder(kind, slug)}archive/{number}.{ending}"


def page_of(sizes: Sequence[Sequence[int]], entries: int, most_bytes: int) -> int:
    """How many of the oldest entries make an archive: ``entries``, fewer where a document would grow too large.

    ``sizes`` has the bytes of each entry in each format. One entry that is too large alone is an archive of its own.
    """
    first = sizes[:entries]
    if all(sum(column) <= most_bytes for column in zip(*first, strict=True)):
        return len(first)
    count = 0
    sums = [0] * len(first[0])
    for each in first:
        sums = [a + b for a, b in zip(sums, each, strict=True)]
        if count and max(sums) > most_bytes:
            break
        count += 1
    return count


def page_path(kind: str, slug: str) -> str:
    """Where the page of a feed lies, relative to the output tree; that of all posts is the front page."""
    return folder(kind, slug) + PAGE


def media_type(path: str, aliases: Mapping[str, str]) -> str:
    """Media type of the subscription document at ``path``; empty if that is none."""
    return MEDIA_TYPES.get(aliases.get(path, path).rpartition("/")[2], "")


def in_order(places: Iterable[Place]) -> list[int]:
    """The posts of a document by date of publication, then id, newest first (contract 2.3)."""
    ranked = sorted(places, key=lambda place: place.uid)
    ranked.sort(key=lambda place: place.published, reverse=True)
    return [place.number for place in ranked]


def copies(aliases: Mapping[str, str]) -> dict[str, list[str]]:
    """For each document the old addresses that get the same bytes."""
    found: dict[str, list[str]] = {}
    for old, path in aliases.items():
        found.setdefault(path, []).append(old)
    return found


def chunks(values: Sequence[T], size: int) -> list[Sequence[T]]:
    """Cut work into pieces of ``size``."""
    return [values[i : i + size] for i in range(0, len(values), size)]
