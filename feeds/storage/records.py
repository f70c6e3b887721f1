"""What is stored: one file or entry as it was read, and what a batch of them is taken with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from feeds.identity import Sighting
from feeds.protocols import Judge


class Reading(NamedTuple):
    """One file as read: its change token and what came of it.

    ``sighting`` is set for outcome ``item``: what it says, with the keys of this version in ``own``;
    ``payload`` the compressed bytes. ``item`` is empty if the file is known by its path.
    """

    path: str
    size: int
    mtime: int
    digest: bytes
    outcome: str
    reason: str = ""
    repairs: int = 0
    sighting: Sighting | None = None
    payload: bytes = b""
    replaces: str = ""
    """The item that this one is a new version of under another name (a guid that changed)."""
    guessed: bool = False
    """Its only date is one that no other machine would find: the file's mtime, or the time of reading."""
    expires: int | None = None
    """When the post is to be taken out, seconds since 1970; None for never."""

    def at(self, now: datetime) -> Reading:
        """The reading as it counts at this time: one that has expired is no post any more."""
        if self.expires is None or self.expires > now.timestamp():
            return self
        return self._replace(outcome="unpublished", reason=EXPIRED, sighting=None, payload=b"")


EXPIRED = "its expiry date has passed"

Said = tuple[Reading, Sighting]
"""A reading with what it says, which it always has here."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the consequences of a change are dated and judged with.

    Without a judge no change counts as a real one (only settings changed).
    """

    early: bool
    """It comes with a source's first reading."""
    now: datetime
    burnt: frozenset[str]
    judge: Judge | None
    future: bool = False
    """Posts dated in the future are shown."""
    history: int = 0
    """How many older versions of a post are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Circumstances):
    """What a batch of readings of a source is taken with: the source and all sources with their ranks, too."""

    source: int
    sources: dict[int, tuple[str, int]]
    rekey: bool = False
    """The store has the keys of the source's files by an older rule: those of the last reading do not stay."""


def item_of_path(path: str) -> str:
    """The name of a file's item that states no id."""
    return "path:" + path
