"""feedd as a subscriber, at its own hub: subscribed, verified by signature, renewed, ended."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import urlencode

from feeds.storage import subscriptions
from feeds.websub.protocol import DAY, LEASE, sign
from feeds.websub.subscriber import Subscriber
from tests.rigs.websub import SITE, Publisher, Running, build_request, hub, until

PATH = "atom.xml"
TOPIC = SITE + PATH


async def _subscriber(
    running: Running, clock: list[float], taken: list[tuple[str, bytes, str]]
) -> Subscriber:
    async def take(source: str, body: bytes, content_type: str) -> None:
        taken.append((source, body, content_type))

    one = Subscriber(running.desk, take, lambda: clock[0], running.sender.wake)
    running.front.mounts.append(one.mount)
    return one


def test_a_round_trip_with_ourselves(tmp_path: Path) -> None:
    async def run() -> None:
        publisher = Publisher(tmp_path)
        publisher.publish(PATH, b"1")
        clock = [time.time()]
        taken: list[tuple[str, bytes, str]] = []
        async with hub(publisher, [], now=lambda: clock[0], reachable=True) as running:
            one = await _subscriber(running, clock, taken)
            await one.subscribe("blog", TOPIC, running.url)
            await until(lambda: publisher.counts() == (1, 0))
            while "blog" not in await one.load_active():
                await asyncio.sleep(0.01)
            publisher.publish(PATH, b"2")
            running.sender.wake()
            await until(lambda: bool(taken))
            assert taken == [("blog", b"2", "application/atom+xml")]
            before = await running.desk(subscriptions.find_upstream, source="blog")
            clock[0] += LEASE - DAY + 1  # within the last tenth of the lease, or the last day
            running.sender.wake()
            async with asyncio.timeout(5):
                while (await running.desk(subscriptions.find_upstream, source="blog")).ends == before.ends:  # type: ignore[union-attr]
                    await asyncio.sleep(0.01)
            assert publisher.counts() == (1, 0)
            await one.unsubscribe("blog")
            await until(lambda: publisher.counts() == (0, 0))
            async with asyncio.timeout(5):
                while await running.desk(subscriptions.find_upstream, source="blog"):
                    await asyncio.sleep(0.01)

    asyncio.run(run())


def test_what_is_not_signed_or_not_asked_for_goes_no_further(tmp_path: Path) -> None:
    async def run() -> None:
        publisher = Publisher(tmp_path)
        clock = [time.time()]
        taken: list[tuple[str, bytes, str]] = []
        async with hub(publisher, []) as running:
            one = await _subscriber(running, clock, taken)
            known = subscriptions.Upstream(
                "blog", TOPIC, "https://hub.example/", "secret", "token", "asked", 0, 0
            )
            await running.desk(subscriptions.add_upstream, known, int(clock[0]) + 9999)
            path = "/hub/callback/token"

            async def status(
                method: str, query: dict[str, str], body: bytes = b"", signature: str = ""
            ) -> int:
                headers = {"x-hub-signature": signature} if signature else {}
                request = build_request(method, path, urlencode(query), headers, body)
                return (await one.handle(request)).status_code

            good = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c"}
            assert await status("GET", {**good, "hub.topic": TOPIC + "x"}) == 404
            assert await status("GET", {**good, "hub.mode": "unsubscribe"}) == 404
            assert await status("GET", {**good, "hub.challenge": ""}) == 404
            assert await one.load_active() == {}
            request = build_request("GET", path, urlencode({**good, "hub.lease_seconds": "60"}))
            answer = await one.handle(request)
            assert (answer.status_code, answer.body) == (200, b"c")
            assert await one.load_active() == {"blog": 0}
            for signature in ("", "sha256=00", sign(b"x", "other"), sign(b"y", "secret")):
                assert await status("POST", {}, b"x", signature) == 202
            assert taken == []
            assert await status("POST", {}, b"x", sign(b"x", "secret", "sha512")) == 202
            await one.close()
            assert [body for _, body, _ in taken] == [b"x"]
            assert await status("GET", {"hub.mode": "denied", "hub.topic": TOPIC, "hub.reason": "no"}) == 200
            assert await one.load_active() == {}
            path = "/hub/callback/unknown"
            assert await status("POST", {}, b"x") == 410

    asyncio.run(run())
