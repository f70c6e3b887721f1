"""``feedd.toml`` becomes a frozen :class:`Config`; every mistake is told at once.

:mod:`feeds.config.fields` is the only place that knows the keys: parser, JSON Schema and the
reference in ``docs/reference/configuration.md`` follow it. :mod:`feeds.config.checks` says what is wrong
with a value, :mod:`feeds.config.tables` holds tables against their keys, :mod:`feeds.config.reading`
makes the configuration of them, :mod:`feeds.config.lines` finds the line of a mistake.
"""

from __future__ import annotations

from feeds.config.fields import DEFAULT_PATH, SECTIONS, Key, schema
from feeds.config.reading import load_config
from feeds.config.values import (
    Config,
    FolderSource,
    IdentityRule,
    Limits,
    ListSource,
    Output,
    PrivateFeed,
    Push,
    Serve,
    Site,
    Source,
    UpstreamSource,
)

__all__ = [
    "DEFAULT_PATH",
    "SECTIONS",
    "Config",
    "FolderSource",
    "IdentityRule",
    "Key",
    "Limits",
    "ListSource",
    "Output",
    "PrivateFeed",
    "Push",
    "Serve",
    "Site",
    "Source",
    "UpstreamSource",
    "load_config",
    "schema",
]
