"""``python -m benchmarks.push``: how long subscribers wait for a file that was saved.

The daemon watches a folder, publishes and is the hub; a subscriber written against the Recommendation
has subscribed over HTTP and checks signatures. Measured: one subscriber while 1,000 others wait for
other feeds; 1,000 subscribers of one feed; the hub killed in the middle of that.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.measuring import keep
from tests.rigs.push_rig import TOPIC, Site, daemon, delivered, subscribe
from tests.rigs.websub import SubscriberServer, until

_ROUNDS = 20
_MANY = 1000


async def one_among_many(folder: Path) -> dict[str, object]:
    """One subscriber, and a thousand whose feeds do not change."""
    async with SubscriberServer() as subscriber:
        site = Site(folder, subscriber.authority, _MANY)
        async with daemon(site) as running:
            others = [(f"category/other{n}/atom.xml", f"/other/{n}") for n in range(_MANY)]
            await subscribe(running.hub, subscriber, [*others, (TOPIC, "/mine")])
            waited = []
            for number in range(_ROUNDS):
                await asyncio.sleep(0.3)
                started = time.monotonic()
                await asyncio.to_thread(site.save, f"News {number}.")
                waited.append(await delivered(subscriber, ["/mine"], f"News {number}.") - started)
        assert not subscriber.bad
        assert set(subscriber.got) == {"/mine"}
    return {
        "job": f"push: file saved to signed content, beside {_MANY} subscriptions to other feeds",
        "median_s": round(statistics.median(waited), 3),
        "most_s": round(max(waited), 3),
        "rounds": _ROUNDS,
    }


async def many_of_one(folder: Path) -> list[dict[str, object]]:
    """A thousand subscribers of one feed; then again, and the daemon is killed in the middle."""
    callbacks = [f"/{n}" for n in range(_MANY)]
    async with SubscriberServer() as subscriber:
        site = Site(folder, subscriber.authority, 10)
        async with daemon(site) as running:
            await subscribe(running.hub, subscriber, [(TOPIC, one) for one in callbacks])
            started = time.monotonic()
            await asyncio.to_thread(site.save, "For all.")
            last = await delivered(subscriber, callbacks, "For all.") - started
            assert all(len(bodies) == 1 for bodies in subscriber.got.values())
            subscriber.got.clear()
            await asyncio.to_thread(site.save, "And again.")
            await until(lambda: len(subscriber.got) > _MANY // 3, 60)
            running.end(signal.SIGKILL)
        await asyncio.sleep(0.3)
        before = len(subscriber.got)
        async with daemon(site):
            started = time.monotonic()
            after = await delivered(subscriber, callbacks, "And again.") - started
            await asyncio.sleep(1)
        assert not subscriber.bad
        times = Counter(len(bodies) for bodies in subscriber.got.values())
        assert set(times) <= {1, 2}
    return [
        {"job": f"push: file saved to the last of {_MANY} subscribers of one feed", "last_s": round(last, 2)},
        {
            "job": f"push: hub killed after {before} of {_MANY}, from its restart to the last",
            "last_s": round(after, 2),
            "twice": times[2],
        },
    ]


def main() -> None:
    """Print the figures and keep them with those of the other benchmarks."""
    with tempfile.TemporaryDirectory(prefix="feedd-push-") as name:
        folder = Path(name)
        rows = [asyncio.run(one_among_many(folder / "one"))]
        rows += asyncio.run(many_of_one(folder / "many"))
    for row in rows:
        keep(row)


if __name__ == "__main__":
    main()
