"""``feedd.toml``: its keys, how they are read, changed, shown and documented.

:mod:`feeds.config.sections`, :mod:`feeds.config.sources` and :mod:`feeds.config.services` declare each key once, as
:mod:`feeds.config.declare` explains; :mod:`feeds.config.settings` is the whole file. :mod:`feeds.config.reading`
reads it, and :mod:`feeds.config.conversion` and :mod:`feeds.config.checks` find what is wrong with a value.
"""

from __future__ import annotations

from feeds.config.reading import load_config
from feeds.config.sections import IdentityRule, Limits, Output, Site
from feeds.config.services import Hubs, PrivateFeed, Push, Serve
from feeds.config.settings import DEFAULT_PATH, Config
from feeds.config.sources import FolderSource, ListSource, NetworkSource, Source, UpstreamSource

__all__ = [
    "DEFAULT_PATH",
    "Config",
    "FolderSource",
    "Hubs",
    "IdentityRule",
    "Limits",
    "ListSource",
    "NetworkSource",
    "Output",
    "PrivateFeed",
    "Push",
    "Serve",
    "Site",
    "Source",
    "UpstreamSource",
    "load_config",
]
