"""HTTP server of one configuration: the output tree and the status page."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from feeds.config import Config, FolderSource, Serve
from feeds.config.page_style import build_page_style
from feeds.daemon.status import load_status
from feeds.protocols import Clock
from feeds.storage.interface import Counts
from feeds.storage.store import Store
from feeds.values.urls import redact_name

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from feeds.renderer.html_pages import Health, SourceStatus
    from feeds.server.app import Endpoint, Handler
    from feeds.server.server import Server

_DAYS = 30
# Operators reload the page, and each rendering reads much of the store.
_FRESH = timedelta(seconds=2)
_VERSIONS = "serve.db"


def build_server(config: Config, clock: Clock, endpoints: Sequence[Endpoint] = ()) -> Server:
    """Build the server of a configuration, not started yet; ``endpoints`` are added to its own.

    Raises:
        ConfigError: an environment variable with a secret is not set.
    """
    from feeds.server.app import Endpoint
    from feeds.server.server import Server

    return Server(
        config.serve or Serve(),
        config.output.dir,
        # A file of its own, so that the server never waits for a lock of the store.
        config.store.with_name(_VERSIONS),
        public=config.site.url,
        hubs=config.push.named,
        endpoints=[Endpoint("/status", _build_status(config, clock)), *endpoints],
    )


def _build_status(config: Config, clock: Clock) -> Handler:
    from feeds.server.app import OPERATORS
    from feeds.server.auth import Access
    from feeds.server.responses import refuse, respond

    access = Access(config.serve or Serve())
    page = _Page(config, clock)

    async def respond_status(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return refuse(405, "this page can only be read", {"Allow": "GET, HEAD"})
        if not access.operator(request.scope["fields"].get(b"authorization")):
            return refuse(401, "this page is for operators", OPERATORS)
        return respond(200, await page(), "text/html; charset=utf-8")

    return respond_status


class _Page:
    """The status page, rendered once for all requests within two seconds, because it reads much of the store."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._lock = asyncio.Lock()
        self._page, self._until = b"", datetime.min.replace(tzinfo=UTC)

    async def __call__(self) -> bytes:
        # Requests that arrive together wait for one rendering.
        async with self._lock:
            if not self._page or self._clock() >= self._until:
                # Reading the store takes time that the event loop does not have.
                self._page = await asyncio.to_thread(build_status_page, self._config, self._clock())
                self._until = self._clock() + _FRESH
        return self._page


def build_status_page(config: Config, now: datetime) -> bytes:
    """Render the page for operators: sources, health, next polls, errors, activity of the last days."""
    from feeds.renderer.html_pages import render_status_page as render
    from feeds.renderer.templates import compile_templates

    look = build_page_style(config)
    now = now.astimezone(ZoneInfo(config.site.timezone))
    statuses: list[SourceStatus] = []
    activity: list[tuple[date, int]] = []
    # The server may run before the first build.
    if config.store.exists():
        # The page must not create or migrate a store.
        with closing(Store.open(config.store, read_only=True)) as db:
            latest = db.load_latest_posts()
            statuses = [
                replace(
                    _build_source_status(config, source),
                    latest=datetime.fromtimestamp(latest[source["name"]], now.tzinfo)
                    if source["name"] in latest
                    else None,
                )
                for source in load_status(db, config)["sources"]
            ]
            activity = _count_activity(db, now)
    return render(look.site, statuses, activity, now, compile_templates(look.templates))


def _build_source_status(config: Config, status: dict[str, Any]) -> SourceStatus:
    from feeds.renderer.html_pages import SourceStatus
    from feeds.sanitizer.metadata import redact_feed_address

    upstream = status["upstream"]
    folder = next(
        (s for s in config.sources if isinstance(s, FolderSource) and s.name == status["name"]), None
    )
    if not upstream:
        rejected = status["files"]["rejected"]
        return SourceStatus(
            name=status["name"],
            title=status["name"],
            kind="folder" if folder else "removed",
            url=str(folder.path) if folder else "",
            health="trouble" if rejected else "ok" if status["complete"] else "new",
            posts=status["files"]["item"],
            polled=_parse_time(status["last_read"]),
            error=f"{rejected} files were rejected; see `feedd build`" if rejected else "",
        )
    return SourceStatus(
        name=redact_name(status["name"]),
        title=upstream["title"] or redact_name(status["name"]),
        kind="upstream",
        # Addresses of private feeds contain keys, and the page may be visible to several people.
        url=redact_feed_address(upstream["url"]),
        health=_classify_health(upstream),
        posts=status["entries"],
        polled=_parse_time(upstream["last_poll"]),
        next_poll=_parse_time(upstream["next_poll"]),
        error=upstream["reason"] if upstream["failures"] or upstream["health"] == "gone" else "",
        failures=upstream["failures"],
    )


def _classify_health(upstream: dict[str, Any]) -> Health:
    if upstream["health"] == "gone":
        return "gone"
    if upstream["failures"]:
        # A pause that the host demands is not a failure of the feed.
        return "waiting" if upstream["decided_by"] == "retry-after" else "trouble"
    return "ok" if upstream["last_poll"] else "new"


def _parse_time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _count_activity(db: Counts, now: datetime) -> list[tuple[date, int]]:
    """Count the new posts of each of the last days, oldest first."""
    first = now.date() - timedelta(days=_DAYS - 1)
    since = int(datetime.combine(first, datetime.min.time(), now.tzinfo).timestamp())
    offset = int((now.utcoffset() or timedelta()).total_seconds())
    counts = db.count_posts_of_days(since, offset)
    days = [first + timedelta(days=n) for n in range(_DAYS)]
    epoch = date(1970, 1, 1)
    return [(day, counts.get((day - epoch).days, 0)) for day in days]
