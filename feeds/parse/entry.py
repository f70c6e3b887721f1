"""One entry as the library understood it, made an :class:`Item`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from feeds.dates import parse_date
from feeds.model import Enclosure, Item
from feeds.parse.head import names, page_of, plain
from feeds.parse.plain import paragraphs, rebased, text_of
from feeds.urls import is_address, resolve

Values = Mapping[str, Any]

# Elements of podcasts that hold text; the library writes their names small.
_CARRIED = {
    name.replace(":", "_").lower(): name
    for name in (
        "itunes:title",
        "itunes:subtitle",
        "itunes:duration",
        "itunes:season",
        "itunes:episode",
        "itunes:episodeType",
        "itunes:explicit",
        "itunes:block",
        "podcast:season",
        "podcast:episode",
        "podcast:guid",
        "podcast:location",
        "podcast:license",
    )
}
_HTML = ("text/html", "application/xhtml+xml", "html", "xhtml", "")
_MOST_ENCLOSURES = 64
_MOST_TAGS = 1_000


def read_entry(
    entry: dict[str, Any], atom: bool, url: str, zone: tzinfo, feed_authors: tuple[str, ...]
) -> Item:
    """The item that an entry is.

    Args:
        entry: What the library understood of it, with the guid as it was written.
        atom: Whether the format is Atom: a plain date is one of publication elsewhere.
        url: Address of the document.
        zone: What a date without an offset means.
        feed_authors: Who wrote what names no author (RFC 4287, 4.2.1).
    """
    address = _address(entry, url)
    body, language, summary = _body(entry, address, url)
    published, updated = _dates(entry, atom, zone)
    source = dict.get(entry, "source")
    return Item(
        guid=_guid(entry),
        title=plain(entry, "title"),
        address=address,
        permalink=address,
        authors=names(entry) or (names(source) if isinstance(source, dict) else ()) or feed_authors,
        published=published,
        updated=updated,
        guess=None,
        categories=(),
        tags=tuple(dict.fromkeys(_tags(entry))),
        body=body,
        markup="html",
        summary=summary,
        language=(_string(entry, "language") or language or _title_language(entry)).replace("_", "-"),
        enclosures=tuple({one.url: one for one in reversed([*_enclosures(entry, url)])}.values())[::-1],
        rights=plain(entry, "rights"),
        extras=tuple(_extras(entry, url)),
    )


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


def _address(entry: Values, url: str) -> str:
    """The page of the entry: the address before a redirecting service, the alternate link, a guid that is one."""
    original = _string(entry, "feedburner_origlink")
    if is_address(original):
        return original
    found = page_of(_list(entry, "links"), url) or (
        resolve(url, _string(entry, "link")) if _string(entry, "link") else ""
    )
    if found:
        return found
    guid = _string(entry, "feeddguid")
    return guid if is_address(guid) else ""


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


def _dates(entry: Values, atom: bool, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    published = _first_date(entry, ("published", "created"), zone)
    updated = _first_date(entry, ("updated",), zone)
    if atom:
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


def _enclosures(entry: Values, url: str) -> Iterator[Enclosure]:
    """Enclosures, then media of Media RSS, then its pictures."""
    links = [one for one in _list(entry, "links") if "enclosure" in str(one.get("rel", "")).lower().split()]
    found = [(one.get("href"), one.get("type"), one.get("length")) for one in links]
    found += [(one.get("url"), one.get("type"), one.get("filesize")) for one in _list(entry, "media_content")]
    found += [(one.get("url"), "", "") for one in _list(entry, "media_thumbnail")]
    for address, kind, length in found[:_MOST_ENCLOSURES]:
        absolute = resolve(url, str(address)) if address and str(address).strip() else ""
        if absolute:
            yield Enclosure(absolute, str(kind or "").strip(), _size(length))


def _size(text: object) -> int:
    digits = str(text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0


def _extras(entry: Values, url: str) -> Iterator[tuple[str, str]]:
    for key, name in _CARRIED.items():
        value = dict.get(entry, key) if isinstance(entry, dict) else None
        if isinstance(value, bool):
            value = str(value).lower()
        if isinstance(value, str) and value.strip():
            yield name, value.strip()
    image = dict.get(entry, "image") if isinstance(entry, dict) else None
    if isinstance(image, dict) and image.get("href"):
        yield "itunes:image", resolve(url, str(image["href"]))
