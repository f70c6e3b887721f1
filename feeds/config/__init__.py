"""``feedd.toml`` becomes a frozen :class:`Config`; every mistake is told at once.

:mod:`feeds.config.fields` is the only place that knows the keys: parser, JSON Schema and the
reference in ``docs/configuration.md`` follow it. :mod:`feeds.config.checks` says what is wrong
with a value, :mod:`feeds.config.reading` collects what is wrong with a file.
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
    "Site",
    "Source",
    "UpstreamSource",
    "load_config",
    "schema",
]
