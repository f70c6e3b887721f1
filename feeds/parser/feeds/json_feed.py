"""Parse JSON Feed 1.0 and 1.1 (jsonfeed.org) leniently: a value of the wrong type is ignored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import tzinfo
from html import unescape
from typing import Any

from feeds.models import Enclosure, Extra, Item
from feeds.parser.feeds.document import UpstreamHead
from feeds.parser.feeds.text import fold_spaces, text_to_html
from feeds.values.dates import parse_date
from feeds.values.markup import remove_markup
from feeds.values.urls import escape_address, is_address, resolve

_Object = Mapping[str, Any]
_LONGEST_DURATION = 1_000_000  # seconds
_MOST_ATTACHMENTS = 64


def parse_json(text: str, url: str, zone: tzinfo) -> tuple[UpstreamHead, tuple[Item, ...]]:
    """Return the metadata and the items of a JSON Feed; ``version`` is empty if the text is not JSON."""
    try:
        document = json.loads(text)
    # Deep nesting raises RecursionError.
    except (ValueError, RecursionError):
        return UpstreamHead(), ()
    if not isinstance(document, dict):
        return UpstreamHead(), ()
    authors = _read_authors(document)
    language = _read_text(document, "language")
    items = tuple(
        _read_item(item, url, zone, authors, language)
        for item in _read_list(document, "items")
        if isinstance(item, dict)
    )
    return _read_head(document, url, authors), items


def _read_head(document: _Object, url: str, authors: tuple[str, ...]) -> UpstreamHead:
    # A hub without an address is left out: resolved, it would be the address of the document itself.
    hubs = [_read_address(hub, "url", url) for hub in _read_list(document, "hubs") if isinstance(hub, dict)]
    return UpstreamHead(
        version="json10" if _read_text(document, "version").rstrip("/").endswith("/1") else "json11",
        id=_read_text(document, "feed_url"),
        title=fold_spaces(_read_text(document, "title")),
        link=_read_address(document, "home_page_url", url),
        subtitle=fold_spaces(_read_text(document, "description")),
        language=_read_text(document, "language"),
        authors=authors,
        self_url=_read_address(document, "feed_url", url),
        hubs=tuple(dict.fromkeys(hub for hub in hubs if hub)),
        icon=_read_address(document, "favicon", url),
        logo=_read_address(document, "icon", url),
        next_page=_read_address(document, "next_url", url),
    )


def _read_item(item: _Object, url: str, zone: tzinfo, authors: tuple[str, ...], language: str) -> Item:
    stated = item.get("id")
    guid = (
        # Version 1.1 requires a string, but many feeds have numbers.
        str(stated).strip() if isinstance(stated, (str, int, float)) and not isinstance(stated, bool) else ""
    )
    # `external_url` is the page that the item is about; it is better than none.
    pages = (_read_address(item, name, url) for name in ("url", "external_url"))
    address = next((page for page in pages if escape_address(page)), "")
    html, text, summary = (
        _read_text(item, "content_html"),
        _read_text(item, "content_text"),
        _read_text(item, "summary"),
    )
    body = html or text_to_html(text)
    return Item(
        guid=guid,
        title=fold_spaces(_read_text(item, "title")),
        address=address or (guid if is_address(guid) else ""),
        permalink=address,
        authors=_read_authors(item) or authors,
        published=parse_date(_read_text(item, "date_published"), zone),
        updated=parse_date(_read_text(item, "date_modified"), zone),
        guess=None,
        categories=(),
        tags=tuple(
            dict.fromkeys(
                fold_spaces(tag) for tag in _read_list(item, "tags") if isinstance(tag, str) and tag.strip()
            )
        ),
        body=body or text_to_html(summary),
        markup="html",
        # A summary is text, but many feeds put HTML into it.
        summary=fold_spaces(unescape(remove_markup(summary))) if body else "",
        language=_read_text(item, "language") or language,
        enclosures=tuple(_read_attachments(item, url)),
        extras=_read_duration(item),
    )


def _read_text(values: _Object, name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def _read_list(values: _Object, name: str) -> list[Any]:
    value = values.get(name)
    return value if isinstance(value, list) else []


def _read_address(values: _Object, name: str, url: str) -> str:
    stated = _read_text(values, name)
    return resolve(url, stated) if stated else ""


def _read_authors(values: _Object) -> tuple[str, ...]:
    """Return the names of ``authors`` (version 1.1) or ``author`` (1.0); many feeds have both."""
    stated = values.get("authors")
    people = _read_list(values, "authors") or [stated if isinstance(stated, dict) else values.get("author")]
    found = [fold_spaces(_read_text(person, "name")) for person in people if isinstance(person, dict)]
    return tuple(dict.fromkeys(name for name in found if name))


def _read_duration(item: _Object) -> tuple[Extra, ...]:
    """Return the duration of the first attachment that states one."""
    for attachment in _read_list(item, "attachments")[:_MOST_ATTACHMENTS]:
        seconds = attachment.get("duration_in_seconds") if isinstance(attachment, dict) else None
        if isinstance(seconds, (int, float)) and 0 < seconds < _LONGEST_DURATION:
            return (Extra("itunes:duration", str(round(seconds))),)
    return ()


def _read_attachments(item: _Object, url: str) -> list[Enclosure]:
    found = {}
    for attachment in _read_list(item, "attachments")[:_MOST_ATTACHMENTS]:
        if not isinstance(attachment, dict):
            continue
        address = _read_address(attachment, "url", url)
        size = attachment.get("size_in_bytes")
        # Larger numbers do not fit into the database.
        length = int(size) if isinstance(size, (int, float)) and 0 <= size < 2**63 else 0
        if address and address not in found:
            found[address] = Enclosure(address, _read_text(attachment, "mime_type"), length)
    return list(found.values())
