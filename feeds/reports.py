"""Reports of a run: counters that the run increments and that are shown at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Ingested:
    """The counts of reading the sources. The names of the fields are keys of ``--json``."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repaired: int = 0
    parted: int = 0
    """Posts that an earlier version had joined with others and that are posts of their own again."""
    gone: int = 0
    """Items that were removed, with their files or by their upstream feed."""
    dropped: int = 0
    """Unknown elements that were removed from the text of new and changed entries of upstream feeds."""
    logins: int = 0
    """Addresses in new and changed entries whose user name and password are not published."""
    asked: int = 0
    """Upstream feeds that were fetched."""
    troubles: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a person should know though nothing failed."""
    rejected: list[dict[str, str]] = field(default_factory=list)
    """Path and reason of each file that was read and rejected."""

    def add(self, other: Ingested) -> None:
        """Add the counts of another part of the run."""
        for counter in fields(Ingested):
            setattr(self, counter.name, getattr(self, counter.name) + getattr(other, counter.name))


@dataclass(slots=True)
class BuildReport(Ingested):
    """The counts of a build. ``read`` = published + merged + unpublished + ignored + rejected.

    ``rejected`` includes files that an earlier build rejected.
    """

    sources: int = 0
    posts: int = 0
    """Posts in the feed of all posts."""
    feeds: int = 0
    read: int = 0
    published: int = 0
    merged: int = 0
    unpublished: int = 0
    ignored: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    """Entries of upstream feeds: ``read`` = published + merged + unpublished + rejected + repeated."""
    reasons: dict[str, int] = field(default_factory=dict)
    """How many files and entries are in no feed, by reason."""
    held: list[dict[str, str]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    size: int = 0
    """Size of the documents in ``written``, in bytes."""
    archives: int = 0
    """Number of archives in ``written``."""
    removed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def compute_exit_code(self, strict: bool = False) -> int:
        """Return 1 if a post was rejected or a document was held back, else 0.

        If ``strict``, also return 1 if a source failed.
        """
        return int(bool(self.rejected or self.held or (strict and self.troubles)))

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as a dictionary for JSON."""
        return asdict(self)
