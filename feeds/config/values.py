"""What a configuration says, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from feeds.models import Dialect, Format


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
    keep: str = ""
    """How long posts are kept: ``2y``, or so many; empty for ever."""
    archive: tuple[Format, ...] = ("atom",)
    """Formats of the whole history."""
    archive_kinds: tuple[str, ...] = ("all", "category", "tag")
    """Kinds of feeds that have archives."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A ``[[sources]]`` of kind ``folder``.

    An empty ``base`` stands for the address in ``_config.yml``, else ``site.url``; an empty ``markdown`` for the
    dialect of the folder's generator.
    """

    name: str
    path: Path
    base: str
    permalink: str
    ids: Literal["feedd", "jekyll-feed"]
    markdown: Dialect | Literal[""]
    future: bool
    drafts: bool
    on_remove: Literal["withdraw", "keep"]
    keep: str
    categories: tuple[str, ...]
    terms: Literal["own", "none"]
    source_line: bool = False


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
    keep: str = ""


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
    """Section ``[limits]``: categories and tags of a post, and characters of each.

    ``removals`` is the percentage of a source's posts that may go at once. ``item_seconds`` bounds the
    work on one post or entry, ``document_seconds`` that on a feed document or a thousand files.
    """

    terms: int
    term_length: int
    removals: int
    item_seconds: int
    document_seconds: int


@dataclass(frozen=True, slots=True)
class Push:
    """Section ``[push]``: who is told when a document changes (WebSub).

    ``public`` ends with a slash; it is empty if feedd is not reached from outside, and then it
    subscribes to nothing itself.
    """

    hubs: tuple[str, ...] = ()
    own: str = ""
    """Address of feedd's own hub; empty if it is none."""
    public: str = ""
    allow: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The hubs that every document names: the own one first."""
        return tuple(dict.fromkeys((*([self.own] if self.own else []), *self.hubs)))


@dataclass(frozen=True, slots=True)
class PrivateFeed:
    """A ``[[serve.private]]``: a feed that only those may read who know a password or an address.

    It is answered with ``no-store``, names no hub, and ``auth`` and ``secret`` may both be set: then
    either opens it. With ``secret`` alone its ordinary address does not exist.
    """

    feed: str
    """Folder of the feed in the output tree: ``category/inside``."""
    auth: str = ""
    """``env:NAME`` of a variable that holds ``user:password`` (HTTP basic authentication, RFC 7617)."""
    secret: str = ""
    """``env:NAME`` of a variable that holds the secret part of ``/private/<secret>/atom.xml``."""


@dataclass(frozen=True, slots=True)
class Serve:
    """Section ``[serve]``; its presence makes the daemon serve."""

    listen: str = "127.0.0.1:8080"
    """``host:port``, ``[v6]:port`` or ``unix:/path``; port 0 takes a free one."""
    public: str = ""
    """Address under which subscribers see the tree (default: ``site.url``); its path is understood as a prefix."""
    max_age: int = 300
    """Seconds for which a subscriber need not ask again (``Cache-Control: max-age``)."""
    auth: str = ""
    """``env:NAME`` of a variable with ``user:password``: the whole tree is private."""
    token: str = ""
    """``env:NAME`` of a variable with the bearer token that opens ``/metrics`` and ``/status``; empty: open."""
    precompress: bool = False
    """Write ``.gz``, ``.br`` and ``.zst`` beside every document, for nginx and Caddy."""
    private: tuple[PrivateFeed, ...] = ()
    """Feeds that are not for everybody."""
    connections: int = 2000
    """Open connections at most; the one that is idle the longest makes room for a new one."""
    memory: int = 64
    """Megabytes of documents and their compressed variants kept ready."""


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
    serve: Serve | None = None
    """None if there is no ``[serve]``."""
    push: Push = Push()
    history: int = 0
    """How many older versions of a post the store keeps."""

    def is_private(self, path: str) -> bool:
        """Whether a document of the output tree, or a feed's folder, is for some only."""
        if self.serve is None:
            return False
        return bool(self.serve.auth) or any(
            f"{path}/".startswith(f"{one.feed}/") for one in self.serve.private
        )

    @property
    def folders(self) -> tuple[FolderSource, ...]:
        """The sources of kind ``folder``."""
        return tuple(one for one in self.sources if isinstance(one, FolderSource))

    @property
    def polled(self) -> bool:
        """Whether there is anything to ask over the network."""
        return any(not isinstance(one, FolderSource) for one in self.sources)
