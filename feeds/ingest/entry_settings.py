"""What the entries of an upstream are understood with."""

from __future__ import annotations

from dataclasses import replace

from feeds.config import UpstreamSource
from feeds.run_context import Run
from feeds.run_context import settings_digest as digest_of
from feeds.workers.task_types import EntrySettings


def entry_settings(run: Run, source: UpstreamSource, rank: int) -> EntrySettings:
    """What understanding an entry of a source needs to know."""
    return EntrySettings(
        source.name,
        rank,
        run.config.site.timezone,
        source.categories,
        source.terms == "own",
        source.url,
        source.link,
    )


def settings_digest(run: Run, settings: EntrySettings) -> str:
    """A digest of what the entries of a source were understood with, but for its rank."""
    return digest_of((run.settings_digest, replace(settings, rank=0)))
