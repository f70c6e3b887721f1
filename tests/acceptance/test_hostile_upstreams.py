"""A walk through a menu of hostile upstreams: what fetching decides of each, and that nothing inside is reached."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
import tracemalloc
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.fetcher.feed import Fetched, FetchState, fetch
from feeds.fetcher.request import Request
from feeds.http import Client

pytestmark = pytest.mark.acceptance

_DEADLINE = 5.0
_ROUNDS = 2
# These take the server half a minute to make; the small one, of 200 MB, is unpacked no further either.
_BOMBS = ("/bad/gzip-bomb", "/bad/gzip-twice", "/bad/deflate-bomb")
_FAILS = """
slow-header slowloris stall no-response endless endless-chunked endless-headers huge-header
100-continue reset close short cut chunked-cut chunked-junk two-lengths negative-length huge-length
not-http http09 empty gzip-bomb-small gzip-many br-bomb gzip-cut encoding-unknown 20mb-content
"""
_DELAYED = """
429-secs 429-date 429-none 429-junk 429-huge 429-negative 429-maxage 503-secs 503-date
"""
_TROUBLED = """
500 502 404 403 401 402 418 451 999 204 304-always 206
"""
_FOLLOWED = """
301 308 302 307 303 301-302 302-301 chain relative protocol-relative fragment unicode crlf userinfo
"""
_UNCHANGED = """
atom rss json etag-only lm-only weak-etag odd-etag odd-lm etag-churn lm-churn 304-new-etag gzip
deflate deflate-raw chunked im cookie maxage expires no-store
"""


class Menu:
    """The server as a process of its own, and its log."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.port = _free_ports(4)
        self.log = folder / "requests.jsonl"
        command = [
            sys.executable,
            str(program),
            "--port",
            str(self.port),
            "--log",
            str(self.log),
            "--max-seconds",
            "60",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.paths = self._wait()

    def _wait(self) -> list[str]:
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/menu.json", timeout=20) as answer:
                    return [one["path"] for one in json.load(answer)]
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def request(self, path: str) -> Request:
        url, auth = f"http://127.0.0.1:{self.port}{path}", "user:pass" if path == "/s/auth" else ""
        return Request(path, url, allow=(f"127.0.0.1:{self.port}",), auth=auth, timeout=_DEADLINE)

    def requests(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def _free_ports(count: int) -> int:
    for start in range(20100, 32000, 97):
        try:
            for port in range(start, start + count):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return start
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def menu(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Menu]:
    menu = Menu(shared / "tools" / "hostile_server.py", tmp_path_factory.mktemp("menu"))
    yield menu
    menu.process.terminate()
    menu.process.wait(10)


@pytest.fixture(scope="module")
def walked(menu: Menu) -> dict[str, list[tuple[Fetched, float]]]:
    """Every path polled twice, some at a time; the result and the seconds of each."""

    async def run() -> dict[str, list[tuple[Fetched, float]]]:
        results: dict[str, list[tuple[Fetched, float]]] = {}
        places = asyncio.Semaphore(12)

        async def one(path: str) -> None:
            request, state = menu.request(path), FetchState()
            for _ in range(_ROUNDS):
                async with places:
                    begun = time.monotonic()
                    found = await fetch(client, request, state, datetime.now(UTC))
                results.setdefault(path, []).append((found, time.monotonic() - begun))
                state = FetchState.from_json(found.state.to_json())

        async with Client("feedd/test") as client:
            await asyncio.gather(*(one(path) for path in menu.paths if path not in _BOMBS))
        return results

    return asyncio.run(run())


def test_each_fetch_ends_within_its_deadline(walked: dict[str, list[tuple[Fetched, float]]]) -> None:
    late = {
        path: [s for _, s in found]
        for path, found in walked.items()
        if max(s for _, s in found) > _DEADLINE + 1
    }
    assert late == {}


def test_nothing_inside_is_reached(menu: Menu, walked: dict[str, list[tuple[Fetched, float]]]) -> None:
    assert [one for one in menu.requests() if one["listener"] != "main"] == []
    refused = [
        path
        for path in walked
        if path.startswith("/r/") and path.removeprefix("/r/") not in _FOLLOWED.split()
    ]
    assert len(refused) > 30
    assert {found.outcome for path in refused for found, _ in walked[path]} == {"failed"}
    assert not any(found.state.redirect_to for path in refused for found, _ in walked[path])


def test_each_path_comes_to_what_it_should(walked: dict[str, list[tuple[Fetched, float]]]) -> None:
    outcomes = {path: [found.outcome for found, _ in results] for path, results in walked.items()}
    expected = {f"/bad/{name}": ["failed"] * 2 for name in _FAILS.split()}
    expected |= {f"/s/{name}": ["delayed"] * 2 for name in _DELAYED.split()}
    expected |= {f"/s/{name}": ["failed"] * 2 for name in _TROUBLED.split()}
    expected |= {f"/r/{name}": ["new", "same"] for name in _FOLLOWED.split()}
    expected |= {f"/ok/{name}": ["new", "same"] for name in _UNCHANGED.split()}
    expected |= {"/s/410": ["gone"] * 2, "/s/auth": ["new", "same"], "/ok/100k": ["failed"] * 2}
    assert {path: outcomes[path] for path in expected} == expected
    rest = [path for path in outcomes if path not in expected and path.startswith(("/ok/", "/bad/"))]
    # What else is served is for the parser to judge; one with header lines that are none is refused.
    assert [path for path in rest if outcomes[path][0] != "new"] == []


def test_whoever_gave_validators_is_asked_with_them(menu: Menu, walked: dict[str, object]) -> None:
    last: dict[object, dict[str, object]] = {}
    for one in menu.requests():
        if str(one["path"]) not in [f"/ok/{name}" for name in _UNCHANGED.split()] or "?" in str(
            one["target"]
        ):
            continue
        sent = {str(k).lower(): v for k, v in one["headers"]}  # type: ignore[attr-defined]
        assert "cookie" not in sent
        before = last.get(one["path"])
        if before:
            assert sent.get("if-none-match") == (before["etag"] or None), one["path"]
            assert sent.get("if-modified-since") == (before["last_modified"] or None), one["path"]
        last[one["path"]] = one
    assert len(last) == len(_UNCHANGED.split())


@pytest.mark.parametrize(
    "name", ["gzip-bomb-small", "endless", "endless-chunked", "huge-header", "20mb-content"]
)
def test_memory_stays_bounded(menu: Menu, walked: dict[str, object], name: str) -> None:
    async def run() -> Fetched:
        async with Client("feedd/test") as client:
            request = menu.request(f"/bad/{name}")._replace(timeout=20.0)
            return await fetch(client, request, FetchState(), datetime.now(UTC))

    tracemalloc.start()
    found = asyncio.run(run())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.outcome == "failed"
    assert any(words in found.reason for words in ("larger than", "more than the limit", "too long"))
    assert peak < 40 << 20
