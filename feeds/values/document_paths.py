"""Paths of the documents of a feed in the output tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
"""Media type of a subscription document, by file name."""

T = TypeVar("T")


def build_folder(kind: str, slug: str) -> str:
    """Return the folder of a feed's documents in the output tree; empty for the feed of all posts."""
    return "" if kind == "all" else f"{kind}/{slug}/"


def build_document_path(kind: str, slug: str, form: Format) -> str:
    """Return the path of a feed's subscription document in the output tree."""
    return build_folder(kind, slug) + FILE_NAMES[form]


def build_archive_path(kind: str, slug: str, number: int, form: Format) -> str:
    """Return the path of an archive in the output tree; the oldest archive has number 1."""
    ending = "json" if form == "json" else f"{form}.xml"
    return f"{build_folder(kind, slug)}archive/{number}.{ending}"


def count_archive_entries(sizes: Sequence[Sequence[int]], entries: int, most_bytes: int) -> int:
    """Return how many of the oldest entries an archive holds.

    Args:
        sizes: Bytes of each entry in each format.
        entries: Highest number of entries.
        most_bytes: Highest size of a document. An entry that is larger gets an archive of its own.
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


def get_media_type(path: str, aliases: Mapping[str, str]) -> str:
    """Return the media type of the subscription document at ``path``; empty for any other path."""
    return MEDIA_TYPES.get(aliases.get(path, path).rpartition("/")[2], "")


def group_aliases(aliases: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the old addresses that serve the same bytes, by path of the document."""
    found: dict[str, list[str]] = {}
    for old, path in aliases.items():
        found.setdefault(path, []).append(old)
    return found


def split_into_chunks(values: Sequence[T], size: int) -> list[Sequence[T]]:
    """Split work into pieces of ``size``."""
    return [values[i : i + size] for i in range(0, len(values), size)]
