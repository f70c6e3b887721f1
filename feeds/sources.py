"""The sources of a run: those of the configuration, with lists of upstreams written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from feeds.config import Config, FolderSource, ListSource, UpstreamSource
from feeds.config.checks import seconds
from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.storage.sqlite import Database

_LONGEST_NAME = 300


def expand(config: Config, db: Database | None) -> tuple[list[FolderSource | UpstreamSource], list[str]]:
    """Every folder and every upstream in order of rank, and what is wrong with lists.

    A list that is an address is taken as it was last read, which the store knows.
    """
    found: list[FolderSource | UpstreamSource] = []
    troubles = []
    kept = dict(db.rows("lists_all")) if db is not None else {}
    for source in config.sources:
        if not isinstance(source, ListSource):
            found.append(source)
            continue
        try:
            found += _of_list(source, kept.get(source.name))
        except UsageError as error:
            troubles.append(f"source {source.name}: {error}")
    unique: dict[str, FolderSource | UpstreamSource] = {}
    for one in found:
        unique.setdefault(one.name, one)
    return list(unique.values()), troubles


def _of_list(source: ListSource, kept: bytes | None) -> list[UpstreamSource]:
    from feeds.parser.lists.opml import read_opml

    if source.path is not None:
        try:
            kept = source.path.read_bytes()
        except OSError as error:
            raise UsageError(f"{source.path}: cannot be read ({error.strerror}); correct `path`") from error
    if kept is None:
        return []
    subscriptions = read_opml(kept, str(source.path or source.url))
    return [_upstream(source, one) for one in subscriptions if one.type == "rss"]


def _upstream(source: ListSource, one: Subscription) -> UpstreamSource:
    """A feed of a list, with the list's settings; it cannot give itself access or credentials."""
    settings = source.settings
    address = one.url.partition("://")[2] or one.url
    return replace(
        settings,
        name=f"{source.name}/{one.name or address}"[:_LONGEST_NAME],
        url=one.url,
        title=one.title,
        link=one.link,
        every=settings.every or max(60, seconds(one.every)) if one.every else settings.every,
        categories=tuple(dict.fromkeys((*settings.categories, *one.categories))),
    )


def register(
    db: Database, config: Config, every: Sequence[FolderSource | UpstreamSource]
) -> dict[int, tuple[str, int]]:
    """Number, name and rank of every source that the store knows: ``every``, lists at an address, removed ones."""
    names = [one.name for one in every]
    names += [one.name for one in config.sources if isinstance(one, ListSource) and one.url]
    ranks = {name: rank for rank, name in enumerate(names)}
    known = {row[1] for row in db.rows("source_all")}
    new = [name for name in ranks if name not in known]
    if new:
        with db.transaction():
            db.many("source_add", [(name,) for name in new])
    return {row[0]: (row[1], ranks.get(row[1], len(ranks))) for row in db.rows("source_all")}
