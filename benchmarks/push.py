"""``python -m benchmarks.push``: how long subscribers wait for what was published.

Measured from the moment a document is in place and settled to the moment its subscriber has the
signed content: one among a thousand subscriptions to other feeds, and a thousand of one feed.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

from tests.websub import Publisher, SubscriberServer, hub, until

_HERE = Path(__file__).parent
_DOCUMENT = b"<feed>" + b"x" * 200_000
_ROUNDS = 20
_MANY = 1000


async def one_among_many(folder: Path, told: bool) -> list[float]:
    """Seconds of each round; ``told`` wakes the sender, as the daemon does, else it polls."""
    publisher = Publisher(folder)
    publisher.publish("atom.xml", b"0")
    others = [f"tag/{n}/atom.xml" for n in range(_MANY)]
    for path in others:
        publisher.publish(path, b"0")
    waited = []
    async with SubscriberServer() as subscriber, hub(publisher, [subscriber.authority]) as running:
        publisher.subscribe([(path, subscriber.url(f"/{n}")) for n, path in enumerate(others)])
        publisher.subscribe([("atom.xml", subscriber.url("/mine"))])
        for number in range(_ROUNDS):
            # Publishing is another process's work in life: here it must not hold up this loop.
            await asyncio.to_thread(publisher.publish, "atom.xml", _DOCUMENT + str(number).encode())
            started = time.monotonic()
            if told:
                running.sender.wake()
            await until(lambda n=number: len(subscriber.got.get("/mine", ())) == n + 1)  # type: ignore[misc]
            waited.append(time.monotonic() - started)
        assert not subscriber.bad
        assert set(subscriber.got) == {"/mine"}
    return waited


async def many_of_one(folder: Path) -> float:
    """Seconds until the last of a thousand subscribers of one feed has it."""
    publisher = Publisher(folder)
    publisher.publish("atom.xml", b"0")
    async with SubscriberServer() as subscriber, hub(publisher, [subscriber.authority]) as running:
        publisher.subscribe([("atom.xml", subscriber.url(f"/{n}")) for n in range(_MANY)])
        await asyncio.to_thread(publisher.publish, "atom.xml", _DOCUMENT)
        started = time.monotonic()
        running.sender.wake()
        await until(lambda: len(subscriber.got) == _MANY, 60)
        waited = time.monotonic() - started
        assert not subscriber.bad
        assert all(len(bodies) == 1 for bodies in subscriber.got.values())
    return waited


def main() -> None:
    """Print the figures and keep them with those of the other benchmarks."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="feedd-push-") as name:
        folder = Path(name)
        for told in (True, False):
            waited = asyncio.run(one_among_many(folder / f"one-{told}", told))
            rows.append(
                {
                    "job": f"push: one of {_MANY + 1} subscriptions, {'told' if told else 'polled'}",
                    "median_s": round(statistics.median(waited), 3),
                    "most_s": round(max(waited), 3),
                    "rounds": _ROUNDS,
                }
            )
        last = asyncio.run(many_of_one(folder / "many"))
        rows.append({"job": f"push: {_MANY} subscribers of one feed", "last_s": round(last, 2)})
    with (_HERE / "results.jsonl").open("a") as file:
        for row in rows:
            row["document_bytes"] = len(_DOCUMENT)
            print(json.dumps(row))
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
