"""Read the metadata of an upstream feed: names, addresses, polling hints, links to archives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from feeds.parser.feeds.document import Tombstone, UpstreamHead
from feeds.parser.feeds.feedparser_workarounds import AT
from feeds.parser.feeds.text import fold_spaces, html_title_to_text, unwrap_character_data
from feeds.values.dates import parse_date
from feeds.values.markup import remove_markup, replace_sections
from feeds.values.references import unescape
from feeds.values.urls import is_address, resolve

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"<skipHours\b[^<>]*+>", re.IGNORECASE)
_DAYS = re.compile(r"<skipDays\b[^<>]*+>", re.IGNORECASE)
# The library drops `skipHours`, `skipDays`, flags and tombstones, so patterns read them from the raw head.
_LONGEST_LIST = 4000
_LONGEST_NAME = 500
_NUMBER = re.compile(r"<hour\b[^<>]*+>\s*+(\d{1,2})\s*+<", re.IGNORECASE)
_DAY = re.compile(r"<day\b[^<>]*+>\s*+([A-Za-z]++)\s*+<", re.IGNORECASE)
# Flags of RFC 5005 are empty elements with any prefix.
_FLAG = re.compile(r"<[A-Za-z_][\w.\-]*:(archive|complete)\s*/?>", re.IGNORECASE)
_DELETED = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?deleted-entry\b([^<>]*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w:.\-])([A-Za-z_:][\w:.\-]*+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
# RSS writes a person as "mail (Name)"; others write "Name <mail>" and variants of both. The text is folded, so
# white space in it is single spaces.
_MAIL = r"(?:mailto:)?[^\s@()<>\[\]:]++@[^\s@()<>\[\]]++"
_MAIL_AND_NAME = re.compile(
    rf"{_MAIL}(?: ?[(\[<] ?| )([^()<>\[\]@]+?) ?[)\]>]?|([^@()<>\[\]]+?) ?(?:[(<\[] ?{_MAIL} ?[)>\]]|,? {_MAIL})",
    re.IGNORECASE,
)
_MOST_MINUTES = 60 * 24 * 366
_MOST_TOMBSTONES = 10_000


def read_head(feed: Mapping[str, Any], version: str, head: str, url: str, zone: tzinfo) -> UpstreamHead:
    """Read the metadata of an XML feed.

    Args:
        feed: The feed as feedparser parsed it.
        version: The format as feedparser names it.
        head: The raw document without its entries, for elements that feedparser drops.
        url: Address of the document.
        zone: Time zone of dates without an offset.
    """
    # Patterns do not know comments; an element inside a comment must not count.
    bare = _without_comments(head)
    links = [link for link in _read_list(feed, "links") if isinstance(link, Mapping)]
    period = _read_text(feed, "sy_updateperiod").lower()
    # Found by pattern, because feedparser drops empty elements.
    flags = {flag.lower() for flag in _FLAG.findall(bare)}
    image = feed.get("image")
    atom = version.startswith("atom")
    return UpstreamHead(
        version=version,
        id=_read_text(feed, "feeddid") or _read_text(feed, "id"),
        title=read_text_construct(feed, "title", atom) or read_text_construct(feed, "feeddtitle", atom),
        link=choose_page(links, url)
        or (resolve(url, _read_text(feed, "link")) if _read_text(feed, "link") else ""),
        subtitle=read_text_construct(feed, "subtitle", atom),
        language=_read_text(feed, "language"),
        authors=read_author_names(feed),
        rights=read_text_construct(feed, "rights"),
        updated=_read_date(feed, ("updated", "published", "feeddmodified", "feeddissued", "feedddate"), zone),
        self_url=_get_first(_find_links(links, "self", url)),
        hubs=_find_links(links, "hub", url),
        icon=resolve(url, _read_text(feed, "icon")) if _read_text(feed, "icon") else "",
        logo=_find_logo(feed, image if isinstance(image, Mapping) else {}, url),
        ttl=_parse_number(_read_text(feed, "ttl"), _MOST_MINUTES),
        update_period=period if period in ("hourly", "daily", "weekly", "monthly", "yearly") else "",
        update_frequency=_parse_number(_read_text(feed, "sy_updatefrequency"), 10_000) or 1,
        skip_hours=_read_skip_hours(bare),
        skip_days=_read_skip_days(bare),
        prev_archive=_get_first(_find_links(links, "prev-archive", url)),
        next_page=_get_first(_find_links(links, "next", url)),
        archive="archive" in flags,
        complete="complete" in flags,
        tombstones=_read_tombstones(bare, zone),
    )


def read_text_construct(values: Mapping[str, Any], name: str, atom: bool = True) -> str:
    """Return a text construct (RFC 4287, 3.1) as text on one line, without HTML markup; plain text stays.

    Atom states whether a value is text or HTML. Other formats do not: there readers decode references once more, and only
    tags that are used as markup are removed.
    """
    text = _read_text(values, name)
    detail = dict.get(values, name + "_detail") if isinstance(values, dict) else None
    kind = detail.get("type", "") if isinstance(detail, Mapping) else ""
    if "html" in kind:
        return html_title_to_text(text)
    if atom:
        return fold_spaces(text)
    return fold_spaces(unescape(remove_markup(text) if "<" in text else text))


def read_author_names(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the authors; an author with only a mail address is left out."""
    people = [person for person in _read_list(values, "authors") if isinstance(person, Mapping)]
    found = [_extract_name(str(person.get("name") or "")) for person in people]
    # Some formats have a single author as plain text only.
    if not any(found):
        found = [_extract_name(_read_text(values, name)) for name in ("author", "feedditunesauthor")]
    return tuple(dict.fromkeys(name for name in found if name))


def _extract_name(stated: str) -> str:
    """Return the name of a person in RSS: ``Name``, ``mail (Name)`` or ``Name <mail>``; empty for a mail address."""
    text = fold_spaces(stated.replace(AT, "@"))
    # The pattern for addresses takes time on long text; a name is short.
    if "@" not in text or len(text) > _LONGEST_NAME:
        return text
    found = _MAIL_AND_NAME.fullmatch(text)
    if found:
        return found[1] or found[2]
    return "" if " " not in text and not text.startswith("@") else text


def choose_page(links: Sequence[Mapping[str, Any]], base: str) -> str:
    """Return the alternate link for people: HTML before other types, then the first in the document."""
    pages = [
        link
        for link in links
        if link.get("rel", "alternate") == "alternate" and str(link.get("href", "")).strip()
    ]
    # Sorting is stable, so links of the same type stay in the order of the document.
    pages.sort(key=lambda link: link.get("type", "text/html") not in ("text/html", "application/xhtml+xml"))
    found = [resolve(base, str(link["href"])) for link in pages]
    return next((link for link in found if is_address(link)), found[0] if found else "")


def _read_text(values: Mapping[str, Any], name: str) -> str:
    """Return a value under exactly this name: the look-up of feedparser falls back to other names."""
    value = dict.get(values, name) if isinstance(values, dict) else None
    return unwrap_character_data(value).strip() if isinstance(value, str) else ""


def _read_list(values: Mapping[str, Any], name: str) -> list[Any]:
    value = dict.get(values, name) if isinstance(values, dict) else None
    return value if isinstance(value, list) else []


def _find_links(links: Sequence[Mapping[str, Any]], rel: str, base: str) -> tuple[str, ...]:
    found = [
        resolve(base, str(link.get("href", "")))
        for link in links
        if link.get("href") and rel in str(link.get("rel", "")).lower().split()
    ]
    return tuple(dict.fromkeys(link for link in found if link))


def _get_first(found: tuple[str, ...]) -> str:
    return found[0] if found else ""


def _find_logo(feed: Mapping[str, Any], image: Mapping[str, Any], url: str) -> str:
    stated = _read_text(feed, "logo") or str(image.get("href") or image.get("url") or "")
    return resolve(url, stated) if stated else ""


def _read_date(values: Mapping[str, Any], keys: tuple[str, ...], zone: tzinfo) -> datetime | None:
    found = (parse_date(_read_text(values, key), zone) for key in keys)
    return next((date for date in found if date), None)


def _parse_number(text: str, most: int) -> int | None:
    return (
        min(int(text), most)
        if text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0
        else None
    )


def _read_skip_hours(head: str) -> frozenset[int]:
    """Read the hours; RSS 2.0 counts from 0, RSS 0.91 from 1 to 24, and 24 is midnight in both."""
    hours = [int(hour) for hour in _NUMBER.findall(_read_inside(_HOURS.search(head)))]
    return frozenset(hour % 24 for hour in hours if hour <= 24)


def _read_skip_days(head: str) -> frozenset[int]:
    days = [day.lower() for day in _DAY.findall(_read_inside(_DAYS.search(head)))]
    return frozenset(_WEEK.index(day) for day in days if day in _WEEK)


def _read_inside(opening: re.Match[str] | None) -> str:
    """Return the text between the start tag of a list and its end tag, up to a limit."""
    if opening is None:
        return ""
    return opening.string[opening.end() : opening.end() + _LONGEST_LIST].partition("</skip")[0]


def _without_comments(text: str) -> str:
    """Return the text without comments and CDATA sections."""
    for opening, closing in (("<![CDATA[", "]]>"), ("<!--", "-->")):
        text = replace_sections(text, opening, closing, lambda _: "")
    return text


def _read_tombstones(head: str, zone: tzinfo) -> tuple[Tombstone, ...]:
    found = []
    for match in _DELETED.finditer(head):
        values = {
            name.lower(): unescape(double or single) for name, double, single in _ATTRIBUTE.findall(match[1])
        }
        if values.get("ref", "").strip():
            found.append(Tombstone(values["ref"].strip(), parse_date(values.get("when", ""), zone)))
        # A hostile document must not fill the database with tombstones.
        if len(found) == _MOST_TOMBSTONES:
            break
    return tuple(found)
