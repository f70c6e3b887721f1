"""List the sources of a run: those of the configuration, and the feeds of its lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from feeds.config import FolderSource, ListSource, Source, UpstreamSource
from feeds.config.checks import parse_interval
from feeds.errors import DeadlineExceeded, UsageError, WorkersLost
from feeds.models import Subscription
from feeds.storage.interface import Sources

if TYPE_CHECKING:
    from feeds.workers.workers import Workers

_LONGEST_NAME = 300

ReadList = Callable[[bytes, str], Sequence[Subscription]]
"""Parse an OPML list; in a worker process where a slow list must not delay others."""


def expand_sources(
    configured: Iterable[Source], db: Sources | None, workers: Workers | None = None
) -> tuple[list[FolderSource | UpstreamSource], list[str]]:
    """Return every folder and upstream feed in order of rank, and the errors of lists.

    A list at an address is used as it was last fetched and stored. Lists are parsed by ``workers``, if given:
    then a slow list delays nothing else.
    """

    def read(data: bytes, name: str) -> Sequence[Subscription]:
        return workers.run(_read_opml, data, name) if workers else _read_opml(data, name)

    found: list[FolderSource | UpstreamSource] = []
    troubles = []
    kept = db.load_lists() if db is not None else {}
    for source in configured:
        if not isinstance(source, ListSource):
            found.append(source)
            continue
        try:
            found += _read_list(source, kept.get(source.name), read)
        except (UsageError, DeadlineExceeded, WorkersLost) as error:
            troubles.append(f"source {source.name}: {error}")
    # Two feeds of a list may have one name; the first has the higher rank.
    unique: dict[str, FolderSource | UpstreamSource] = {}
    for source in found:
        unique.setdefault(source.name, source)
    return list(unique.values()), troubles


def _read_opml(data: bytes, name: str) -> Sequence[Subscription]:
    from feeds.parser.lists.opml import read_opml

    return read_opml(data, name)


def _read_list(source: ListSource, kept: bytes | None, read: ReadList) -> list[UpstreamSource]:
    if source.path is not None:
        try:
            kept = source.path.read_bytes()
        except OSError as error:
            raise UsageError(f"{source.path}: cannot be read ({error.strerror}); correct `path`") from error
    if kept is None:
        return []
    subscriptions = read(kept, str(source.path or source.url))
    return [
        _build_upstream(source, subscription) for subscription in subscriptions if subscription.type == "rss"
    ]


def _build_upstream(source: ListSource, subscription: Subscription) -> UpstreamSource:
    """Build a source from a feed of a list, with the list's settings; the list cannot set access or credentials."""
    settings = source.settings
    address = subscription.url.partition("://")[2] or subscription.url
    return settings.change(
        name=f"{source.name}/{subscription.name or address}"[:_LONGEST_NAME],
        url=subscription.url,
        title=subscription.title,
        link=subscription.link,
        every=settings.every or _limit_interval(subscription.every),
        categories=tuple(dict.fromkeys((*settings.categories, *subscription.categories))),
    )


def _limit_interval(every: str) -> str:
    """Return how often a list wants a feed to be fetched, at most once a minute."""
    if not every:
        return ""
    return every if parse_interval(every) >= 60 else "1m"


def list_fetched_lists(configured: Iterable[Source]) -> list[UpstreamSource]:
    """Return the lists that are fetched from an address, with the settings to fetch them."""
    return [source.settings for source in configured if isinstance(source, ListSource) and source.url]


def register_sources(
    db: Sources, configured: Iterable[Source], every: Sequence[FolderSource | UpstreamSource]
) -> dict[int, tuple[str, int]]:
    """Add new sources to the store; return number, name and rank of every stored source, removed sources included."""
    names = [source.name for source in every]
    names += [source.name for source in list_fetched_lists(configured)]
    ranks = {name: rank for rank, name in enumerate(names)}
    stored = db.add_sources(ranks).values()
    return {source.number: (source.name, ranks.get(source.name, len(ranks))) for source in stored}


def find_upstream(configured: Iterable[Source], db: Sources | None, name: str, path: Path) -> UpstreamSource:
    """Return the upstream feed with this name, also a feed of a list; ``path`` is that of the configuration.

    Raises:
        UsageError: no upstream feed has this name.
    """
    for source in expand_sources(configured, db)[0]:
        if source.name == name and isinstance(source, UpstreamSource):
            return source
    raise UsageError(f"{name}: {path} has no upstream feed of this name; `feedd status` lists the sources")
