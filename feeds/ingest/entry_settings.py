"""Collect the settings that parsing the entries of an upstream feed depends on."""

from __future__ import annotations

from dataclasses import replace

from feeds.config import UpstreamSource
from feeds.run_context import Run, compute_settings_digest
from feeds.workers.task_types import EntrySettings


def build_entry_settings(run: Run, source: UpstreamSource, rank: int) -> EntrySettings:
    """Build the settings for parsing the entries of a source."""
    return EntrySettings(
        source.name,
        rank,
        run.config.site.timezone,
        source.categories,
        source.terms == "own",
        source.url,
        source.link,
    )


def compute_entry_digest(run: Run, settings: EntrySettings) -> str:
    """Compute a digest of the settings that parsed the entries of a source, without its rank."""
    return compute_settings_digest((run.settings_digest, replace(settings, rank=0)))
