"""What independent readers make of published documents, beside the posts of the store.

Atom and RSS are read by feedparser and, apart from it, element by element with lxml; JSON Feed by the standard library.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
from lxml import etree

from feeds.storage.serialization import read_shown
from feeds.values.urls import escape_address, iri_to_uri

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
MEDIA = "{http://search.yahoo.com/mrss/}content"
_SPACE_IN_TAG = re.compile(r"< (?=[a-zA-Z/!?])")


@dataclass(frozen=True)
class ReadEntry:
    """An entry as a reader understands it; addresses are URIs, and ``None`` is what a format cannot say."""

    id: str
    title: str
    link: str
    content: str
    summary: str
    published: datetime | None
    updated: datetime | None
    authors: tuple[str, ...]
    terms: frozenset[str]
    enclosures: frozenset[str]


def read_all(path: Path) -> dict[str, list[ReadEntry]]:
    """Return the entries of a document, by the name of each reader."""
    data = path.read_bytes()
    if path.suffix == ".json":
        return {"json": list(_read_json(json.loads(data)))}
    root = etree.fromstring(data)
    by_element = _read_atom(root) if root.tag == ATOM + "feed" else _read_rss(root)
    return {"feedparser": list(_read_by_feedparser(data)), "lxml": list(by_element)}


def load_stored(store: Path) -> dict[str, tuple[str, str, datetime]]:
    """Return title, link and time of change of each published post of a store, by its id."""
    query = "SELECT uid, shown, updated FROM post WHERE state = 'live' AND uid IS NOT NULL"
    with closing(sqlite3.connect(store)) as db:
        rows = db.execute(query).fetchall()
    found = {}
    for uid, shown, updated in rows:
        post = read_shown(shown)
        found[uid] = (
            _fold(post.title),
            iri_to_uri(escape_address(post.link)),
            datetime.fromtimestamp(updated, UTC),
        )
    return found


def find_disagreements(output: Path, path: str) -> list[str]:
    """Return how the readers of a document differ from each other and from the Atom document beside it."""
    readings = read_all(output / path)
    expected = {entry.id: entry for entry in read_all((output / path).parent / "atom.xml")["lxml"]}
    found = []
    for reader, entries in readings.items():
        for entry in entries:
            for name in ReadEntry.__dataclass_fields__:
                ours, theirs = getattr(expected[entry.id], name), getattr(entry, name)
                if theirs is not None and ours != theirs:
                    found.append(f"{path}: {reader}: {entry.id}: {name}: {theirs!r} instead of {ours!r}")
    return found


def _read_atom(root: Any) -> Iterator[ReadEntry]:
    for entry in root.findall(ATOM + "entry"):
        links = [(one.get("rel"), iri_to_uri(one.get("href"))) for one in entry.findall(ATOM + "link")]
        yield ReadEntry(
            entry.findtext(ATOM + "id"),
            _fold(entry.findtext(ATOM + "title")),
            next((href for rel, href in links if rel == "alternate"), ""),
            entry.findtext(ATOM + "content") or "",
            _fold(entry.findtext(ATOM + "summary") or ""),
            datetime.fromisoformat(entry.findtext(ATOM + "published")),
            datetime.fromisoformat(entry.findtext(ATOM + "updated")),
            tuple(one.findtext(ATOM + "name") for one in entry.findall(ATOM + "author")),
            frozenset(one.get("label") for one in entry.findall(ATOM + "category")),
            frozenset(href for rel, href in links if rel == "enclosure"),
        )


def _read_rss(root: Any) -> Iterator[ReadEntry]:
    for item in root.iter("item"):
        media = [*item.findall("enclosure"), *item.findall(MEDIA)]
        yield ReadEntry(
            item.findtext("guid"),
            _fold(item.findtext("title")),
            item.findtext("link") or "",
            item.findtext(CONTENT) or "",
            _fold(unescape(item.findtext("description") or "")),
            parsedate_to_datetime(item.findtext("pubDate")),
            None,
            tuple(one.text for one in item.findall(CREATOR)),
            frozenset(one.text for one in item.findall("category")),
            frozenset(one.get("url") for one in media),
        )


def _read_json(feed: dict[str, Any]) -> Iterator[ReadEntry]:
    for item in feed["items"]:
        yield ReadEntry(
            item["id"],
            _fold(item["title"]),
            iri_to_uri(item.get("url", "")),
            item["content_html"],
            _fold(item["summary"]),
            datetime.fromisoformat(item["date_published"]),
            datetime.fromisoformat(item["date_modified"]),
            tuple(one["name"] for one in item.get("authors", ())),
            frozenset(item.get("tags", ())),
            frozenset(iri_to_uri(one["url"]) for one in item.get("attachments", ())),
        )


def _read_by_feedparser(data: bytes) -> Iterator[ReadEntry]:
    headers = {"content-type": "application/xml; charset=utf-8"}
    parsed = feedparser.parse(
        BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    assert not parsed.bozo, parsed.bozo_exception
    rss = parsed.version.startswith("rss")
    for entry in parsed.entries:
        media = [
            one.get("href") or one.get("url") for one in (*entry.enclosures, *entry.get("media_content", ()))
        ]
        names = [one.get("name") for one in entry.get("authors", ()) if one.get("name")]
        yield ReadEntry(
            entry.id,
            _fold(entry.title),
            iri_to_uri(entry.get("link", "")),
            entry.content[0].value if "content" in entry else "",
            _fold(unescape(entry.summary) if rss else entry.summary),
            _read_time(entry.published_parsed),
            None if rss else _read_time(entry.updated_parsed),
            tuple(names),
            frozenset(one.label or one.term for one in entry.get("tags", ())),
            frozenset(iri_to_uri(address) for address in media),
        )


def _read_time(parts: Any) -> datetime:
    return datetime(*parts[:6], tzinfo=UTC)


def _fold(text: str) -> str:
    """A text on one line; a space that keeps a word from being a tag says nothing."""
    return " ".join(_SPACE_IN_TAG.sub("<", text).split())
