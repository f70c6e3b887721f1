"""Rules of the W3C feed validator for values: addresses, ids, enclosures, iTunes fields, descriptions of RSS."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feeds.values.urls import is_address, is_entry_id

if TYPE_CHECKING:
    from lxml import etree

_ATOM = "{http://www.w3.org/2005/Atom}"
_ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_NOT_IN_IRI = re.compile(
    r"[\x00-\x20<>\"{}|\\^`\x7f-\x9f\u200e\u200f\u202a-\u202e\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff]|%(?![0-9A-Fa-f]{2})"
)
_BRACKET = re.compile(r"[\[\]]")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:\s*;.*)?")
_NUMBER = re.compile(r"[1-9]\d*", re.ASCII)
_SIZE = re.compile(r"\d+", re.ASCII)
_DURATION = re.compile(r"\d+(?::[0-5]\d(?::[0-5]\d)?)?", re.ASCII)
_NOT_HTML = re.compile(r"&(?!#\d+;|#[xX][0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)|<(?![A-Za-z/!?])")
_FORMS: Mapping[str, Callable[[str], bool]] = {
    "author": lambda text: len(text) <= 255,
    "block": lambda text: text.lower() in ("yes", "no", "clean"),
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "episode": lambda text: _NUMBER.fullmatch(text) is not None,
    "episodeType": lambda text: text in ("full", "trailer", "bonus"),
    "explicit": lambda text: text.lower() in ("true", "false"),
    "season": lambda text: _NUMBER.fullmatch(text) is not None,
    "subtitle": lambda text: len(text) <= 255,
    "summary": lambda text: len(text) <= 4000,
}
"""Forms of the fields of iTunes, by their local names."""
_TOGETHER = ("category", "explicit", "image", "owner")
"""Elements of iTunes that a channel with any of them needs."""
Problem = tuple[int, str, str]
"""Line, rule and message."""


def check_atom_values(root: etree._Element) -> Iterator[Problem]:
    """Yield the problems of addresses and ids in an Atom document, where IRIs are valid."""
    for link in root.iter(_ATOM + "link"):
        yield from _check_address(link, link.get("href", ""), "href of <link>", ascii_only=False)
        if link.get("type") is not None and not _MEDIA_TYPE.fullmatch(link.get("type", "")):
            yield _line(link), "media-type", f"{link.get('type')!r} is not a media type (RFC 4287, 4.2.7.3)"
        if link.get("length") is not None and not _SIZE.fullmatch(link.get("length", "")):
            yield _line(link), "enclosure-length", f"{link.get('length')!r} is not a length in bytes"
    for element in root.iter(_ATOM + "id"):
        uid = (element.text or "").strip()
        if uid.lower().startswith("urn:uuid:") and not is_entry_id(uid):
            yield _line(element), "atom-uuid", f"{uid!r} is not a UUID (RFC 9562, 4)"


def check_rss_values(channel: etree._Element) -> Iterator[Problem]:
    """Yield the problems of addresses, enclosures, descriptions and fields of iTunes in an RSS document."""
    for element in (
        *channel.findall("link"),
        *channel.iterfind("item/link"),
        *channel.iterfind("item/comments"),
    ):
        yield from _check_address(element, (element.text or "").strip(), f"<{element.tag!s}>")
    for link in channel.iter(_ATOM + "link"):
        yield from _check_address(link, link.get("href", ""), "href of <atom:link>")
    for media in channel.iter(_MEDIA + "content"):
        yield from _check_address(media, media.get("url", ""), "url of <media:content>")
    for item in channel.findall("item"):
        yield from _check_item(item)
    yield from _check_itunes_channel(channel)


def check_json_addresses(item: Mapping[str, object]) -> Iterator[str]:
    """Yield the messages for addresses of an item of a JSON Feed that are not valid."""
    attachments = item.get("attachments")
    media = (
        [media.get("url") for media in attachments if isinstance(media, dict)]
        if isinstance(attachments, list)
        else []
    )
    for address in (item.get("url"), item.get("external_url"), item.get("image"), *media):
        if isinstance(address, str) and _find_bad_character(address, ascii_only=False):
            yield f"{address!r} contains a character that addresses must not contain"


def _check_item(item: etree._Element) -> Iterator[Problem]:
    guid = item.find("guid")
    if (
        guid is not None
        and guid.get("isPermaLink", "true") == "true"
        and guid.text
        and not is_address(guid.text.strip())
    ):
        yield _line(guid), "rss-guid", 'a guid that is not an address needs isPermaLink="false"'
    for enclosure in item.findall("enclosure"):
        yield from _check_address(enclosure, enclosure.get("url", ""), "url of <enclosure>")
        if not _MEDIA_TYPE.fullmatch(enclosure.get("type", "")):
            yield _line(enclosure), "media-type", f"{enclosure.get('type', '')!r} is not a media type"
        if not _SIZE.fullmatch(enclosure.get("length", "")):
            yield (
                _line(enclosure),
                "enclosure-length",
                f"{enclosure.get('length', '')!r} is not a length in bytes",
            )
    description = item.findtext("description") or ""
    if _NOT_HTML.search(description):
        yield (
            _line(item),
            "rss-html",
            "the description is not valid HTML; write & as &amp; and < as &lt; in it",
        )
    yield from _check_itunes(item)


def _check_itunes(parent: etree._Element) -> Iterator[Problem]:
    """Yield the problems of the fields of iTunes of a channel or an item."""
    fields = [child for child in parent if isinstance(child.tag, str) and child.tag.startswith(_ITUNES)]
    counts = Counter(str(field.tag) for field in fields)
    for field in fields:
        name = str(field.tag).removeprefix(_ITUNES)
        text = (field.text or "").strip()
        if name in _FORMS and not _FORMS[name](text):
            yield _line(field), "itunes-value", f"<itunes:{name}> cannot be {text[:80]!r}"
        if name == "image":
            yield from _check_address(field, field.get("href", ""), "href of <itunes:image>")
        if counts[str(field.tag)] > 1 and name != "category":
            yield _line(field), "itunes-twice", f"more than one <itunes:{name}>"
            counts[str(field.tag)] = 0


def _check_itunes_channel(channel: etree._Element) -> Iterator[Problem]:
    yield from _check_itunes(channel)
    present = {child.tag for child in channel if isinstance(child.tag, str)}
    if not any(tag.startswith(_ITUNES) for tag in present):
        return
    for name in _TOGETHER:
        if _ITUNES + name not in present:
            yield _line(channel), "itunes-together", f"a podcast needs <itunes:{name}> in its channel"
    owner = channel.find(_ITUNES + "owner")
    if owner is not None and not (owner.findtext(_ITUNES + "email") or "").strip():
        yield _line(owner), "itunes-together", "<itunes:owner> needs <itunes:email>"


def _check_address(
    element: etree._Element, text: str, place: str, ascii_only: bool = True
) -> Iterator[Problem]:
    if ascii_only and not text.isascii():
        yield _line(element), "uri-not-iri", f"the {place} is an IRI, but RSS needs a URI: {text!r}"
    elif _find_bad_character(text, ascii_only):
        yield (
            _line(element),
            "uri-character",
            f"the {place} contains a character that addresses must not contain: {text!r}",
        )


def _find_bad_character(text: str, ascii_only: bool) -> bool:
    if _NOT_IN_IRI.search(text) or text.count("#") > 1:
        return True
    try:
        parts = urlsplit(text)
    except ValueError:
        return True
    rest = text.replace(parts.netloc, "", 1) if parts.netloc else text
    return bool(_BRACKET.search(rest)) or (ascii_only and not text.isascii())


def _line(element: etree._Element) -> int:
    return int(str(element.sourceline or 0))
