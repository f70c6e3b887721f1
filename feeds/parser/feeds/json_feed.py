"""JSON Feed 1.0 and 1.1 (jsonfeed.org), read leniently: a value of the wrong type counts as not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from feeds.models import Enclosure, Item
from feeds.parser.feeds.channel import UpstreamHead
from feeds.parser.feeds.text import folded, paragraphs, text_of
from feeds.values.dates import parse_date
from feeds.values.urls import escape_address, is_address, resolve

_Object = Mapping[str, Any]
_MOST_ATTACHMENTS = 64


def parse_json(text: str, url: str, zone: tzinfo) -> tuple[UpstreamHead, tuple[Item, ...]]:
    """The head and the items of a JSON Feed; without ``version`` in the head if it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return UpstreamHead(), ()
    if not isinstance(document, dict):
        return UpstreamHead(), ()
    authors = _authors(document)
    language = _text(document, "language")
    items = tuple(
        _item(one, url, zone, authors, language) for one in _list(document, "items") if isinstance(one, dict)
    )
    return _head(document, url, authors), items


def _head(document: _Object, url: str, authors: tuple[str, ...]) -> UpstreamHead:
    hubs = [resolve(url, _text(one, "url")) for one in _list(document, "hubs") if isinstance(one, dict)]
    return UpstreamHead(
        version="json10" if _text(document, "version").rstrip("/").endswith("/1") else "json11",
        id=_text(document, "feed_url"),
        title=folded(_text(document, "title")),
        link=_address(document, "home_page_url", url),
        subtitle=folded(_text(document, "description")),
        language=_text(document, "language"),
        authors=authors,
        self_url=_address(document, "feed_url", url),
        hubs=tuple(dict.fromkeys(hub for hub in hubs if hub)),
        icon=_address(document, "favicon", url),
        logo=_address(document, "icon", url),
        next_page=_address(document, "next_url", url),
    )


def _item(one: _Object, url: str, zone: tzinfo, authors: tuple[str, ...], language: str) -> Item:
    stated = one.get("id")
    guid = (
        str(stated).strip() if isinstance(stated, (str, int, float)) and not isinstance(stated, bool) else ""
    )
    pages = (_address(one, name, url) for name in ("url", "external_url"))
    address = next((page for page in pages if escape_address(page)), "")
    html, text, summary = _text(one, "content_html"), _text(one, "content_text"), _text(one, "summary")
    body = html or paragraphs(text)
    return Item(
        guid=guid,
        title=folded(_text(one, "title")),
        address=address or (guid if is_address(guid) else ""),
        permalink=address,
        authors=_authors(one) or authors,
        published=parse_date(_text(one, "date_published"), zone),
        updated=parse_date(_text(one, "date_modified"), zone),
        guess=None,
        categories=(),
        tags=tuple(
            dict.fromkeys(folded(tag) for tag in _list(one, "tags") if isinstance(tag, str) and tag.strip())
        ),
        body=body or paragraphs(summary),
        markup="html",
        summary=text_of(summary) if body else "",
        language=_text(one, "language") or language,
        enclosures=tuple(_attachments(one, url)),
    )


def _text(values: _Object, name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def _list(values: _Object, name: str) -> list[Any]:
    value = values.get(name)
    return value if isinstance(value, list) else []


def _address(values: _Object, name: str, url: str) -> str:
    stated = _text(values, name)
    return resolve(url, stated) if stated else ""


def _authors(values: _Object) -> tuple[str, ...]:
    """Version 1.1 has ``authors``, 1.0 one ``author``; many have both."""
    stated = values.get("authors")
    people = _list(values, "authors") or [stated if isinstance(stated, dict) else values.get("author")]
    found = [folded(_text(one, "name")) for one in people if isinstance(one, dict)]
    return tuple(dict.fromkeys(name for name in found if name))


def _attachments(one: _Object, url: str) -> list[Enclosure]:
    found = {}
    for attachment in _list(one, "attachments")[:_MOST_ATTACHMENTS]:
        if not isinstance(attachment, dict):
            continue
        address = _address(attachment, "url", url)
        size = attachment.get("size_in_bytes")
        length = int(size) if isinstance(size, (int, float)) and 0 <= size < 2**63 else 0
        if address and address not in found:
            found[address] = Enclosure(address, _text(attachment, "mime_type"), length)
    return list(found.values())
