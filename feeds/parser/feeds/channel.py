"""What an upstream says of itself: names, addresses, when to ask again, where its past is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from feeds.parser.feeds.feedparser_workarounds import AT
from feeds.parser.feeds.text import folded, text_of
from feeds.values.dates import parse_date
from feeds.values.references import unescape
from feeds.values.urls import is_address, resolve

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"<skipHours\b[^<>]*+>", re.IGNORECASE)
_DAYS = re.compile(r"<skipDays\b[^<>]*+>", re.IGNORECASE)
_LONGEST_LIST = 4000
_LONGEST_NAME = 500
_NUMBER = re.compile(r"<hour\b[^<>]*+>\s*+(\d{1,2})\s*+<", re.IGNORECASE)
_DAY = re.compile(r"<day\b[^<>]*+>\s*+([A-Za-z]++)\s*+<", re.IGNORECASE)
_FLAG = re.compile(r"<[A-Za-z_][\w.\-]*:(archive|complete)\s*/?>", re.IGNORECASE)
_DELETED = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?deleted-entry\b([^<>]*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w:.\-])([A-Za-z_:][\w:.\-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
_MAIL = r"(?:mailto:)?[^\s@()<>\[\]:]+@[^\s@()<>\[\]]+"
_MAIL_AND_NAME = re.compile(
    rf"{_MAIL}(?:\s*[(\[<]\s*|\s)([^()<>\[\]@]+?)\s*[)\]>]?|([^@()<>\[\]]+?)\s*(?:[(<\[]\s*{_MAIL}\s*[)>\]]|,?\s{_MAIL})",
    re.IGNORECASE,
)
_MOST_MINUTES = 60 * 24 * 366
_MOST_TOMBSTONES = 10_000


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An entry that the upstream has taken back (RFC 6721, 3)."""

    ref: str
    """The id of the entry."""
    when: datetime | None


@dataclass(frozen=True, slots=True)
class UpstreamHead:
    """What an upstream's document says of its feed; empty values are what it does not say."""

    version: str = ""
    """``rss20``, ``rss10``, ``atom10``, ``atom03``, ``cdf``, ``json11`` …; empty: it is no feed."""
    id: str = ""
    title: str = ""
    """Plain text."""
    link: str = ""
    """Address of its pages, absolute."""
    subtitle: str = ""
    language: str = ""
    authors: tuple[str, ...] = ()
    rights: str = ""
    updated: datetime | None = None
    self_url: str = ""
    """Its own address as it states it (``rel="self"``), absolute."""
    hubs: tuple[str, ...] = ()
    """WebSub hubs, absolute."""
    icon: str = ""
    logo: str = ""
    ttl: int | None = None
    """RSS ``ttl``, in minutes."""
    update_period: str = ""
    """``sy:updatePeriod``: hourly, daily, weekly, monthly or yearly."""
    update_frequency: int = 1
    """``sy:updateFrequency``: how many times in a period."""
    update_base: datetime | None = None
    """``sy:updateBase``: an instant that the periods are counted from."""
    skip_hours: frozenset[int] = frozenset()
    """Hours (0 to 23, UTC) in which it need not be asked."""
    skip_days: frozenset[int] = frozenset()
    """Days in which it need not be asked, Monday is 0."""
    prev_archive: str = ""
    """The archive before this document (RFC 5005, 4)."""
    next_page: str = ""
    """The next page (RFC 5005, 3; JSON Feed ``next_url``)."""
    archive: bool = False
    """This document is an archive and will not change (RFC 5005, 4)."""
    complete: bool = False
    """This document has every entry that there is (RFC 5005, 2)."""
    tombstones: tuple[Tombstone, ...] = ()


def read_head(feed: Mapping[str, Any], version: str, head: str, url: str, zone: tzinfo) -> UpstreamHead:
    """The head of an XML feed.

    Args:
        feed: What the library understood of it.
        version: What the library calls the format.
        head: The document without its entries: the library drops some elements.
        url: Address of the document.
        zone: What a date without an offset means.
    """
    bare = _without_comments(head)
    links = [one for one in _list(feed, "links") if isinstance(one, Mapping)]
    period = _text(feed, "sy_updateperiod").lower()
    flags = {flag.lower() for flag in _FLAG.findall(bare)}
    image = feed.get("image")
    return UpstreamHead(
        version=version,
        id=_text(feed, "feeddid") or _text(feed, "id"),
        title=plain(feed, "title") or plain(feed, "feeddtitle"),
        link=page_of(links, url) or (resolve(url, _text(feed, "link")) if _text(feed, "link") else ""),
        subtitle=plain(feed, "subtitle"),
        language=_text(feed, "language"),
        authors=names(feed),
        rights=plain(feed, "rights"),
        updated=_date(feed, ("updated", "published"), zone),
        self_url=_first(_linked(links, "self", url)),
        hubs=_linked(links, "hub", url),
        icon=resolve(url, _text(feed, "icon")) if _text(feed, "icon") else "",
        logo=_logo(feed, image if isinstance(image, Mapping) else {}, url),
        ttl=_number(_text(feed, "ttl"), _MOST_MINUTES),
        update_period=period if period in ("hourly", "daily", "weekly", "monthly", "yearly") else "",
        update_frequency=_number(_text(feed, "sy_updatefrequency"), 10_000) or 1,
        update_base=_date(feed, ("sy_updatebase",), zone),
        skip_hours=_hours(bare),
        skip_days=_days(bare),
        prev_archive=_first(_linked(links, "prev-archive", url)),
        next_page=_first(_linked(links, "next", url)),
        archive="archive" in flags,
        complete="complete" in flags,
        tombstones=_tombstones(bare, zone),
    )


def plain(values: Mapping[str, Any], name: str) -> str:
    """A text construct (RFC 4287, 3.1) as text on one line: markup of HTML is taken out, plain text stays."""
    text = _text(values, name)
    detail = dict.get(values, name + "_detail") if isinstance(values, dict) else None
    kind = detail.get("type", "") if isinstance(detail, Mapping) else ""
    return text_of(text) if "html" in kind else folded(text)


def names(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of authors; who has only a mail address has none."""
    people = [one for one in _list(values, "authors") if isinstance(one, Mapping)]
    found = [_name(str(one.get("name") or "")) for one in people]
    if not any(found):
        found = [_name(_text(values, "author"))]
    return tuple(dict.fromkeys(name for name in found if name))


def _name(stated: str) -> str:
    """The name in what RSS says of a person: ``Name``, ``mail (Name)`` or ``Name <mail>``; empty for a mail address."""
    text = folded(stated.replace(AT, "@"))
    if "@" not in text or len(text) > _LONGEST_NAME:
        return text
    found = _MAIL_AND_NAME.fullmatch(text)
    if found:
        return found[1] or found[2]
    return "" if " " not in text and not text.startswith("@") else text


def page_of(links: Sequence[Mapping[str, Any]], base: str) -> str:
    """The alternate link that people should see: HTML before others, the first before later ones."""
    pages = [
        one
        for one in links
        if one.get("rel", "alternate") == "alternate" and str(one.get("href", "")).strip()
    ]
    pages.sort(key=lambda one: one.get("type", "text/html") not in ("text/html", "application/xhtml+xml"))
    found = [resolve(base, str(one["href"])) for one in pages]
    return next((one for one in found if is_address(one)), found[0] if found else "")


def _text(values: Mapping[str, Any], name: str) -> str:
    """A value as the document has it: the library's own look-up falls back from one name to another."""
    value = dict.get(values, name) if isinstance(values, dict) else None
    return value.strip() if isinstance(value, str) else ""


def _list(values: Mapping[str, Any], name: str) -> list[Any]:
    value = dict.get(values, name) if isinstance(values, dict) else None
    return value if isinstance(value, list) else []


def _linked(links: Sequence[Mapping[str, Any]], rel: str, base: str) -> tuple[str, ...]:
    found = [
        resolve(base, str(one.get("href", "")))
        for one in links
        if one.get("href") and rel in str(one.get("rel", "")).lower().split()
    ]
    return tuple(dict.fromkeys(one for one in found if one))


def _first(found: tuple[str, ...]) -> str:
    return found[0] if found else ""


def _logo(feed: Mapping[str, Any], image: Mapping[str, Any], url: str) -> str:
    stated = _text(feed, "logo") or str(image.get("href") or image.get("url") or "")
    return resolve(url, stated) if stated else ""


def _date(values: Mapping[str, Any], keys: tuple[str, ...], zone: tzinfo) -> datetime | None:
    found = (parse_date(_text(values, key), zone) for key in keys)
    return next((one for one in found if one), None)


def _number(text: str, most: int) -> int | None:
    return (
        min(int(text), most)
        if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0
        else None
    )


def _hours(head: str) -> frozenset[int]:
    """RSS 2.0 counts from 0, RSS 0.91 from 1 to 24: 24 is midnight in both."""
    hours = [int(hour) for hour in _NUMBER.findall(_inside(_HOURS.search(head)))]
    return frozenset(hour % 24 for hour in hours if hour <= 24)


def _days(head: str) -> frozenset[int]:
    days = [day.lower() for day in _DAY.findall(_inside(_DAYS.search(head)))]
    return frozenset(_WEEK.index(day) for day in days if day in _WEEK)


def _inside(opening: re.Match[str] | None) -> str:
    """What stands between a tag that opens a list and the one that closes it, if that is near."""
    if opening is None:
        return ""
    return opening.string[opening.end() : opening.end() + _LONGEST_LIST].partition("</skip")[0]


def _without_comments(text: str) -> str:
    """The text without comments and CDATA sections, in linear time."""
    for opening, closing in (("<![CDATA[", "]]>"), ("<!--", "-->")):
        pieces, position = [], 0
        while (start := text.find(opening, position)) >= 0 and (end := text.find(closing, start)) >= 0:
            pieces.append(text[position:start])
            position = end + len(closing)
        text = "".join([*pieces, text[position:]]) if pieces else text
    return text


def _tombstones(head: str, zone: tzinfo) -> tuple[Tombstone, ...]:
    found = []
    for match in _DELETED.finditer(head):
        values = {name.lower(): unescape(one or other) for name, one, other in _ATTRIBUTE.findall(match[1])}
        if values.get("ref", "").strip():
            found.append(Tombstone(values["ref"].strip(), parse_date(values.get("when", ""), zone)))
        if len(found) == _MOST_TOMBSTONES:
            break
    return tuple(found)
