"""Which documents a feed has, where they lie, and in which order they show their posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from feeds.model import Format

FILE_NAMES: Mapping[Format, str] = {"atom": "atom.xml", "rss": "rss.xml", "json": "feed.json"}
PAGE = "index.html"
CATALOGUE = ("feeds.opml", PAGE)

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


def page_path(kind: str, slug: str) -> str:
    """Where the page of a feed lies, relative to the output tree; that of all posts is the front page."""
    return folder(kind, slug) + PAGE


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
