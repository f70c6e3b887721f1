"""The seams: what a step asks of the world, as types that tests and later backends implement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

Clock = Callable[[], datetime]
"""The time now, aware. Passed in; nobody asks the system for it."""


class FileState(NamedTuple):
    """What the store knows of a file: its change token, what it was and whose it is."""

    size: int
    mtime: int
    digest: bytes
    sighting: int | None
    vanished: bool
    outcome: str


class Version(NamedTuple):
    """A title and the payload of the body that a post shows, before or after a change."""

    title: str
    payload: bytes
    source: str
    place: str


Judge = Callable[[Version, Version], bool]
"""Whether the cleaned title or body of two versions really differ."""


class Progress(Protocol):
    """Somebody who watches a run."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """``done`` of ``total`` are done in ``step``."""


def no_progress(step: str, done: int, total: int) -> None:
    """Nobody watches."""
