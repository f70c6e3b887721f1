"""Convert an entry that feedparser parsed to an :class:`Item`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from feeds.models import Enclosure, Extra, Item
from feeds.parser.feeds.channel import choose_page, read_author_names, read_text_construct
from feeds.parser.feeds.feedparser_workarounds import EXTRA, ITUNES, parse_podcast_element
from feeds.parser.feeds.media_types import guess_media_type
from feeds.parser.feeds.text import (
    drop_void_ends,
    html_to_text,
    normalise_language_tag,
    rebase_addresses,
    text_to_html,
    unwrap_character_data,
)
from feeds.values.dates import parse_date
from feeds.values.urls import escape_address, is_address, resolve

Values = Mapping[str, Any]

# feedparser would convert or drop these elements of iTunes, so they are read under their renamed elements.
_CARRIED = {
    ITUNES + name.lower(): "itunes:" + name
    for name in (
        *("title", "subtitle", "summary", "author", "duration"),
        *("season", "episode", "episodeType", "explicit", "block"),
    )
}
# An empty type is HTML: RSS has no types and contains HTML.
_HTML = ("text/html", "application/xhtml+xml", "html", "xhtml", "")
_MARKUP = re.compile(r"</[a-z]|<(?:br|p|img)\b", re.IGNORECASE)
_MEDIA = re.compile(r"<(?:img|video|audio|iframe|embed|object|svg|math|hr|source)\b", re.IGNORECASE)
_ENOUGH = 2_000
# Far more than real entries have; the limits keep hostile entries from filling the database.
_MOST_ENCLOSURES = 64
_MOST_TAGS = 1_000
_MOST_EXTRAS = 64
_ADDRESSES = ("url", "href", "img", "uri")


@dataclass(frozen=True, slots=True)
class EntryContext:
    """The values of the document that an entry inherits or depends on."""

    atom: bool
    """Whether the format is Atom: a plain date is one of publication elsewhere."""
    url: str
    """Address of the document."""
    base: str
    """Base of relative addresses: in RSS the site, because its feed is often on another host."""
    zone: tzinfo
    """Time zone of dates without an offset."""
    authors: tuple[str, ...]
    """Authors of entries that name none (RFC 4287, 4.2.1)."""
    language: str
    rights: str
    """Rights of entries that state none (RFC 4287, 4.2.10)."""


def read_entry(entry: dict[str, Any], context: EntryContext) -> Item:
    """Convert an entry to an item, with its guid as it was written."""
    address = _find_address(entry, context)
    body, language, summary = _choose_body(entry, address, context.base)
    published, updated = _read_dates(entry, context)
    media: dict[str, Enclosure] = {}
    for enclosure in _find_enclosures(entry, context):
        # The same file is often both an enclosure and Media RSS; the first has the better metadata.
        media.setdefault(enclosure.url, enclosure)
    return Item(
        guid=_read_guid(entry),
        title=_read_title(entry, context.atom),
        address=address,
        permalink=address or _find_guid_page(entry, context.base),
        authors=_read_authors(entry, context),
        published=published,
        updated=updated,
        guess=None,
        categories=(),
        tags=tuple(dict.fromkeys(_read_tags(entry))),
        body=body,
        markup="html",
        summary=summary,
        language=normalise_language_tag(
            _read_string(entry, "language") or language or _read_title_language(entry) or context.language
        ),
        enclosures=tuple(media.values()),
        rights=read_text_construct(entry, "rights", context.atom) or context.rights,
        extras=_add_duration(entry, tuple(_read_extras(entry, context.base))),
    )


def _read_title(entry: dict[str, Any], atom: bool) -> str:
    """Return the title of the entry itself, or else that of Dublin Core, iTunes or Media RSS."""
    names = ("title", "feeddtitle", ITUNES + "title", "feeddmediatitle")
    return next((title for name in names if (title := read_text_construct(entry, name, atom))), "")


def _read_authors(entry: dict[str, Any], context: EntryContext) -> tuple[str, ...]:
    """Return the authors of the entry, or else of its source, or else of the feed.

    An entry that states only a mail address has an author whose name is unknown, so it inherits none.
    """
    stated = any(author.get("name") or author.get("email") for author in _read_list(entry, "authors"))
    if stated or _read_string(entry, "author") or _read_string(entry, ITUNES + "author"):
        return read_author_names(entry)
    source = dict.get(entry, "source")
    return (read_author_names(source) if isinstance(source, dict) else ()) or context.authors


def _read_string(values: Values, name: str) -> str:
    value = dict.get(values, name) if isinstance(values, dict) else None
    return unwrap_character_data(value).strip() if isinstance(value, str) else ""


def _read_list(values: Values, name: str) -> list[dict[str, Any]]:
    value = dict.get(values, name) if isinstance(values, dict) else None
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _read_title_language(entry: Values) -> str:
    detail = dict.get(entry, "title_detail") if isinstance(entry, dict) else None
    return str(detail.get("language") or "") if isinstance(detail, dict) else ""


def _read_guid(entry: Values) -> str:
    return (
        _read_string(entry, "feeddid")
        or _read_string(entry, "feeddpage")
        or _read_string(entry, "feeddguid")
        or _read_string(entry, "feeddopaque")
        or _read_string(entry, "id")
    )


def _find_address(entry: Values, context: EntryContext) -> str:
    """Return the page of the entry: its address before a redirect service, its alternate link, or its guid."""
    # Redirect services change or end; the original address stays.
    original = _read_string(entry, "feedburner_origlink")
    if is_address(original):
        return original
    stated = _read_string(entry, "link")
    found = choose_page(_read_list(entry, "links"), context.base) or (
        resolve(context.base, stated) if stated else ""
    )
    if is_address(found):
        return found
    # In RSS a guid is an address unless ``isPermaLink`` is false; those are `feeddopaque` here.
    guid = _read_string(entry, "feeddpage") or _read_string(entry, "feeddguid")
    guid = guid or (_read_string(entry, "feeddid") if context.atom else "")
    return guid if is_address(guid) else found if escape_address(found) else ""


def _find_guid_page(entry: Values, base: str) -> str:
    """Return the page whose path is the guid, unless ``isPermaLink`` is false (RSS 2.0).

    With ``isPermaLink="true"`` any relative reference counts, else only an absolute path.
    """
    guid, page = _read_string(entry, "feeddguid"), _read_string(entry, "feeddpage")
    if page and " " not in page:
        return escape_address(resolve(base, page))
    return escape_address(resolve(base, guid)) if guid.startswith("/") else ""


def _choose_body(entry: Values, address: str, url: str) -> tuple[str, str, str]:
    """Return the HTML that the format calls content, its language, and the summary as text if that differs.

    If the content is empty, the body is the description or summary, or else the text of iTunes, Dublin Core or
    Media RSS. Length decides only between several contents.
    """
    contents = [content for content in _read_list(entry, "content") if _is_text(content)]
    detail = dict.get(entry, "summary_detail") if isinstance(entry, dict) else None
    if not isinstance(detail, dict):
        detail = {"value": _read_string(entry, "summary"), "type": "text/html"}
    candidates = sorted(
        ((content, _to_html(content)) for content in contents), key=lambda pair: -len(pair[1])
    )
    summary = (detail, _to_html(detail) if _is_text(detail) else "")
    no_detail: dict[str, Any] = {}
    fallbacks = ((no_detail, html) for html in _find_other_texts(entry))
    visible = (pair for pair in (*candidates, summary, *fallbacks) if _is_visible(pair[1]))
    chosen, html = next(visible, (detail, ""))
    # feedparser copies the content of an entry to its summary if it has none, but not its type.
    copied = chosen.get("value") == detail.get("value")
    rest = "" if copied or html == summary[1] else html_to_text(summary[1])
    base = chosen.get("base") or url
    # Bodies resolve against the page of the entry later; only other bases need this now.
    if base != url or not address or "xml:base" in html:
        html = rebase_addresses(html, base if base != url or not address else "")
    language = str(chosen.get("language") or "")
    return html, language, rest


def _find_other_texts(entry: Values) -> Iterator[str]:
    """Yield the text of an entry in other vocabularies as HTML, the best first."""
    for name in (ITUNES + "summary", "feedddescription"):
        stated = _read_string(entry, name)
        yield stated if _MARKUP.search(stated) else text_to_html(stated)
    # Video and photo feeds describe an entry only in Media RSS.
    yield _read_string(entry, "feeddmediahtml") or text_to_html(_read_string(entry, "feeddmedia"))
    yield text_to_html(_read_string(entry, ITUNES + "subtitle"))


def _is_visible(html: str) -> bool:
    """Return whether HTML has text or media that a reader shows."""
    return bool(_MEDIA.search(html)) or bool(html_to_text(html[:_ENOUGH]) or html_to_text(html))


def _is_text(content: Values) -> bool:
    kind = str(content.get("type") or "").partition(";")[0].strip().lower()
    return kind in _HTML or kind.startswith("text")


def _to_html(content: Values) -> str:
    value = unwrap_character_data(str(content.get("value") or "")).strip()
    kind = str(content.get("type") or "").partition(";")[0].strip().lower()
    return drop_void_ends(value) if kind in _HTML else text_to_html(value)


def _read_dates(entry: Values, context: EntryContext) -> tuple[datetime | None, datetime | None]:
    # The dates of the format come first. The date of an extension counts if the format states none.
    published = _find_first_date(entry, ("published", "created", "feeddissued", "feeddcreated"), context.zone)
    updated = _find_first_date(entry, ("updated", "feeddmodified"), context.zone)
    if published is None and (updated is None or not context.atom):
        # RSS 1.0 has only the date of Dublin Core; it is the date of publication.
        published = _find_first_date(entry, ("feedddate",), context.zone)
    if context.atom:
        return published, updated
    if published is None:
        return updated, None
    return published, updated if updated and updated > published else None


def _find_first_date(entry: Values, keys: tuple[str, ...], zone: tzinfo) -> datetime | None:
    found = (parse_date(_read_string(entry, key), zone) for key in keys)
    return next((date for date in found if date), None)


def _read_tags(entry: Values) -> Iterator[str]:
    for tag in _read_list(entry, "tags")[:_MOST_TAGS]:
        label = " ".join(str(tag.get("label") or tag.get("term") or "").split())
        if label:
            yield label


def _find_enclosures(entry: Values, context: EntryContext) -> Iterator[Enclosure]:
    """Yield the enclosures, then the content and the thumbnails of Media RSS.

    The order matters: RSS output keeps only the first.
    """
    links = [
        medium
        for medium in _read_list(entry, "links")
        if "enclosure" in str(medium.get("rel", "")).lower().split()
    ]
    found = [(medium.get("href"), _read_type(medium, context), medium.get("length")) for medium in links]
    original = _read_string(entry, "feedburner_origenclosurelink")
    # With several enclosures it is unknown which of them the original replaces.
    if len(found) == 1 and is_address(original):
        found = [(original, *found[0][1:])]
    found += [
        (medium.get("url"), medium.get("type"), medium.get("filesize")) for medium in _list_media(entry)
    ]
    found += [(medium.get("url"), "", "") for medium in _read_list(entry, "media_thumbnail")]
    for address, kind, length in found[:_MOST_ENCLOSURES]:
        stated = str(address or "").strip()
        absolute = resolve(context.base, stated) if stated and stated != context.url else ""
        if absolute:
            yield Enclosure(
                absolute, str(kind or "").strip() or guess_media_type(absolute), _parse_size(length)
            )


def _read_type(link: Mapping[str, Any], context: EntryContext) -> object:
    """Return the stated type of an enclosure; feedparser adds ``text/html`` to a link of Atom that states none."""
    kind = link.get("type")
    return "" if context.atom and kind == "text/html" else kind


def _list_media(entry: Values) -> list[Mapping[str, Any]]:
    """Return the content of Media RSS; the default of a group comes first."""
    return sorted(
        _read_list(entry, "media_content"),
        key=lambda medium: str(medium.get("isdefault", "")).strip().lower() != "true",
    )


def _add_duration(entry: Values, extras: tuple[Extra, ...]) -> tuple[Extra, ...]:
    if any(extra.name == "itunes:duration" for extra in extras) or not (text := _find_duration(entry)):
        return extras
    return (*extras, Extra("itunes:duration", text))


def _find_duration(entry: Values) -> str:
    """Return the seconds that the audio or video of Media RSS lasts; empty if that is not stated."""
    stated = (str(medium.get("duration", "")).strip() for medium in _list_media(entry))
    return next((text for text in stated if text.isascii() and text.isdigit() and len(text) < 7), "")


def _parse_size(text: object) -> int:
    digits = str(text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


def _read_extras(entry: Values, base: str) -> Iterator[Extra]:
    for key, name in _CARRIED.items():
        value = dict.get(entry, key) if isinstance(entry, dict) else None
        # feedparser converts `explicit` and `block` to booleans.
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str) and value.strip():
            yield Extra(name, value.strip())
    image = dict.get(entry, "image") if isinstance(entry, dict) else None
    if isinstance(image, dict) and image.get("href"):
        yield Extra("itunes:image", attributes=(("href", resolve(base, str(image["href"]))),))
    extra_keys = [key for key in entry if key.startswith(EXTRA) and key.removeprefix(EXTRA).isdecimal()]
    for key in sorted(extra_keys, key=lambda extra_key: int(extra_key.removeprefix(EXTRA)))[:_MOST_EXTRAS]:
        yield _make_absolute(parse_podcast_element(_read_string(entry, key)), base)


def _make_absolute(extra: Extra, base: str) -> Extra:
    """Return the element with absolute addresses."""
    return extra._replace(
        attributes=tuple(
            (name, resolve(base, value) if name in _ADDRESSES else value) for name, value in extra.attributes
        )
    )
