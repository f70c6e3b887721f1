"""The HTTP side of one configuration: the output tree and the status page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from feeds.config import Config, FolderSource, Serve
from feeds.inspect import status_of
from feeds.pageparts import look_of
from feeds.ports import Clock
from feeds.store.database import Database

if TYPE_CHECKING:
    from feeds.render.pages import SourceStatus
    from feeds.serve.messages import Answer, Request, Route
    from feeds.serve.server import Server

_DAYS = 30
_VERSIONS = "serve.db"


def server_of(config: Config, clock: Clock, routes: Sequence[Route] = ()) -> Server:
    """The server of a configuration, not started yet; ``routes`` are answered besides its own.

    Raises:
        ConfigError: a variable with a secret is not set.
    """
    from feeds.serve.messages import Route
    from feeds.serve.server import Server

    return Server(
        config.serve or Serve(),
        config.output.dir,
        config.store.with_name(_VERSIONS),
        public=config.site.url,
        hubs=config.push.named,
        routes=[Route("/status", _status(config, clock)), *routes],
    )


def _status(config: Config, clock: Clock) -> Callable[[Request], Any]:
    from feeds.serve.access import Access
    from feeds.serve.messages import refuse, respond

    access = Access(config.serve or Serve())

    async def answer(request: Request) -> Answer:
        if request.method not in (b"GET", b"HEAD"):
            return refuse(405, "this page can only be read", (("Allow", "GET, HEAD"),))
        if not access.operator(request.headers.get(b"authorization")):
            return refuse(401, "this page is for operators", (("WWW-Authenticate", "Bearer"),))
        page = await asyncio.to_thread(status_page, config, clock())
        return respond(200, page, "text/html; charset=utf-8", (("Cache-Control", "no-store"),))

    return answer


def status_page(config: Config, now: datetime) -> bytes:
    """The page for operators: sources, health, next polls, errors, activity of the last days."""
    from feeds.render.look import compile_templates
    from feeds.render.pages import status_page as render

    look = look_of(config)
    statuses: list[SourceStatus] = []
    activity: list[tuple[date, int]] = []
    if config.store.exists():
        with closing(Database.open(config.store, read_only=True)) as db:
            statuses = [_source(config, one) for one in status_of(db, config)["sources"]]
            activity = _activity(db, now)
    return render(look.site, statuses, activity, now, compile_templates(look.templates))


def _source(config: Config, one: dict[str, Any]) -> SourceStatus:
    from feeds.render.pages import SourceStatus

    asked = one["upstream"]
    folder = next((s for s in config.sources if isinstance(s, FolderSource) and s.name == one["name"]), None)
    if not asked:
        rejected = one["files"]["rejected"]
        return SourceStatus(
            name=one["name"],
            title=one["name"],
            kind="folder" if folder else "removed",
            url=str(folder.path) if folder else "",
            health="trouble" if rejected else "ok" if one["complete"] else "new",
            posts=one["files"]["item"],
            polled=_instant(one["last_read"]),
            error=f"{rejected} files were rejected; see `feedd build`" if rejected else "",
        )
    return SourceStatus(
        name=one["name"],
        title=asked["title"] or one["name"],
        kind="upstream",
        url=asked["url"],
        health="gone" if asked["health"] == "gone" else "trouble" if asked["failures"] else "ok",
        posts=one["entries"],
        polled=_instant(asked["last_poll"]),
        next_poll=_instant(asked["next_poll"]),
        error=asked["reason"] if asked["failures"] or asked["health"] == "gone" else "",
        failures=asked["failures"],
    )


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _activity(db: Database, now: datetime) -> list[tuple[date, int]]:
    """New posts of each of the last days, oldest first."""
    first = now.astimezone(UTC).date() - timedelta(days=_DAYS - 1)
    since = int(datetime.combine(first, datetime.min.time(), UTC).timestamp())
    counts = dict(db.rows("surfaced_by_day", (since,)))
    days = [first + timedelta(days=n) for n in range(_DAYS)]
    epoch = date(1970, 1, 1)
    return [(day, counts.get((day - epoch).days, 0)) for day in days]
