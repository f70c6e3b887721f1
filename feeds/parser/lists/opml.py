"""Parse OPML lists of feeds to subscriptions.

Real lists are rarely valid XML: they have bare ampersands, HTML entities, wrong encodings, and attributes in any case.
All that matters is the attributes of one element. So this module scans the tags instead of using an XML parser: it takes
linear time, knows the line of each outline, and expands no entities.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import unescape

from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.parser.posts.file_encoding import decode
from feeds.values.urls import canonicalise, find_feed_address, is_address, without_user

LARGEST = 16 << 20
"""Limit for the bytes of a list."""
DEEPEST = 1000
"""Limit for outlines inside each other."""
MOST = 50_000
"""Limit for the subscriptions of a list."""
_MOST_NOTES = 1000
# Limit for all subscriptions together: each has a copy of its path, so deep lists grow with the square of their size.
_MOST_CATEGORIES = 1_000_000

_DECLARED = re.compile(rb"""\A\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
# Encodings of real lists; others, such as UTF-7, could hide tags from the scanner.
_ENCODING = re.compile(
    r"utf-(?:8|16(?:-[lb]e)?)|ascii|iso8859-\d+|cp\d+|gb\w+|big5\w*|shift_jis\w*|euc_\w+|koi8-\w"
)
_DOCTYPE = re.compile(r"[^>\[]*+(?:\[[^\]]*+\]\s*+)?>")
# Comments and CDATA are skipped. Quoted values may contain anything. Possessive quantifiers prevent backtracking.
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|<(/?)(opml|body|head|outline|title)\b((?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*))(>?)",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"(?<![\w:.-])([A-Za-z_][\w:.-]*+)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))"
)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Another outline inside the attributes of a tag: a quotation mark before it is missing.
_SWALLOWED = re.compile(r"</?outline\b", re.IGNORECASE)
# Types of outlines whose address is a page, a file or a person, whatever attribute has it.
_NO_FEEDS = frozenset(
    (
        "link",
        "song",
        "photo",
        "blogpost",
        "redirect",
        "river",
        "thread",
        "twitter",
        "html",
        "website",
        "howto",
    )
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class OpmlList:
    """A parsed list: its title, its subscriptions, and notes on what was left out or merged, with their lines."""

    title: str
    subscriptions: tuple[Subscription, ...]
    notes: tuple[str, ...]


def read_opml(data: bytes, name: str) -> tuple[Subscription, ...]:
    """Return the subscriptions of a list, each once, in the order of the list; see :func:`parse_opml`."""
    return parse_opml(data, name).subscriptions


def parse_opml(data: bytes, name: str) -> OpmlList:
    """Parse an OPML list of any version, even if it is malformed.

    The categories of a subscription are the outlines around it, outermost first, and the parts of its ``category``.
    Two outlines with the same address become one subscription with the categories of both.

    Args:
        data: The list.
        name: Name of the list in messages.

    Raises:
        UsageError: the list is not OPML, is cut off, or exceeds a limit; the message names the line.
    """
    if len(data) > LARGEST:
        raise UsageError(f"{name}: is larger than {LARGEST >> 20} MB; split it")
    scan = _Scan(name, _decode(data))
    scan.read()
    ranked = sorted(
        scan.found.values(), key=lambda entry: entry.rank
    )  # stable: those without a rank keep their order
    return OpmlList(scan.title, tuple(entry.subscription for entry in ranked), tuple(scan.notes))


def _decode(data: bytes) -> str:
    """Return the decoded text, by byte order mark, declaration or content."""
    declared = _DECLARED.match(data[:400])
    if declared and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            encoding = codecs.lookup(declared[1].decode("ascii")).name
            # Python's other codecs (punycode, unicode_escape) are not encodings of documents.
            if _ENCODING.fullmatch(encoding) and not encoding.startswith("utf-16"):
                return data.decode(encoding)
        except (LookupError, ValueError):
            pass
    return decode(data)[0]


@dataclass(slots=True)
class _Found:
    subscription: Subscription
    rank: int
    line: int


@dataclass(slots=True)
class _Scan:
    """A single pass over the tags of a list."""

    name: str
    text: str
    title: str = ""
    notes: list[str] = field(default_factory=list)
    found: dict[tuple[str, str, str], _Found] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    comment: int = 0
    """Depth of the outline that is a comment with all that it contains (OPML 2.0 ``isComment``); 0 outside."""
    line: int = 1
    categories: int = 0

    def read(self) -> None:
        """Collect the subscriptions."""
        seen: set[str] = set()
        last = 0
        for match in _TAG.finditer(self.text, _find_doctype_end(self.text)):
            self.line += self.text.count("\n", last, match.start())
            last = match.start()
            if match[2]:
                seen.add(match[1] + match[2].lower())
                self._read_tag(match)
        # Without the check, any web page would be an empty list.
        if not seen & {"opml", "outline"}:
            self.line = 1
            raise self.make_error("is no OPML: it has no <outline>; give a list that a feed reader exported")
        # Importing half a list without notice would be worse than an error.
        if "opml" in seen and "/opml" not in seen:
            raise self.make_error("ends before </opml>: is the list cut off? get it again")

    def make_error(self, text: str) -> UsageError:
        """Return an error for the current line."""
        return UsageError(f"{self.name}:{self.line}: {text}")

    def add_note(self, text: str) -> None:
        """Add a note on the current line; after the first thousand, notes are dropped."""
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(f"{self.name}:{self.line}: {text}")

    def _read_tag(self, match: re.Match[str]) -> None:
        end, tag, inside, close = match.groups()
        if not close or ("<" in inside and _SWALLOWED.search(inside)):
            raise self.make_error(
                "a tag is not closed: a quotation mark is missing, or one too many, or the list is cut off;"
                " correct it or get it again"
            )
        if tag.lower() == "outline":
            self._read_outline(end, inside)
        elif tag.lower() == "title" and not end and not self.title:
            self.title = _decode_value(self.text[match.end() : match.end() + 1000].partition("<")[0])

    def _read_outline(self, end: str, inside: str) -> None:
        if end:
            if self.path:
                self.path.pop()
            if len(self.path) < self.comment:
                self.comment = 0
            return
        values = _parse_attributes(inside)
        address = _find_address(values)
        is_comment = values.get("iscomment", "").lower() == "true"
        if address and not is_comment and not self.comment:
            self._add_subscription(address, values)
        if not inside.rstrip().endswith("/"):
            if is_comment and not self.comment:
                self.comment = len(self.path) + 1
            # A subscription is not a category of outlines inside it, but its end tag still closes a level.
            self.path.append("" if address else values.get("text") or values.get("title", ""))
            if len(self.path) > DEEPEST:
                raise self.make_error(f"outlines are nested more than {DEEPEST} deep; flatten the list")

    def _add_subscription(self, address: str, values: dict[str, str]) -> None:
        if (kind := values.get("type", "").lower()) in _NO_FEEDS:
            self.add_note(
                f"{without_user(address)[:200]!r} has the type {kind!r}, which is not a feed; left out"
            )
            return
        if not is_address(address):
            self.add_note(f"{without_user(address)[:200]!r} is no web address; left out")
            return
        categories = dict.fromkeys(part for part in self.path if part)
        categories |= dict.fromkeys(_split_categories(values.get("category", "")))
        self.categories += len(self.path) + len(categories)
        subscription = _make_subscription(address, tuple(categories), values)
        # `feedd export` writes the position of a source, because OPML groups subscriptions by category.
        rank = values.get("feedd:rank", "")
        new = _Found(subscription, int(rank) if re.fullmatch(r"[0-9]{1,6}", rank) else 0, self.line)
        key = (canonicalise(address), subscription.name, subscription.type)
        old = self.found.setdefault(key, new)
        if old is not new:
            self.add_note(f"{without_user(address)} is there already, at line {old.line}; joined")
            joined = tuple(dict.fromkeys(old.subscription.categories + subscription.categories))
            old.subscription = replace(old.subscription, categories=joined)
            self.categories += len(joined)
        if len(self.found) > MOST or self.categories > _MOST_CATEGORIES:
            raise self.make_error(
                f"names more than {MOST} subscriptions, or too many categories of them; split the list"
            )


def _find_doctype_end(text: str) -> int:
    """Return the end of the document type declaration, or 0: tags inside it are not outlines."""
    start = re.search(r"<!DOCTYPE\b", text[:4096], re.IGNORECASE)
    found = _DOCTYPE.match(text, start.end()) if start else None
    return found.end() if found else 0


def _parse_attributes(inside: str) -> dict[str, str]:
    """Return the attributes of a tag with names in lower case; the first of two equal names counts."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(inside):
        found.setdefault(name.lower(), _decode_value(double or single or bare))
    return found


def _decode_value(raw: str) -> str:
    """Return the text of an attribute, with spaces at its ends only where they are written as references."""
    text = re.sub(r"[\t\r\n]", " ", raw).strip()
    if "&" in text:
        text = _REFERENCE.sub(lambda match: unescape(match[0]), text)
    return _ILLEGAL.sub("", text)


def _find_address(values: dict[str, str]) -> str:
    """Return the address of the feed or list that an outline names; empty for an outline that only groups."""
    address = values.get("xmlurl", "").strip()
    # Some programs write `url` instead of `xmlUrl`.
    if not address and values.get("type", "").lower() in ("rss", "atom", "feed", "include", "json"):
        address = values.get("url", "").strip()
    return find_feed_address(address)


def _make_subscription(address: str, categories: tuple[str, ...], values: dict[str, str]) -> Subscription:
    name = values.get("feedd:name", "")
    text = values.get("text", "")
    link = values.get("htmlurl", "").strip()
    return Subscription(
        url=address,
        # `feedd export` writes the name as text if a source has no title. Importing it must not create a title.
        title=values.get("title") or ("" if name and text == name else text),
        link=link if is_address(link) else "",
        categories=categories,
        name=name,
        type="include" if values.get("type", "").lower() == "include" else "rss",
        language=values.get("language", ""),
        description=values.get("description", ""),
        every=values.get("feedd:every", ""),
        terms=values.get("feedd:terms", ""),
        group=values.get("feedd:group", ""),
    )


def _split_categories(text: str) -> Iterator[str]:
    """Yield the parts of a ``category`` (OPML 2.0): separated by commas; a leading slash marks a path."""
    for category in text.split(","):
        parts = category.split("/") if category.strip().startswith("/") else [category]
        yield from (part.strip() for part in parts if part.strip())
