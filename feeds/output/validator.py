"""Checks of published documents: Atom (RFC 4287), RSS 2.0, JSON Feed 1.1 and OPML 2.0."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from feeds.models import FeedHead
from feeds.output.validator_rules import check_atom_values, check_json_addresses, check_rss_values
from feeds.values.urls import is_absolute_iri, is_address

if TYPE_CHECKING:
    from lxml.etree import _Element

_ATOM = "{http://www.w3.org/2005/Atom}"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
# The sanitiser removes these, so one of them in a document is a defect of feedd.
_ACTIVE = frozenset(
    ["script", "iframe", "object", "embed", "svg", "math", "form", "style", "base", "meta", "link"]
)


_SPECIAL = re.compile(
    r"<(?=(?:html|head|body|frameset|title|textarea|xmp|plaintext|noembed|noframes|noscript)\b)",
    re.IGNORECASE,
)
"""Elements that the parser ignores in a fragment, or in which it sees text alone; other programs may not."""


class _ActiveHTML:
    """Finds elements, event handlers and addresses that run code."""

    found = False

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:
        """Check one element (called by the parser)."""
        addresses = [
            # Browsers ignore white space and controls inside a scheme.
            re.sub(r"[\x00-\x20]", "", attrs[name]).lower()
            for name in ("href", "src", "action")
            if name in attrs
        ]
        self.found |= tag in _ACTIVE or any(name.lower().startswith("on") for name in attrs)
        self.found |= any(element.startswith(("javascript:", "vbscript:")) for element in addresses)

    def close(self) -> bool:
        """Return whether anything runs code (called by the parser at the end)."""
        return self.found


def _is_active(html: str) -> bool:
    """Return whether HTML runs code.

    The parser of lxml takes linear time. That of the standard library needs square time for unclosed tags.
    """
    from lxml import etree

    if "<" not in html:
        return False
    target: Any = _ActiveHTML()  # the types of the library want methods that it does not call
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    parser.feed(_SPECIAL.sub("<x-", html).replace("\0", "\ufffd").encode("utf-8", "replace"))
    return bool(parser.close())


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake in a document; ``line`` counts from 1, and is 0 where the line is unknown."""

    line: int
    rule: str
    message: str


def check_head(head: FeedHead) -> list[str]:
    """Return every reason why documents with this head would be invalid."""
    wrong = []
    # RFC 4287, 4.2.6: readers recognise a feed by its id, so it has to be absolute.
    if not is_absolute_iri(head.id):
        wrong.append(f"the feed's id {head.id!r} is not an absolute IRI")
    if not head.title.strip():
        wrong.append("the feed has no title")
    if not _LANGUAGE.fullmatch(head.language):
        wrong.append(f"{head.language!r} is not a language tag (RFC 5646); correct `site.language`")
    wrong += [
        f"the feed's address {url!r} is not a web address; correct `site.url`"
        for _, url in head.self_urls
        if not is_address(url)
    ]
    return wrong


def check_document(data: bytes) -> list[Finding]:
    """Return every mistake of a document; any bytes are accepted."""
    # By content, because an alias may have any file name.
    if data.lstrip()[:1] == b"{":
        return _check_json(data)
    from lxml import etree

    # The files of other people are checked too, so nothing may be loaded or expanded.
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, etree.XMLSyntaxError) else 0
        return [Finding(int(str(line or 0)), "well-formed", f"not well-formed XML: {error}")]
    if root.tag == _ATOM + "feed":
        return _check_atom(root) + [Finding(*problem) for problem in check_atom_values(root)]
    if root.tag == "rss":
        return _check_rss(root)
    if root.tag == "opml":
        return [
            Finding(int(str(element.sourceline or 0)), "opml-outline", "a subscription needs text and xmlUrl")
            for element in root.iter("outline")
            if element.get("type") == "rss"
            and not (element.get("text") and is_address(element.get("xmlUrl", "")))
        ]
    return [Finding(1, "format", f"<{etree.QName(root).text}> is not an Atom, RSS or OPML document")]


def _check_atom(root: _Element) -> list[Finding]:
    found = _check_atom_element(root, "feed")
    links = root.findall(_ATOM + "link")
    if not any(link.get("rel") == "self" for link in links):
        found.append(Finding(1, "atom-self", "the feed has no rel=self link (RFC 4287, 4.1.1)"))
    entries = root.findall(_ATOM + "entry")
    # An author of the feed covers all its entries.
    if root.find(_ATOM + "author") is None and any(e.find(_ATOM + "author") is None for e in entries):
        found.append(
            Finding(1, "atom-author", "the feed has no author and some entries have none (RFC 4287, 4.1.1)")
        )
    newest = _parse_rfc3339(root.findtext(_ATOM + "updated", ""))
    for entry in entries:
        found += _check_atom_element(entry, "entry")
        updated = _parse_rfc3339(entry.findtext(_ATOM + "updated", ""))
        # Readers that compare the date of the feed would not look at the new entry.
        if updated and newest and updated > newest:
            found.append(
                Finding(entry.sourceline or 0, "atom-updated", "an entry is newer than the date of its feed")
            )
        content = entry.findtext(_ATOM + "content", "")
        if _is_active(content):
            found.append(Finding(entry.sourceline or 0, "dangerous", "the content holds active HTML"))
    return found + _find_duplicates([e.findtext(_ATOM + "id", "") for e in entries])


def _parse_rfc3339(text: str) -> datetime | None:
    """Parse an RFC 3339 date; None if it is not valid."""
    try:
        return datetime.fromisoformat(text) if _RFC3339.fullmatch(text) else None
    except ValueError:
        return None


def _check_atom_element(element: _Element, name: str) -> list[Finding]:
    line = element.sourceline or 0
    found = [
        Finding(line, f"atom-{part}", f"<{name}> needs exactly one <{part}> (RFC 4287, 4.1)")
        for part in ("id", "title", "updated")
        if len(element.findall(_ATOM + part)) != 1 or not element.findtext(_ATOM + part, "").strip()
    ]
    if not is_absolute_iri(element.findtext(_ATOM + "id", "")):
        found.append(Finding(line, "atom-id", f"the id of <{name}> is not an absolute IRI (RFC 4287, 4.2.6)"))
    found += [
        Finding(line, "atom-date", f"<{part}> {date!r} is not an RFC 3339 date")
        for part in ("updated", "published")
        if (date := element.findtext(_ATOM + part)) is not None and not _parse_rfc3339(date)
    ]
    alternates = Counter(
        (link.get("type"), link.get("hreflang"))
        for link in element.findall(_ATOM + "link")
        if link.get("rel", "alternate") == "alternate"
    )
    if any(count > 1 for count in alternates.values()):
        found.append(Finding(line, "atom-alternate", "two alternate links of one type (RFC 4287, 4.1.1)"))
    return found


def _find_duplicates(ids: list[str]) -> list[Finding]:
    return [
        Finding(0, "id-twice", f"the id {uid} occurs {n} times") for uid, n in Counter(ids).items() if n > 1
    ]


def _check_rss(root: _Element) -> list[Finding]:
    channel = root.find("channel")
    if channel is None:
        return [Finding(1, "rss-channel", "<rss> has no <channel>")]
    from email.utils import parsedate_to_datetime

    found = [
        Finding(channel.sourceline or 0, f"rss-{part}", f"<channel> needs a <{part}>")
        for part in ("title", "link", "description")
        if not channel.findtext(part, "").strip()
    ]
    items = channel.findall("item")
    for item in items:
        line = item.sourceline or 0
        if not item.findtext("title") and not item.findtext("description"):
            found.append(Finding(line, "rss-item", "an item needs a title or a description"))
        date = item.findtext("pubDate")
        try:
            # The parser below accepts years of two digits, which RSS 2.0 discourages.
            if date is not None and not re.search(r"\d{4} \d\d:", date):
                raise ValueError(date)
            if date is not None:
                parsedate_to_datetime(date)
        except ValueError:
            found.append(
                Finding(line, "rss-date", f"<pubDate> {date!r} is not an RFC 822 date with a four-digit year")
            )
        # Many readers use only one, and differ in which.
        if len(item.findall("enclosure")) > 1:
            found.append(Finding(line, "rss-enclosure", "more than one enclosure"))
        if _is_active(item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded") or ""):
            found.append(Finding(line, "dangerous", "the content holds active HTML"))
    found += [Finding(*problem) for problem in check_rss_values(channel)]
    return found + _find_duplicates([i.findtext("guid", "") for i in items if i.findtext("guid")])


def _check_json(data: bytes) -> list[Finding]:
    try:
        feed = json.loads(data)
    except (ValueError, RecursionError) as error:
        return [Finding(0, "json", f"not valid JSON: {error}")]
    found = []
    if not str(feed.get("version", "")).startswith("https://jsonfeed.org/version/1"):
        found.append(Finding(0, "json-version", "the JSON Feed version is missing"))
    items = feed.get("items")
    if not isinstance(feed.get("title"), str) or not isinstance(items, list):
        return [*found, Finding(0, "json-feed", "a JSON Feed needs a title and items")]
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            found.append(Finding(0, "json-id", "an item needs a string id"))
        elif _is_active(str(item.get("content_html", ""))):
            found.append(Finding(0, "dangerous", f"the content of {item['id']} holds active HTML"))
        if isinstance(item, dict):
            found += [Finding(0, "uri-character", message) for message in check_json_addresses(item)]
    return found + _find_duplicates(
        [i["id"] for i in items if isinstance(i, dict) and isinstance(i.get("id"), str)]
    )
