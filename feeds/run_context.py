"""The values that all steps of one run share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from feeds.config import Config
from feeds.protocols import Clock, Progress
from feeds.renderer.page_fragments import PageStyle
from feeds.storage.sqlite import Database
from feeds.workers.workers import Workers


@dataclass(frozen=True, slots=True)
class Run:
    """Configuration, store, workers, clock and sources of one run."""

    config: Config
    db: Database
    workers: Workers
    clock: Clock
    progress: Progress
    sources: dict[int, tuple[str, int]]
    settings_digest: str
    look: PageStyle
    allow_removals: bool = False
    """Whether the removal of many items at once is accepted."""


def compute_settings_digest(values: object) -> str:
    """Compute a digest of settings; when it differs, everything derived from them is derived again."""
    return hashlib.blake2b(repr(values).encode(), digest_size=16).hexdigest()
