"""Rename elements that feedparser rewrites or drops, so that their raw values survive parsing.

feedparser resolves and rewrites ids and splits mail addresses. It confuses titles of Dublin Core and captions with the
title and text of the entry, and the owner of a podcast with its author. It converts some values of iTunes. Of a podcast element it keeps either the text or
the attributes.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

from feeds.models import Extra
from feeds.values.references import unescape

AT: Final = "\ue040"
"""Replaces ``@`` in the name of an author: a private character, so that feedparser finds no mail address."""
EXTRA: Final = "feeddextra"
"""Prefix of podcast elements, ``feeddextra1``, ``feeddextra2`` …: feedparser keeps only one element of a name."""

_NAMES: Final = (
    "guid|id|title|description|author|creator|managingEditor|webMaster|owner"
    "|date|issued|created|modified|updated|published"
)
_PODCAST: Final = "transcript|chapters|person|soundbite|season|episode|location|license|socialInteract|txt"
_ITUNES: Final = "subtitle|summary|duration|season|episode|episodeType|explicit|block"
_PARTS = re.compile(
    rf"<(?:!--|!\[CDATA\[|(/?)((?:[A-Za-z_][\w.\-]*:)?)({_NAMES}|(?<=podcast:)(?:{_PODCAST})|(?<=itunes:)(?:{_ITUNES}))(\s[^<>]*+|/?)>)",
    re.IGNORECASE,
)
# Markup in a guid: a guid is text, even if it looks like HTML.
_MARKUP = re.compile(r"\s*<(?!!)[^\0]{0,500}?(?=</(?:[A-Za-z_][\w.\-]*:)?guid\s*>)", re.IGNORECASE)
_PERMALINK = re.compile(r"""\bisPermaLink\s*+=\s*+["']?\s*+(?:true|yes|1)""", re.IGNORECASE)
_OPAQUE = re.compile(r"""\bisPermaLink\s*+=\s*+(?:["']\s*+)?(?:false|no|0)""", re.IGNORECASE)
_HTML = re.compile(r"""\btype\s*=\s*["']\s*(?:html|text/html)""", re.IGNORECASE)
_PERSON = re.compile(r"<!\[CDATA\[[^\]]{0,400}|[^<>]{0,400}")
_WRAPPER = re.compile(
    r"""(<(?:[A-Za-z_][\w.\-]*+:)?(?:content|summary)\s[^<>]*+(?<!/))(>\s*+<(?:[A-Za-z_][\w.\-]*+:)?div\s(?>(?:[^<>x]+|x(?!ml:base))*)xml:base\s*=\s*("[^"<>]*+"|'[^'<>]*+'))"""
)
_PERSON_TEXT = re.compile(
    r"(<(?:[A-Za-z_][\w.\-]*+:)?(?:author|creator|managingEditor|webMaster|publisher|owner)\b[^<>]*+>\s*+(?:<!\[CDATA\[)?)"
    r"([^<]*+)",
    re.IGNORECASE,
)
_LONGEST_WORD: Final = 500
# A reference counts as one character, so that it is not cut in the middle.
_LONG_WORD = re.compile(rf"((?:&[^\s&;]{{0,40}}+;?+|[^\s&]){{{_LONGEST_WORD}}})\S++")
_TEXT = re.compile(r"\s*+(?:<!\[CDATA\[([^\]]{0,2000}+)\]\]>|([^<]{0,2000}+))\s*+</")
_MOST_EXTRAS: Final = 20_000
ITUNES: Final = "feedditunes"
"""Prefix of iTunes elements, such as ``feedditunesseason``."""
# The name of an element, with its prefix in lower case, and its new name.
_APART: Final = {
    "dc:title": "feeddtitle",
    "dc:description": "feedddescription",
    "media:title": "feeddmediatitle",
    "media:description": "feeddmedia",
    **{f"itunes:{name.lower()}": ITUNES + name.lower() for name in (*_ITUNES.split("|"), "author", "title")},
}
# Dates of extensions: feedparser keeps the last date of a kind, whichever element states it.
_DATES: Final = {
    "date": "feedddate",
    "issued": "feeddissued",
    "published": "feeddissued",
    "created": "feeddcreated",
    "modified": "feeddmodified",
    "updated": "feeddmodified",
}
_EXTENSIONS: Final = frozenset(["dc:", "dcterms:", "dct:"])
_RSS: Final = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?(?:rss|rdf)(?=[\s/>])", re.IGNORECASE)
_HEAD_OF_ROOT: Final = 65_536
_PEOPLE: Final = frozenset(["author", "dc:creator", "dc:author", "managingeditor", "webmaster", "rss:author"])


class _Renamer:
    """Renames the elements of one document in a single pass."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces: list[str] = []
        self.copied = 0
        self.guid = self.media = "feeddid"
        self.extras = 0
        self.is_rss = is_rss(text)

    def put(self, start: int, end: int, text: str) -> None:
        self.pieces += [self.text[self.copied : start], text]
        self.copied = end

    def walk(self) -> str:
        position = 0
        # A single pass with one pattern takes linear time; a substitution for each element would copy the text many
        # times.
        while found := _PARTS.search(self.text, position):
            position = found.end()
            if found[3]:
                position = self.rename_element(found, (found[2] + found[3]).lower(), found[3].lower())
                continue
            closer = "-->" if found[0] == "<!--" else "]]>"
            position = self.text.find(closer, position) + 3
            if position < 3:
                break
        self.pieces.append(self.text[self.copied :])
        return "".join(self.pieces)

    def rename_element(self, found: re.Match[str], name: str, local: str) -> int:
        """Rename a tag; return the position from which to continue."""
        if local in ("id", "guid"):
            return self.rename_identifier(found, local)
        # feedparser would use the owner of a podcast as its author.
        if local == "owner":
            self.rename(found, "feeddowner")
        elif name in _APART:
            self.rename(found, _APART[name])
        elif local in _DATES:
            prefix = found[2].lower()
            if prefix in _EXTENSIONS or (self.is_rss and prefix not in ("", "rss:")):
                self.rename(found, _DATES[local])
        elif name.startswith("podcast:"):
            return self.convert_podcast(found)
        elif name in _PEOPLE and not found[1]:
            # feedparser splits "Name (mail)" in a way that loses names with parentheses.
            person = _PERSON.match(self.text, found.end())
            if person and "@" in person[0]:
                self.put(person.start(), person.end(), person[0].replace("@", AT))
        return found.end()

    def rename(self, found: re.Match[str], name: str) -> None:
        if name == "feeddmedia":
            if not found[1]:
                self.media = "feeddmediahtml" if _HTML.search(found[4]) else name
            name = self.media
        closed = "/" if found[4].endswith("/") else ""
        self.put(found.start(), found.end(), f"<{found[1]}{name}{closed}>")

    def rename_identifier(self, found: re.Match[str], local: str) -> int:
        """Rename an ``id`` or ``guid``; return the position from which to continue.

        The new name distinguishes an id of Atom, a guid that is an address and an opaque guid (RSS 2.0 ``isPermaLink``).
        """
        if not found[1]:
            opaque = _OPAQUE.search(found[4])
            page = "feeddpage" if _PERMALINK.search(found[4]) else "feeddguid"
            self.guid = "feeddid" if local == "id" else "feeddopaque" if opaque else page
        closed = "/" if found[4].endswith("/") else ""
        self.put(found.start(), found.end(), f"<{found[1]}{found[2]}{self.guid}{closed}>")
        if self.guid == "feeddid" or found[1] or closed:
            return found.end()
        # An escaped guid stays text for the parser.
        inner = _MARKUP.match(self.text, found.end())
        if not inner:
            return found.end()
        self.put(inner.start(), inner.end(), inner[0].replace("<", "&lt;"))
        return inner.end()

    def convert_podcast(self, found: re.Match[str]) -> int:
        """Replace a podcast element by an element without attributes, whose text holds both attributes and text.

        Returns:
            The position from which to continue.
        """
        # End tags were consumed with their element.
        if found[1] or self.extras == _MOST_EXTRAS:
            return found.end()
        end, text = found.end(), ""
        if not found[4].endswith("/"):
            inner = _TEXT.match(self.text, found.end())
            close = self.text.find(">", inner.end()) if inner else -1
            if inner is None or close < 0:
                return found.end()
            end, text = close + 1, escape(inner[1], quote=False) if inner[1] else inner[2] or ""
        self.extras += 1
        name = EXTRA + str(self.extras)
        described = escape(f"{found[3]} {found[4].rstrip('/').strip()}", quote=False)
        self.put(found.start(), end, f"<{name}>{described}\n{text.replace(chr(10), ' ')}</{name}>")
        return end


def is_rss(text: str) -> bool:
    """Return whether the root element of a document is that of RSS or RDF."""
    return _RSS.search(text, 0, _HEAD_OF_ROOT) is not None


def _move_base(found: re.Match[str]) -> str:
    """Return a content element with the base of the ``div`` in it, which feedparser drops with that element."""
    if "xml:base" in found[1]:
        return found[0]
    return f"{found[1]} xml:base={found[3]}{found[2]}"


def protect_elements(text: str) -> str:
    """Return the document with the elements renamed that feedparser would change."""
    text = _WRAPPER.sub(_move_base, text) if "xml:base" in text else text
    return _Renamer(_PERSON_TEXT.sub(_with_short_words, text)).walk()


def _with_short_words(found: re.Match[str]) -> str:
    """Return the text of a person with long words cut: the patterns of feedparser take quadratic time on them."""
    return found[1] + _LONG_WORD.sub(r"\1", found[2]) if len(found[2]) > _LONGEST_WORD else found[0]


_ATTRIBUTE = re.compile(r"""([A-Za-z]{1,20})\s*=\s*(?:"([^"]*+)"|'([^']*+)')""")


def parse_podcast_element(value: str) -> Extra:
    """Return the podcast element that :func:`protect_elements` converted to this text."""
    head, _, text = value.partition("\n")
    local, _, rest = head.partition(" ")
    attributes = tuple(
        (name, unescape(double or single).strip()) for name, double, single in _ATTRIBUTE.findall(rest)
    )
    return Extra(f"podcast:{local}", text.strip(), attributes)
