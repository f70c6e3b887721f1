"""The daemon as a hub for a thousand: each has what was published, also when the hub is killed in the middle."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from feeds.websub.dispatcher import Bounds
from tests.rigs.push_rig import TOPIC, Site, daemon, delivered, subscribe
from tests.rigs.websub import SubscriberServer, until


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.stress)])
def test_a_killed_hub_tells_everybody_after_its_restart(tmp_path: Path, count: int) -> None:
    callbacks = [f"/{n}" for n in range(count)]

    async def run() -> None:
        async with SubscriberServer() as subscriber:
            site = Site(tmp_path, subscriber.authority, 2)
            async with daemon(site) as running:
                await subscribe(running.hub, subscriber, [(TOPIC, one) for one in callbacks])
                site.save("For all.")
                await delivered(subscriber, callbacks, "For all.")
                subscriber.got.clear()
                subscriber.pause = 0.05
                site.save("And again.")
                await until(lambda: len(subscriber.got) > count // 4, 60)
                running.end(signal.SIGKILL)
            await asyncio.sleep(0.3)  # what was under way arrives, and nobody is there to note it
            before = dict.fromkeys(subscriber.got)
            assert len(before) < count
            async with daemon(site):
                await delivered(subscriber, callbacks, "And again.")
                await asyncio.sleep(1)
            twice = {callback for callback, bodies in subscriber.got.items() if len(bodies) > 1}
            assert all(len(bodies) <= 2 for bodies in subscriber.got.values())
            assert twice <= before.keys()
            assert len(twice) <= Bounds().host, "only what was under way; all of them are one host's"
            assert not subscriber.bad

    asyncio.run(run())
