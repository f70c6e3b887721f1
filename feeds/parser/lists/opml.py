"""Lists of upstreams in OPML: bytes become subscriptions.

Real lists are hardly ever clean XML (bare ampersands, names of HTML entities, wrong encodings, attributes in
any case), and all that counts in them is the attributes of one element. So no XML parser reads them but a
scanner of tags: it is linear, knows the line of each outline, and there is no entity, no DTD and no nesting
that could do harm.
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
from feeds.values.urls import canonicalise, is_address, without_user

LARGEST = 16 << 20
"""Bytes of a list."""
DEEPEST = 1000
"""Outlines inside each other."""
MOST = 50_000
"""Subscriptions in a list."""
_MOST_NOTES = 1000
_MOST_CATEGORIES = 1_000_000  # of all subscriptions together: each has a copy of its path

_DECLARED = re.compile(rb"""\A\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_ENCODING = re.compile(
    r"utf-(?:8|16(?:-[lb]e)?)|ascii|iso8859-\d+|cp\d+|gb\w+|big5\w*|shift_jis\w*|euc_\w+|koi8-\w"
)
_DOCTYPE = re.compile(r"[^>\[]*+(?:\[[^\]]*+\]\s*+)?>")
# Comments and CDATA are passed over; a tag's quoted values may hold anything, and nothing is tried twice.
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    r"|<(/?)(opml|body|head|outline|title)\b((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)(>?)",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"(?<![\w:.-])([A-Za-z_][\w:.-]*+)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++))"
)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SWALLOWED = re.compile(r"</?outline\b", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class OpmlList:
    """A list: its title, what it names, and notes of what was left out or joined, each with its line."""

    title: str
    subscriptions: tuple[Subscription, ...]
    notes: tuple[str, ...]


def read_opml(data: bytes, name: str) -> tuple[Subscription, ...]:
    """The subscriptions of a list, each once, in its order; see :func:`parse_opml`."""
    return parse_opml(data, name).subscriptions


def parse_opml(data: bytes, name: str) -> OpmlList:
    """Read an OPML list of any version, however sloppy.

    Each outline around a subscription is a category of it, outermost first, and so is each part of its
    ``category``. Two outlines with one address become one subscription with the categories of both.
    ``name`` is what messages call the list.

    Raises:
        UsageError: it is no OPML, cut off, or beyond the bounds above; with the line.
    """
    if len(data) > LARGEST:
        raise UsageError(f"{name}: is larger than {LARGEST >> 20} MB; split it")
    scan = _Scan(name, _decoded(data))
    scan.read()
    ranked = sorted(
        scan.found.values(), key=lambda one: one.rank
    )  # stable: those without a rank keep their order
    return OpmlList(scan.title, tuple(one.subscription for one in ranked), tuple(scan.notes))


def _decoded(data: bytes) -> str:
    """The text, by byte order mark, declaration, or whatever it evidently is."""
    declared = _DECLARED.match(data[:400])
    if declared and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            encoding = codecs.lookup(declared[1].decode("ascii")).name
            # Python's other codecs (punycode, unicode_escape) are no encodings of documents.
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
    """One pass over the tags of a list."""

    name: str
    text: str
    title: str = ""
    notes: list[str] = field(default_factory=list)
    found: dict[tuple[str, str, str], _Found] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    line: int = 1
    categories: int = 0

    def read(self) -> None:
        """Collect the subscriptions."""
        seen: set[str] = set()
        last = 0
        for match in _TAG.finditer(self.text, _behind_doctype(self.text)):
            self.line += self.text.count("\n", last, match.start())
            last = match.start()
            if match[2]:
                seen.add(match[1] + match[2].lower())
                self._tag(match)
        if not seen & {"opml", "outline"}:
            self.line = 1
            raise self.wrong("is no OPML: it has no <outline>; give a list that a feed reader exported")
        if "opml" in seen and "/opml" not in seen:
            raise self.wrong("ends before </opml>: is the list cut off? get it again")

    def wrong(self, text: str) -> UsageError:
        """An error at the line of the scan."""
        return UsageError(f"{self.name}:{self.line}: {text}")

    def note(self, text: str) -> None:
        """Say something of the line of the scan; a list full of mistakes is not told in full."""
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(f"{self.name}:{self.line}: {text}")

    def _tag(self, match: re.Match[str]) -> None:
        end, tag, inside, close = match.groups()
        if not close or ("<" in inside and _SWALLOWED.search(inside)):
            raise self.wrong(
                "a tag is not closed: a quotation mark is missing, or one too many, or the list is cut off;"
                " correct it or get it again"
            )
        if tag.lower() == "outline":
            self._outline(end, inside)
        elif tag.lower() == "title" and not end and not self.title:
            self.title = _value(self.text[match.end() : match.end() + 1000].partition("<")[0])

    def _outline(self, end: str, inside: str) -> None:
        if end:
            if self.path:
                self.path.pop()
            return
        values = _attributes(inside)
        address = _address(values)
        if address:
            self._subscription(address, values)
        if not inside.rstrip().endswith("/"):
            # What stands inside a subscription is no category; its level still has to be closed.
            self.path.append("" if address else values.get("text") or values.get("title", ""))
            if len(self.path) > DEEPEST:
                raise self.wrong(f"outlines are nested more than {DEEPEST} deep; flatten the list")

    def _subscription(self, address: str, values: dict[str, str]) -> None:
        if not is_address(address):
            self.note(f"{without_user(address)[:200]!r} is no web address; left out")
            return
        categories = dict.fromkeys(part for part in self.path if part)
        categories |= dict.fromkeys(_own_categories(values.get("category", "")))
        self.categories += len(self.path) + len(categories)
        one = _subscription(address, tuple(categories), values)
        rank = values.get("feedd:rank", "")
        new = _Found(one, int(rank) if re.fullmatch(r"[0-9]{1,6}", rank) else 0, self.line)
        key = (canonicalise(address), one.name, one.type)
        old = self.found.setdefault(key, new)
        if old is not new:
            self.note(f"{without_user(address)} is there already, at line {old.line}; joined")
            joined = tuple(dict.fromkeys(old.subscription.categories + one.categories))
            old.subscription = replace(old.subscription, categories=joined)
            self.categories += len(joined)
        if len(self.found) > MOST or self.categories > _MOST_CATEGORIES:
            raise self.wrong(
                f"names more than {MOST} subscriptions, or too many categories of them; split the list"
            )


def _behind_doctype(text: str) -> int:
    """Where a document type declaration ends, 0 without one: what it declares is no outline."""
    start = re.search(r"<!DOCTYPE\b", text[:4096], re.IGNORECASE)
    found = _DOCTYPE.match(text, start.end()) if start else None
    return found.end() if found else 0


def _attributes(inside: str) -> dict[str, str]:
    """Attributes with their names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(inside):
        found.setdefault(name.lower(), _value(double or single or bare))
    return found


def _value(raw: str) -> str:
    """The text of an attribute: spaces at its ends count only where they are written as references."""
    text = re.sub(r"[\t\r\n]", " ", raw).strip()
    if "&" in text:
        text = _REFERENCE.sub(lambda match: unescape(match[0]), text)
    return _ILLEGAL.sub("", text)


def _address(values: dict[str, str]) -> str:
    """The address of the feed or list that an outline names; empty for an outline that only groups."""
    address = values.get("xmlurl", "").strip()
    if not address and values.get("type", "").lower() in ("rss", "atom", "feed", "include", "json"):
        address = values.get("url", "").strip()
    # feed:https://… and feed://… are what browsers once handed to feed readers.
    if address[:9].lower() == "feed:http":
        return address[5:]
    return "http://" + address[7:] if address[:7].lower() == "feed://" else address


def _subscription(address: str, categories: tuple[str, ...], values: dict[str, str]) -> Subscription:
    name = values.get("feedd:name", "")
    text = values.get("text", "")
    link = values.get("htmlurl", "").strip()
    return Subscription(
        url=address,
        # feedd writes the name as text where a source has no title; that makes no title of it.
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


def _own_categories(text: str) -> Iterator[str]:
    """OPML 2.0, ``category``: separated by commas; a slash first says that it is a path."""
    for one in text.split(","):
        parts = one.split("/") if one.strip().startswith("/") else [one]
        yield from (part.strip() for part in parts if part.strip())
