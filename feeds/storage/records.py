"""Define the values that are stored: a file or entry as it was read, and the context of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from feeds.identity import Sighting
from feeds.item_keys import PAGE
from feeds.protocols import Judge


class Reading(NamedTuple):
    """A file or an entry as it was read: its change token and its outcome.

    ``sighting`` is set if the outcome is ``item``. Its ``own`` keys are those of this version, and its
    ``item`` is empty if the file is identified by its path.
    """

    path: str
    size: int
    mtime: int
    digest: bytes
    outcome: str
    reason: str = ""
    repairs: int = 0
    sighting: Sighting | None = None
    document: bytes = b""
    """The document with its header, compressed (zstd)."""
    replaces: str = ""
    """The known item of which this is a new version with a changed guid, or empty."""
    renamed: bool = False
    """Whether ``replaces`` was decided by what left the document: the ledger keeps this decision."""
    guessed: bool = False
    """Whether its only date depends on this machine: the modification time of the file or the time of reading."""
    expires: int | None = None
    """When the post is to be removed from all feeds, in seconds since 1970; None for never."""
    page: str = ""
    """Key of the page of an unpublished file, which stays reserved; empty for any other."""
    dropped: int = 0
    """Number of unknown elements that are removed from the text of an entry."""
    logins: int = 0
    """Number of addresses whose user name and password are removed."""

    def apply_expiry(self, now: datetime) -> Reading:
        """Return the reading as it counts at ``now``: an expired post becomes unpublished."""
        if self.expires is None or self.expires > now.timestamp():
            return self
        # The document is dropped too, because an expired post must not come back from the store.
        own = self.sighting.own if self.sighting else ()
        page = next((key for key in own if key.startswith(PAGE)), "")
        return self._replace(outcome="unpublished", reason=EXPIRED, sighting=None, document=b"", page=page)


EXPIRED = "its expiry date has passed"

ItemReading = tuple[Reading, Sighting]
"""A reading together with its sighting, which is always set here."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The settings that decide how the consequences of a change are dated and judged.

    Without ``judge`` no change counts as a real change, for example when only settings changed.
    """

    early: bool
    """Whether the change belongs to the first reading of a source."""
    now: datetime
    blocked: frozenset[str]
    """Keys that are blocked (identity rule 3, docs/reference/identity.md)."""
    judge: Judge | None
    future: bool = False
    """Whether posts with a date in the future are shown."""
    history: int = 0
    """Number of older versions of a post that are kept."""
    rekey: bool = False
    """True if an older rule made the stored keys of the source's items: the keys of the last reading are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Circumstances):
    """The settings of a batch of readings, with its source and with name and rank of every source."""

    source: int
    sources: dict[int, tuple[str, int]]
    polled: datetime | None = None
    """When the upstream feed was fetched before, or None."""


def derive_item_from_path(path: str) -> str:
    """Return the item name of a file that states no id."""
    return "path:" + path
