"""What a configuration says, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from feeds.model import Format


@dataclass(frozen=True, slots=True)
class Site:
    """Section ``[site]``: what the feeds say of the site. ``url`` ends with a slash."""

    title: str
    url: str
    language: str
    timezone: str
    author: str
    description: str


@dataclass(frozen=True, slots=True)
class Output:
    """Section ``[output]``: what is written where; ``entries`` counts posts in a subscription document.

    ``templates`` is None for feedd's own look.
    """

    dir: Path
    formats: tuple[Format, ...]
    entries: int
    slugs: Literal["ascii", "unicode"]
    pages: bool
    templates: Path | None


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A ``[[sources]]`` of kind ``folder``.

    An empty ``base`` stands for the address in ``_config.yml``, else ``site.url``.
    """

    name: str
    path: Path
    base: str
    permalink: str
    ids: Literal["feedd", "jekyll-feed"]
    future: bool
    drafts: bool
    categories: tuple[str, ...]
    terms: Literal["own", "none"]


@dataclass(frozen=True, slots=True)
class UpstreamSource:
    """A ``[[sources]]`` of kind ``upstream``: somebody else's feed.

    ``every`` is in seconds, 0 for an adaptive interval; ``auth`` names where credentials are
    (``env:NAME``), never the credentials.
    """

    name: str
    url: str
    title: str
    link: str
    every: int
    categories: tuple[str, ...]
    terms: Literal["own", "none"]
    auth: str = ""
    proxy: str = ""
    allow: tuple[str, ...] = ()
    group: str = ""
    timeout: int = 30
    most_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ListSource:
    """A ``[[sources]]`` of kind ``opml``: each feed of a list is a source with these settings.

    Either ``path`` or ``url`` says where the list is.
    """

    name: str
    path: Path | None
    url: str
    settings: UpstreamSource


Source = FolderSource | UpstreamSource | ListSource


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """An ``[[identity]]``: ``pattern`` finds the group ``key`` that makes two addresses one post."""

    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Section ``[limits]``: categories and tags of a post, and characters of each."""

    terms: int
    term_length: int


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration; paths are absolute. ``boilerplate`` is None for the built-in patterns."""

    path: Path
    site: Site
    output: Output
    store: Path
    sources: tuple[Source, ...]
    identity: tuple[IdentityRule, ...]
    boilerplate: tuple[str, ...] | None
    labels: Mapping[str, Mapping[str, str]]
    aliases: Mapping[str, str]
    limits: Limits

    @property
    def folders(self) -> tuple[FolderSource, ...]:
        """The sources of kind ``folder``."""
        return tuple(one for one in self.sources if isinstance(one, FolderSource))

    @property
    def polled(self) -> bool:
        """Whether there is anything to ask over the network."""
        return any(not isinstance(one, FolderSource) for one in self.sources)
