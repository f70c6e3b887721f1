"""List the sources of a run: those of the configuration, and the feeds of its lists.

Each becomes a value, :class:`Folder` or :class:`UpstreamFeed`; ingest knows nothing else of the configuration.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.config import FolderSource, ListSource, Source, UpstreamSource
from feeds.config.checks import parse_interval
from feeds.config.variables import read_variable
from feeds.errors import DeadlineExceeded, UsageError, WorkersLost
from feeds.fetcher.request import Request
from feeds.models import Subscription
from feeds.storage.interface import Sources

if TYPE_CHECKING:
    from feeds.workers.workers import Workers

_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of posts."""

    name: str
    path: Path
    future: bool = False
    """Whether posts dated in the future appear at once."""
    source_line: bool = False
    """Whether a last line that is nothing but an address is the source of the post."""
    keeps_removed: bool = False
    """Whether the post of a removed file stays."""
    keep: str = ""
    """How many posts are kept, or for how long; empty for all of them."""


@dataclass(frozen=True, slots=True)
class UpstreamFeed:
    """An upstream feed, or a list of upstream feeds at an address."""

    name: str
    url: str
    request: Request | None
    """None if an environment variable with its credentials is not set."""
    trouble: str = ""
    """Why the request is missing, for people."""
    interval: int = 0
    """Seconds between two polls; 0 for an adaptive interval."""
    title: str = ""
    """Title that replaces the feed's own, or empty; the same for ``link``."""
    link: str = ""
    categories: tuple[str, ...] = ()
    """Categories added to each entry."""
    own_terms: bool = True
    """Whether entries also have their own categories and tags."""
    merge_terms: bool = False
    """Whether entries add theirs to posts of folders."""
    keep: str = ""
    """How many posts are kept, or for how long; empty for all of them."""
    is_list: bool = False


ReadList = Callable[[bytes, str], Sequence[Subscription]]
"""Parse an OPML list; in a worker process where a slow list must not delay others."""


def expand_sources(
    configured: Iterable[Source], db: Sources | None, workers: Workers | None = None
) -> tuple[list[Folder | UpstreamFeed], list[str]]:
    """Return every folder and upstream feed in order of rank, and the errors of lists.

    A list at an address is used as it was last fetched and stored. Lists are parsed by ``workers``, if given:
    then a slow list delays nothing else.
    """

    def read(data: bytes, name: str) -> Sequence[Subscription]:
        return workers.run(_read_opml, data, name) if workers else _read_opml(data, name)

    found: list[Folder | UpstreamFeed] = []
    troubles = []
    kept = db.load_lists() if db is not None else {}
    for source in configured:
        if isinstance(source, FolderSource):
            found.append(build_folder(source))
        elif isinstance(source, UpstreamSource):
            found.append(build_upstream(source))
        else:
            try:
                found += _read_list(source, kept.get(source.name), read)
            except (UsageError, DeadlineExceeded, WorkersLost) as error:
                troubles.append(f"source {source.name}: {error}")
    # Two feeds of a list may have one name; the first has the higher rank.
    unique: dict[str, Folder | UpstreamFeed] = {}
    for value in found:
        unique.setdefault(value.name, value)
    return list(unique.values()), troubles


def build_folder(source: FolderSource) -> Folder:
    """Return what ingest needs of a folder."""
    return Folder(
        name=source.name,
        path=source.path,
        future=source.future,
        source_line=source.source_line,
        keeps_removed=source.on_remove == "keep",
        keep=source.keep,
    )


def build_upstream(source: UpstreamSource) -> UpstreamFeed:
    """Return what ingest needs of an upstream feed; its credentials are read from the environment."""
    request, trouble = None, ""
    try:
        # Read for each run, so that a secret is never written to the store.
        auth = read_variable(source, "auth", "auth", os.environ, checked=False)
    except UsageError as error:
        trouble = str(error)
    else:
        request = Request(
            name=source.name,
            url=source.url,
            group=source.group,
            allow=source.allow,
            auth=auth,
            proxy=source.proxy,
            timeout=source.timeout,
            most_bytes=source.most_bytes,
        )
    return UpstreamFeed(
        name=source.name,
        url=source.url,
        request=request,
        trouble=trouble,
        interval=source.interval,
        title=source.title,
        link=source.link,
        categories=source.categories,
        own_terms=source.terms != "none",
        merge_terms=source.terms == "merge",
        keep=source.keep,
    )


def _read_opml(data: bytes, name: str) -> Sequence[Subscription]:
    from feeds.parser.lists.opml import read_opml

    return read_opml(data, name)


def _read_list(source: ListSource, kept: bytes | None, read: ReadList) -> list[UpstreamFeed]:
    if source.path is not None:
        try:
            kept = source.path.read_bytes()
        except OSError as error:
            raise UsageError(f"{source.path}: cannot be read ({error.strerror}); correct `path`") from error
    if kept is None:
        return []
    subscriptions = read(kept, str(source.path or source.url))
    shared = build_upstream(source.settings)
    return [_build_listed(shared, found) for found in subscriptions if found.type == "rss"]


def _build_listed(shared: UpstreamFeed, found: Subscription) -> UpstreamFeed:
    """Build a feed of a list with the settings of the list, which cannot set access or credentials."""
    name = f"{shared.name}/{found.name or found.url.partition('://')[2] or found.url}"[:_LONGEST_NAME]
    return replace(
        shared,
        name=name,
        url=found.url,
        request=shared.request and shared.request._replace(name=name, url=found.url),
        title=found.title,
        link=found.link,
        interval=shared.interval or _limit_interval(found.every),
        categories=tuple(dict.fromkeys((*shared.categories, *found.categories))),
    )


def _limit_interval(every: str) -> int:
    """Return the seconds after which a list wants a feed to be fetched again, at least a minute."""
    return max(parse_interval(every), 60) if every else 0


def list_fetched_lists(configured: Iterable[Source]) -> list[UpstreamFeed]:
    """Return the lists that are fetched from an address."""
    return [
        replace(build_upstream(source.settings), is_list=True)
        for source in configured
        if isinstance(source, ListSource) and source.url
    ]


def register_sources(
    db: Sources, configured: Iterable[Source], every: Sequence[Folder | UpstreamFeed]
) -> dict[int, tuple[str, int]]:
    """Add new sources to the store; return number, name and rank of every stored source, removed sources included."""
    names = [source.name for source in every]
    names += [source.name for source in configured if isinstance(source, ListSource) and source.url]
    ranks = {name: rank for rank, name in enumerate(names)}
    stored = db.add_sources(ranks).values()
    return {source.number: (source.name, ranks.get(source.name, len(ranks))) for source in stored}


def find_upstream(configured: Iterable[Source], db: Sources | None, name: str, path: Path) -> UpstreamFeed:
    """Return the upstream feed with this name, also a feed of a list; ``path`` is that of the configuration.

    Raises:
        UsageError: no upstream feed has this name.
    """
    for source in expand_sources(configured, db)[0]:
        if source.name == name and isinstance(source, UpstreamFeed):
            return source
    raise UsageError(f"{name}: {path} has no upstream feed of this name; `feedd status` lists the sources")
