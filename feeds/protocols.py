"""Interfaces between the steps of a run, as types that callers and tests implement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

Clock = Callable[[], datetime]
"""Return the current time, aware. It is passed in, so that tests choose the time."""


class FileState(NamedTuple):
    """The stored state of a file: its change token, its outcome and its sighting.

    ``mtime`` is in nanoseconds. ``outcome`` is ``item``, ``ignored``, ``unpublished`` or ``rejected``.
    """

    size: int
    mtime: int
    digest: bytes
    sighting: int | None
    vanished: bool
    outcome: str


class Version(NamedTuple):
    """The title of a post, and the compressed document with its body, before or after a change."""

    title: str
    document: bytes
    """The document with its header, compressed (zstd); empty if it was removed."""
    source: str
    place: str


Judge = Callable[[Version, Version], bool]
"""Return whether the cleaned title or the cleaned body of two versions differ."""


class Progress(Protocol):
    """Callback that shows the progress of a run."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units of ``step`` are finished."""


def ignore_progress(step: str, done: int, total: int) -> None:
    """Ignore all progress."""
