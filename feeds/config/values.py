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
    """Section ``[output]``: what is written where; ``entries`` counts posts in a subscription document."""

    dir: Path
    formats: tuple[Format, ...]
    entries: int
    slugs: Literal["ascii", "unicode"]


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
class Config:
    """A whole configuration; paths are absolute. ``boilerplate`` is None for the built-in patterns."""

    path: Path
    site: Site
    output: Output
    store: Path
    sources: tuple[FolderSource, ...]
    identity: tuple[IdentityRule, ...]
    boilerplate: tuple[str, ...] | None
    labels: Mapping[str, Mapping[str, str]]
    aliases: Mapping[str, str]
    limits: Limits
    push: Push = Push()
