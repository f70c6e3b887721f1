"""Politeness and fairness among many upstreams."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest

from feeds.fetcher.feed import Fetched, FetchState, fetch
from feeds.fetcher.politeness import HostHolds, Poller
from feeds.fetcher.request import Request
from feeds.http import Client
from tests.rigs.servers import Answer, Asked, UpstreamServer

NOW = datetime(2024, 1, 3, 10, 0, tzinfo=UTC)
BODY = b"<rss version='2.0'/>"


async def _poll(
    requests: list[Request], hosts: HostHolds | None = None, at_once: int = 64, clock: datetime | None = None
) -> dict[str, tuple[float, Fetched]]:
    begun, results = time.monotonic(), {}

    def on_result(request: Request, fetched: Fetched) -> None:
        results[request.name] = (time.monotonic() - begun, fetched)

    now = (lambda: clock) if clock else (lambda: datetime.now(UTC))
    async with Client("feedd/test") as client:
        await poll_all(Poller(client, on_result, clock=now, hosts=hosts, at_once=at_once), requests)
    return results


async def poll_all(poller: Poller, requests: list[Request]) -> None:
    """Fetch all of these upstream feeds once."""
    try:
        for request in requests:
            poller.submit(request, FetchState())
        await poller.finish()
    finally:
        await poller.stop()


def _sources(server: UpstreamServer, count: int, group: str = "", gap: float = 0.0) -> list[Request]:
    return [
        Request(f"{group}{i}", server.url(f"/{group}{i}"), group=group, allow=(server.authority,), gap=gap)
        for i in range(count)
    ]


def test_a_host_is_asked_one_at_a_time_with_a_gap() -> None:
    async def run() -> None:
        open_now, most = 0, 0
        async with UpstreamServer() as server:

            async def slow(writer: asyncio.StreamWriter) -> None:
                nonlocal open_now, most
                open_now += 1
                most = max(most, open_now)
                await asyncio.sleep(0.05)
                open_now -= 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

            requests = _sources(server, 4, gap=0.2)
            server.raw = {f"/{i}": slow for i in range(4)}
            results = await _poll(requests)
            assert most == 1
            times = [one.at for one in server.log]
            assert all(b - a >= 0.2 for a, b in itertools.pairwise(times))
            assert {one.outcome for _, one in results.values()} == {"new"}

    asyncio.run(run())


def test_slow_upstreams_delay_nobody_else_by_more_than_a_second() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            slow = [r._replace(group=r.name, timeout=2.0) for r in _sources(server, 20, "slow")]
            quick = [r._replace(group=r.name) for r in _sources(server, 20, "quick")]
            for one in slow:
                server.routes["/" + one.name] = Answer(200, b"x", {}, delay=9)
            for one in quick:
                server.routes["/" + one.name] = Answer(200, b"x")
            results = await _poll(slow + quick, at_once=20)
            assert max(results[one.name][0] for one in quick) < 1
            assert {results[one.name][1].outcome for one in slow} == {"failed"}

    asyncio.run(run())


def test_a_429_holds_all_sources_of_its_host_over_a_restart() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            for i in range(5):
                server.routes[f"/{i}"] = Answer(
                    429, b"", {"Retry-After": "90", "Cache-Control": "max-age=300"}
                )
            hosts = HostHolds()
            results = await _poll(_sources(server, 5), hosts, clock=NOW)
            assert len(server.log) == 1
            assert {one.outcome for _, one in results.values()} == {"delayed"}
            assert [one.state.failures for _, one in results.values()] == [1, 0, 0, 0, 0]
            assert all(one.retry_after == 301 for _, one in list(results.values())[1:])
            again = HostHolds(hosts.list_holds(NOW))
            await _poll(_sources(server, 5), again, clock=NOW + timedelta(seconds=299))
            assert len(server.log) == 1
            await _poll(_sources(server, 1), again, clock=NOW + timedelta(seconds=301))
            assert len(server.log) == 2
            assert HostHolds({"h": NOW}).list_holds(NOW) == {}

    asyncio.run(run())


def test_more_sources_than_places_are_all_fetched_once() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            requests = [r._replace(group=f"g{i % 50}") for i, r in enumerate(_sources(server, 300))]
            for one in requests:
                server.routes["/" + one.name] = Answer(200, b"x")
            results = await _poll(requests, at_once=3)
            assert len(results) == len(server.log) == 300

    asyncio.run(run())


def test_nothing_more_is_asked_while_many_documents_wait_to_be_taken() -> None:
    async def run() -> None:
        async with UpstreamServer() as server, Client("feedd/test") as client:
            room = asyncio.Event()
            taken: list[str] = []

            async def on_result(request: Request, fetched: Fetched) -> None:
                await room.wait()
                taken.append(request.name)

            poller = Poller(client, on_result, clock=lambda: NOW, at_once=4)
            for request in _sources(server, 60):
                server.routes["/" + request.name] = Answer(200, b"x")
                poller.submit(request._replace(group=request.name), FetchState())
            await asyncio.sleep(1.5)  # after half a second a fetch counts as slow, and others may start
            assert 4 <= len(server.log) <= 8
            room.set()
            await poller.finish()
            assert len(taken) == len(server.log) == 60

    asyncio.run(run())


def test_what_the_listener_raises_ends_the_polling() -> None:
    async def run() -> None:
        async with UpstreamServer() as server, Client("feedd/test") as client:

            def broken(request: Request, fetched: Fetched) -> None:
                raise RuntimeError("disk full")

            requests = [r._replace(group=r.name) for r in _sources(server, 9)]
            with pytest.raises(RuntimeError, match="disk full"):
                await poll_all(Poller(client, broken, clock=lambda: NOW), requests)

    asyncio.run(run())


def test_a_poller_that_lives_on_keeps_the_gap_between_batches_and_can_be_stopped() -> None:
    async def run() -> None:
        async with UpstreamServer() as server, Client("feedd/test") as client:
            done: list[str] = []

            async def on_result(request: Request, fetched: Fetched) -> None:
                done.append(request.name)

            poller = Poller(client, on_result, clock=lambda: NOW)
            for request in _sources(server, 2, gap=0.2):
                server.routes["/" + request.name] = Answer(200, b"x")
                poller.submit(request, FetchState())
                await poller.finish()
            assert server.log[1].at - server.log[0].at >= 0.2
            server.routes["/0"] = Answer(200, b"x", {}, delay=9)
            poller.submit(_sources(server, 1)[0], FetchState())
            await asyncio.sleep(0.3)
            begun = time.monotonic()
            await poller.stop()
            assert time.monotonic() - begun < 0.2
            assert done == ["0", "1"]

    asyncio.run(run())


def test_a_simulated_day_with_restarts_is_polite() -> None:
    """Each poll conditional, none before its time, though state lives only in JSON between runs."""
    from feeds.fetcher.schedule import Hints, compute_next_poll

    async def run() -> None:
        async with UpstreamServer() as server:
            asked: list[datetime] = []
            now = NOW

            def route(request: Asked) -> Answer:
                asked.append(now)
                headers = {"ETag": '"1"', "Cache-Control": "max-age=3600"}
                if len(asked) == 3:
                    return Answer(429, b"", {"Retry-After": "9000"})
                return Answer(304 if request.headers.get("if-none-match") == '"1"' else 200, BODY, headers)

            server.routes["/0"] = route
            kept, due = "", NOW
            while now < NOW + timedelta(days=1):
                if now >= due:  # a new process each time: nothing but what was kept
                    async with Client("feedd/test") as client:
                        found = await fetch(client, _sources(server, 1)[0], FetchState.from_json(kept), now)
                    kept = found.state.to_json()
                    hints = Hints(max_age=found.max_age, retry_after=found.retry_after)
                    due = compute_next_poll(now, 1800, (), hints, found.state.failures, 0.5).due
                now += timedelta(minutes=7)
            waits = [(b - a).total_seconds() for a, b in itertools.pairwise(asked)]
            assert min(waits) >= 3600
            assert waits[2] >= 9000
            assert len(asked) > 15
            assert [one.headers.get("if-none-match") for one in server.log] == [None] + ['"1"'] * (
                len(asked) - 1
            )

    asyncio.run(run())
