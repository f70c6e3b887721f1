"""What a run did, as values that it counts up and that are told at its end."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Ingested:
    """What reading the sources did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repaired: int = 0
    gone: int = 0
    """Items that were removed: their files, or by their upstream."""
    asked: int = 0
    """Upstreams that were asked."""
    troubles: list[str] = field(default_factory=list)
    rejected: list[dict[str, str]] = field(default_factory=list)
    """Path and reason of each file that was read and rejected."""

    def add(self, other: Ingested) -> None:
        """Count what another part of the run did, too."""
        for one in fields(Ingested):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(slots=True)
class BuildReport(Ingested):
    """What a build did. The files read are published + merged + unpublished + ignored + rejected.

    ``rejected`` has all that are rejected, those of earlier builds too.
    """

    read: int = 0
    published: int = 0
    merged: int = 0
    unpublished: int = 0
    ignored: int = 0
    held: list[dict[str, str]] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    size: int = 0
    """Bytes of the documents in ``written``."""
    archives: int = 0
    """How many of them are archives."""
    removed: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def exit_code(self, strict: bool = False) -> int:
        """0, or 1 if a post was rejected or a document held back (or, strictly, a source in trouble)."""
        return int(bool(self.rejected or self.held or (strict and self.troubles)))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
