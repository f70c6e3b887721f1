"""One entry as the library understood it, made an :class:`Item`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from feeds.models import Enclosure, Extra, Item
from feeds.parser.feeds.channel import names, page_of, plain
from feeds.parser.feeds.feedparser_workarounds import EXTRA, extra_of
from feeds.parser.feeds.media_types import media_type
from feeds.parser.feeds.text import language_tag, paragraphs, rebased, text_of
from feeds.values.dates import parse_date
from feeds.values.urls import escape_address, is_address, resolve

Values = Mapping[str, Any]

# Elements of iTunes that hold text; the library writes their names small.
_CARRIED = {
    "itunes_" + name.lower(): "itunes:" + name
    for name in ("title", "subtitle", "duration", "season", "episode", "episodeType", "explicit", "block")
}
_HTML = ("text/html", "application/xhtml+xml", "html", "xhtml", "")
_MOST_ENCLOSURES = 64
_MOST_TAGS = 1_000
_MOST_EXTRAS = 64
_ADDRESSES = ("url", "href", "img", "uri")


@dataclass(frozen=True, slots=True)
class Around:
    """What the document says that an entry inherits."""

    atom: bool
    """Whether the format is Atom: a plain date is one of publication elsewhere."""
    url: str
    """Address of the document."""
    base: str
    """What relative addresses are relative to: in RSS the site, since its feed often lies elsewhere."""
    zone: tzinfo
    """What a date without an offset means."""
    authors: tuple[str, ...]
    """Who wrote what names no author (RFC 4287, 4.2.1)."""
    language: str
    rights: str
    """What holds where an entry states none (RFC 4287, 4.2.10)."""


def read_entry(entry: dict[str, Any], around: Around) -> Item:
    """The item that an entry is, as the library understood it with its guid as it was written."""
    address = _address(entry, around)
    body, language, summary = _body(entry, address, around.base)
    published, updated = _dates(entry, around)
    media: dict[str, Enclosure] = {}
    for one in _enclosures(entry, around):
        media.setdefault(one.url, one)
    return Item(
        guid=_guid(entry),
        title=plain(entry, "title") or plain(entry, "feeddtitle"),
        address=address,
        permalink=address or _page_of_guid(entry, around.base),
        authors=_authors(entry, around),
        published=published,
        updated=updated,
        guess=None,
        categories=(),
        tags=tuple(dict.fromkeys(_tags(entry))),
        body=body,
        markup="html",
        summary=summary,
        language=language_tag(
            _string(entry, "language") or language or _title_language(entry) or around.language
        ),
        enclosures=tuple(media.values()),
        rights=plain(entry, "rights") or around.rights,
        extras=tuple(_extras(entry, around.base)),
    )


def _authors(entry: dict[str, Any], around: Around) -> tuple[str, ...]:
    """Those of the entry, else of its source, else of the feed; nobody else if the entry states only a mail address."""
    stated = any(one.get("name") or one.get("email") for one in _list(entry, "authors"))
    if stated or _string(entry, "author"):
        return names(entry)
    source = dict.get(entry, "source")
    return (names(source) if isinstance(source, dict) else ()) or around.authors


def _string(values: Values, name: str) -> str:
    value = dict.get(values, name) if isinstance(values, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _list(values: Values, name: str) -> list[dict[str, Any]]:
    value = dict.get(values, name) if isinstance(values, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _title_language(entry: Values) -> str:
    detail = dict.get(entry, "title_detail") if isinstance(entry, dict) else None
    return str(detail.get("language") or "") if isinstance(detail, dict) else ""


def _guid(entry: Values) -> str:
    return (
        _string(entry, "feeddid")
        or _string(entry, "feeddguid")
        or _string(entry, "feeddopaque")
        or _string(entry, "id")
    )


def _address(entry: Values, around: Around) -> str:
    """The page of the entry: the address before a redirecting service, the alternate link, a guid that is one."""
    original = _string(entry, "feedburner_origlink")
    if is_address(original):
        return original
    stated = _string(entry, "link")
    found = page_of(_list(entry, "links"), around.base) or (resolve(around.base, stated) if stated else "")
    if is_address(found):
        return found
    guid = _string(entry, "feeddguid") or (_string(entry, "feeddid") if around.atom else "")
    return guid if is_address(guid) else found if escape_address(found) else ""


def _page_of_guid(entry: Values, base: str) -> str:
    """The page that a guid names by its path alone, unless it is said to be no address (RSS 2.0 ``isPermaLink``)."""
    guid = _string(entry, "feeddguid")
    return escape_address(resolve(base, guid)) if guid.startswith("/") else ""


def _body(entry: Values, address: str, url: str) -> tuple[str, str, str]:
    """The fullest HTML that the entry has, its language, and the summary as text if that is something else."""
    contents = [one for one in _list(entry, "content") if _is_text(one)]
    detail = dict.get(entry, "summary_detail") if isinstance(entry, dict) else None
    stated = _string(entry, "summary")
    if not isinstance(detail, dict):
        detail = {"value": stated, "type": "text/html"}
    candidates = [(one, _html(one)) for one in contents]
    summary = (detail, _html(detail) if _is_text(detail) else "")
    chosen, html = max([*candidates, summary], key=lambda pair: len(pair[1]))
    base = chosen.get("base") or url
    if not html:
        # What Media RSS says of a picture or a film is the text of an entry that has no other.
        html = _string(entry, "feeddmediahtml") or paragraphs(_string(entry, "feeddmedia"))
    if base != url or not address:
        html = rebased(html, base)
    rest = "" if chosen is detail or not summary[1] else text_of(summary[1])
    language = str(chosen.get("language") or "")
    return html, language, rest


def _is_text(one: Values) -> bool:
    kind = str(one.get("type") or "").partition(";")[0].strip().lower()
    return kind in _HTML or kind.startswith("text")


def _html(one: Values) -> str:
    value = str(one.get("value") or "").strip()
    kind = str(one.get("type") or "").partition(";")[0].strip().lower()
    return value if kind in _HTML else paragraphs(value)


def _dates(entry: Values, around: Around) -> tuple[datetime | None, datetime | None]:
    published = _first_date(entry, ("published", "created"), around.zone)
    updated = _first_date(entry, ("updated",), around.zone)
    if around.atom:
        return published, updated
    # Dublin Core's date is the only one that RSS 1.0 has: of publication, unless there is another.
    if published is None:
        return updated, None
    return published, updated if updated and updated > published else None


def _first_date(entry: Values, keys: tuple[str, ...], zone: tzinfo) -> datetime | None:
    found = (parse_date(_string(entry, key), zone) for key in keys)
    return next((one for one in found if one), None)


def _tags(entry: Values) -> Iterator[str]:
    for one in _list(entry, "tags")[:_MOST_TAGS]:
        label = " ".join(str(one.get("label") or one.get("term") or "").split())
        if label:
            yield label


def _enclosures(entry: Values, around: Around) -> Iterator[Enclosure]:
    """Enclosures, then media of Media RSS, then what else it points to, then its pictures."""
    links = [one for one in _list(entry, "links") if "enclosure" in str(one.get("rel", "")).lower().split()]
    found = [(one.get("href"), one.get("type"), one.get("length")) for one in links]
    original = _string(entry, "feedburner_origenclosurelink")
    if len(found) == 1 and is_address(original):
        found = [(original, *found[0][1:])]
    found += [(one.get("url"), one.get("type"), one.get("filesize")) for one in _list(entry, "media_content")]
    found += [(one.get("url"), "", "") for one in _list(entry, "media_thumbnail")]
    for address, kind, length in found[:_MOST_ENCLOSURES]:
        stated = str(address or "").strip()
        absolute = resolve(around.base, stated) if stated and stated != around.url else ""
        if absolute:
            yield Enclosure(absolute, str(kind or "").strip() or media_type(absolute), _size(length))


def _size(text: object) -> int:
    digits = str(text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


def _extras(entry: Values, base: str) -> Iterator[Extra]:
    for key, name in _CARRIED.items():
        value = dict.get(entry, key) if isinstance(entry, dict) else None
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str) and value.strip():
            yield Extra(name, value.strip())
    image = dict.get(entry, "image") if isinstance(entry, dict) else None
    if isinstance(image, dict) and image.get("href"):
        yield Extra("itunes:image", attributes=(("href", resolve(base, str(image["href"]))),))
    apart = [key for key in entry if key.startswith(EXTRA) and key.removeprefix(EXTRA).isdecimal()]
    for key in sorted(apart, key=lambda one: int(one.removeprefix(EXTRA)))[:_MOST_EXTRAS]:
        yield _absolute(extra_of(_string(entry, key)), base)


def _absolute(extra: Extra, base: str) -> Extra:
    """The element with its addresses absolute."""
    return extra._replace(
        attributes=tuple(
            (name, resolve(base, value) if name in _ADDRESSES else value) for name, value in extra.attributes
        )
    )
