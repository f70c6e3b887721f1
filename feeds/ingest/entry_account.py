"""Account for every entry of a fetched document: each becomes an item, or is left out for a named reason."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable

from feeds.parser.feeds.document import Outline
from feeds.storage.left_out import LeftOut, Reason
from feeds.storage.records import Reading

_LONGEST = 80
_SEARCHED = 20_000  # characters of an entry that was not parsed
# Only patterns: parsing an entry that was rejected for its cost would cost the same again.
_TITLE = re.compile(r'<title[^<>]*+>([^<]*+(?:<!\[CDATA\[[^\]]*+)?)|"title":"([^"]*+)"')
_GUID = re.compile(r'<(?:guid|id)(?:\s[^<>]*+)?>([^<]*+)|"id":"([^"]*+)"')
_LINK = re.compile(r"""<link>([^<]*+)|<link\s[^<>]*?href=["']([^"'<>]*+)|"url":"([^"]*+)\"""")


class EntryAccount:
    """The entries of one document that became no item."""

    def __init__(self, parts: Outline) -> None:
        """Start the account of a document that was split into its entries."""
        self.left_out: list[LeftOut] = []
        self._entries = dict(zip(parts.digests, parts.entries, strict=True))
        self._numbers = Counter(parts.digests)
        for text, number in Counter(parts.unreadable).items():
            mark = hashlib.sha256(text.encode()).digest()[:16]
            self.left_out.append(LeftOut(mark, "unreadable", title=text[:_LONGEST], number=number))

    def add_unparsed(self, digests: Iterable[bytes], reason: Reason, detail: str = "") -> None:
        """Add entries that were not parsed; title, guid and address are looked for in their text."""
        # Equal entries are reported once, with their number.
        for digest in dict.fromkeys(digests):
            entry = self._entries.get(digest, "")[:_SEARCHED]
            values = (_find(pattern, entry) for pattern in (_TITLE, _GUID, _LINK))
            title, guid, address = values
            self.left_out.append(
                LeftOut(
                    digest, reason, detail, title or entry[:_LONGEST], guid, address, self._numbers[digest]
                )
            )

    def add_readings(self, readings: Iterable[Reading], reason: Reason) -> None:
        """Add entries that were parsed."""
        for reading in readings:
            entry = reading.sighting
            if entry:
                self.left_out.append(LeftOut(reading.digest, reason, "", entry.title, entry.guid, entry.link))

    def add_repeated(self, known: Collection[bytes]) -> None:
        """Add the entries whose bytes equal those of an entry that is stored already."""
        repeated = [digest for digest in known if self._numbers[digest] > 1]
        start = len(self.left_out)
        self.add_unparsed(repeated, "repeated")
        self.left_out[start:] = [entry._replace(number=entry.number - 1) for entry in self.left_out[start:]]


def describe_entry(entry: str) -> str:
    """Return the title of an unparsed entry for messages, or its first characters."""
    return _find(_TITLE, entry[:_SEARCHED])[:_LONGEST] or entry[:_LONGEST]


def _find(pattern: re.Pattern[str], entry: str) -> str:
    found = pattern.search(entry)
    text = next((group for group in found.groups() if group), "") if found else ""
    return " ".join(text.replace("<![CDATA[", "").split())
