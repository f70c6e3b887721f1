"""Polite polling without a network: one request at a time for each host, pauses, held hosts, bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feeds.fetcher import politeness
from feeds.fetcher.feed import Fetched, FetchState
from feeds.fetcher.politeness import HostHolds, Poller
from feeds.fetcher.request import Request
from feeds.http import Client, Response

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def delayed(url: str = "https://a.example/", **more: Any) -> Fetched:
    return Fetched("delayed", FetchState(), "", url=url, status=429, **more)


def test_holds_end_at_their_time_and_keep_the_latest() -> None:
    later, latest = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    holds = HostHolds({"a": later})
    assert not holds.changed
    holds.hold("a", NOW)
    assert holds.get_hold("a", NOW) == later
    assert holds.changed
    holds.hold("a", latest)
    holds.hold("b", NOW)
    assert holds.list_holds(NOW) == {"a": latest}
    assert holds.get_hold("a", latest) is None
    assert holds.get_hold("a", NOW) is None
    assert holds.get_hold("c", NOW) is None


@pytest.mark.parametrize(
    ("fetched", "seconds"),
    [
        (delayed(), 600),
        (delayed(retry_after=30), 30),
        (delayed(retry_after=30, max_age=3600), 3600),
        (delayed(max_age=10**6), 86400),
    ],
)
def test_how_long_a_host_is_held(fetched: Fetched, seconds: int) -> None:
    holds = HostHolds()
    holds.apply_response("group", fetched, NOW)
    assert holds.list_holds(NOW) == dict.fromkeys(("group", "a.example"), NOW + timedelta(seconds=seconds))


def test_other_responses_hold_no_host() -> None:
    holds = HostHolds()
    holds.apply_response("g", delayed()._replace(outcome="failed"), NOW)
    holds.apply_response("g", delayed()._replace(status=0), NOW)
    assert not holds.changed


class Site(Client):
    """Answers after some turns of the loop, and knows how many requests run at once for each host."""

    def __init__(self, status: int = 200, turns: int = 3) -> None:
        super().__init__("test")
        self.status, self.turns = status, turns
        self.running: list[str] = []
        self.most = 0
        self.times: list[float] = []

    async def get(self, url: str, *_: Any, **__: Any) -> Response:
        host = url.split("/")[2]
        assert host not in self.running
        self.running.append(host)
        self.most = max(self.most, len(self.running))
        self.times.append(asyncio.get_running_loop().time())
        for _turn in range(self.turns):
            await asyncio.sleep(0)
        self.running.remove(host)
        return Response(self.status, url, (), b"x")


def request(host: str, number: int = 0, gap: float = 0.0) -> Request:
    return Request(f"{host}{number}", f"https://{host}.example/{number}", gap=gap)


def poll(
    requests: list[Request],
    site: Site | None = None,
    *,
    on_result: Callable[[Request, Fetched], Awaitable[None] | None] | None = None,
    hosts: HostHolds | None = None,
    at_once: int = 64,
) -> list[tuple[str, str]]:
    results: list[tuple[str, str]] = []

    def collect(request: Request, fetched: Fetched) -> Awaitable[None] | None:
        results.append((request.name, fetched.outcome))
        return on_result(request, fetched) if on_result else None

    async def run() -> None:
        poller = Poller(site or Site(), collect, clock=lambda: NOW, hosts=hosts, at_once=at_once)
        for one in requests:
            poller.submit(one, FetchState())
        async with asyncio.timeout(5):
            await poller.finish()
        assert (poller._left, poller._free) == (0, at_once)
        assert set(poller._queues) == set(poller._pauses)
        await poller.stop()

    asyncio.run(run())
    return results


def test_each_host_is_asked_one_at_a_time_in_order() -> None:
    site = Site()
    results = poll([request("a", n) for n in range(3)] + [request("b")], site)
    assert [name for name, _ in results if name.startswith("a")] == ["a0", "a1", "a2"]
    assert len(results) == 4
    assert site.most == 2


def test_the_total_is_bounded() -> None:
    site = Site()
    poll([request(f"h{n}") for n in range(9)], site, at_once=2)
    assert site.most == 2


def test_a_host_rests_between_two_requests() -> None:
    site = Site()
    poll([request("a", n, gap=0.02) for n in range(3)], site)
    assert all(after - before >= 0.015 for before, after in zip(site.times, site.times[1:], strict=False))


def test_a_rate_limited_host_is_not_asked_again() -> None:
    site = Site(429)
    hosts = HostHolds()
    results = poll([request("a", n) for n in range(3)], site, hosts=hosts)
    assert (results, len(site.times)) == ([("a0", "delayed"), ("a1", "delayed"), ("a2", "delayed")], 1)
    held = hosts.get_hold("a.example", NOW)
    assert held == NOW + timedelta(seconds=600)


def test_the_result_of_a_held_host_says_until_when() -> None:
    reasons: list[Fetched] = []
    poll(
        [request("a")],
        hosts=HostHolds({"a.example": NOW + timedelta(seconds=10)}),
        on_result=lambda _, f: reasons.append(f),
    )
    assert reasons[0].retry_after == 11
    assert "a.example is rate-limited until 2024-05-01 12:00:10+0000" in reasons[0].reason


def test_a_host_waits_until_its_document_is_ingested() -> None:
    ingesting: list[str] = []

    async def ingest(name: str) -> None:
        ingesting.append(name)
        await asyncio.sleep(0.01)
        assert ingesting[-1] == name

    poll([request("a", n) for n in range(3)], on_result=lambda request, _: ingest(request.name))
    assert ingesting == ["a0", "a1", "a2"]


def test_while_many_results_wait_no_fetch_starts() -> None:
    site, gate = Site(), []

    async def ingest() -> None:
        gate.append(len(site.times))
        await asyncio.sleep(0.02)

    poll([request(f"h{n}") for n in range(4)], site, on_result=lambda *_: ingest(), at_once=2)
    assert gate[0] <= 2
    assert len(site.times) == 4


def test_an_error_of_the_caller_ends_the_polling() -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def run() -> None:
        poller = Poller(Site(), fail, clock=lambda: NOW)
        for n in range(3):
            poller.submit(request("a", n, gap=0.01), FetchState())
        async with asyncio.timeout(5):
            with pytest.raises(ZeroDivisionError):
                await poller.finish()
        assert not poller._pauses

    asyncio.run(run())


def test_stopping_drops_what_waits() -> None:
    async def run() -> None:
        site = Site(turns=10**6)
        poller = Poller(site, lambda *_: None, clock=lambda: NOW)
        poller.submit(request("a"), FetchState())
        poller.submit(request("a", 1), FetchState())
        await asyncio.sleep(0)
        await poller.stop()
        assert len(site.times) <= 1
        async with asyncio.timeout(1):
            await poller.finish()

    asyncio.run(run())


def test_a_slow_fetch_frees_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(politeness, "_SLOW_AFTER", 0.01)
    order: list[str] = []

    class Slow(Site):
        async def get(self, url: str, *rest: Any, **more: Any) -> Response:
            if "slow" in url:
                await asyncio.sleep(0.1)
            order.append(url.split("/")[2].split(".")[0])
            return Response(200, url, (), b"x")

    poll([request("slow"), request("quick")], Slow(), at_once=1)
    assert order == ["quick", "slow"]
