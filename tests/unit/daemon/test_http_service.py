"""The status page: who may read it, how often it is rendered, and what it says of each source."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from feeds.config import Serve
from feeds.daemon import http_service
from feeds.daemon.http_service import (
    _build_source_status,
    _build_status,
    _classify_health,
    _count_activity,
    _Page,
    _parse_time,
    build_server,
    build_status_page,
)
from feeds.daemon.status import load_status
from feeds.fetcher.feed import FetchState
from tests.rigs.memory_world import NOON, UPSTREAM, World, build_rss


@pytest.mark.parametrize(
    ("values", "health"),
    [
        ({"health": "gone", "failures": 1}, "gone"),
        ({"failures": 1, "decided_by": "retry-after"}, "waiting"),
        ({"failures": 1, "decided_by": "backoff"}, "trouble"),
        ({"last_poll": "x"}, "ok"),
        ({}, "new"),
    ],
)
def test_the_health_of_an_upstream_feed(values: dict[str, object], health: str) -> None:
    usual = {"health": "well", "failures": 0, "decided_by": "rhythm", "last_poll": ""}
    assert _classify_health({**usual, **values}) == health


def test_sources_on_the_page(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.post("a")
    (world.posts / "bad.md").write_text("---\ntitle: T\nexpiryDate: never\n---\n")
    world.ingest()
    world.ingest_feed(build_rss("a", "b"))
    folder, upstream = (
        _build_source_status(world.config, one) for one in load_status(world.db, world.config)["sources"]
    )
    assert (folder.name, folder.kind, folder.url, folder.health, folder.posts) == (
        "news",
        "folder",
        str(world.posts),
        "trouble",
        1,
    )
    assert folder.polled == NOON
    assert "1 files were rejected" in folder.error
    assert (upstream.title, upstream.kind, upstream.health, upstream.posts, upstream.error) == (
        "Up",
        "upstream",
        "ok",
        2,
        "",
    )
    assert upstream.polled == NOON
    assert upstream.next_poll is not None
    world.ingest_feed(b"", outcome="failed", reason="down", state=FetchState(failures=2))
    failing = _build_source_status(world.config, load_status(world.db, world.config)["sources"][1])
    assert (failing.health, failing.error, failing.failures) == ("trouble", "down", 2)
    (world.posts / "bad.md").unlink()
    world.ingest()
    assert (
        _build_source_status(world.config, load_status(world.db, world.config)["sources"][0]).health == "ok"
    )


def test_the_activity_of_the_last_days(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("old", date="2024-01-01")
    world.build()
    world.post("new")
    world.build()
    days = _count_activity(world.db, NOON)
    assert len(days) == 30
    assert days[-1] == (NOON.date(), 1)
    assert days[0][0] == NOON.date() - timedelta(days=29)
    assert sum(count for _, count in days) == 1


def test_the_page_before_the_first_build(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert b"Test site" in build_status_page(world.config, NOON)
    assert _parse_time("") is None
    assert _parse_time("2024-05-01T12:00:00Z") == NOON


def test_the_page_is_rendered_once_in_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[datetime] = []

    def render(config: object, now: datetime) -> bytes:
        made.append(now)
        return b"page"

    monkeypatch.setattr(http_service, "build_status_page", render)
    now = [NOON]
    page = _Page(World(tmp_path).config, lambda: now[0])

    async def run() -> None:
        assert await page() == await page() == b"page"
        now[0] += timedelta(seconds=1.9)
        await page()
        assert len(made) == 1
        now[0] += timedelta(seconds=0.1)
        await page()
        assert made == [NOON, NOON + timedelta(seconds=2)]

    asyncio.run(run())


def test_the_page_is_for_operators(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t0ken")
    world = World(tmp_path, more='[serve]\ntoken = "env:TOKEN"\nlisten = "127.0.0.1:0"\n')
    handler = _build_status(world.config, lambda: NOON)

    def ask(method: str = "GET", authorization: bytes | None = None) -> Response:
        fields = {b"authorization": authorization} if authorization else {}
        return asyncio.run(
            handler(Request({"type": "http", "method": method, "headers": [], "fields": fields}))
        )

    assert ask().status_code == 401
    assert ask().headers["www-authenticate"].startswith("Bearer")
    page = ask(authorization=b"Bearer t0ken")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    refused = ask("POST", b"Bearer t0ken")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_the_server_has_the_status_page_among_its_endpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.server.server.Versions", _Closed)
    server = build_server(World(tmp_path).config, lambda: datetime.now(UTC))
    paths = [endpoint.path for endpoint in server.application._endpoints]
    assert paths == ["/healthz", "/metrics", "/status"]
    assert server.application._prefix == "/feeds"
    assert Serve().listen
    server.application.close()


class _Closed:
    def __init__(self, path: object) -> None:
        assert str(path).endswith("serve.db")

    def close(self) -> None: ...
