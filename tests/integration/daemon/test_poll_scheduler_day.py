"""A day in a minute: how politely upstreams are asked over many hours and restarts, and what that costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.integration.ingest.test_upstreams import rss
from tests.rigs.servers import Answer, Asked, UpstreamThread

HOUR = 3600.0
EVERY = 3600.0


@dataclass
class Polite:
    """An upstream with a wish, which counts every breach of it; its times are those of the simulation."""

    number: int
    now: object
    status: int = 200
    ttl: int = 0
    """Minutes."""
    max_age: int = 0
    retry_after: int = 0
    every: int = 1
    """A new entry after so many answers."""
    asked: list[float] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    etag: str = ""
    modified: str = ""

    @property
    def least(self) -> float:
        """Seconds between two questions: what was asked for, or what is configured."""
        return max(self.ttl * 60, self.max_age, self.retry_after, EVERY)

    def answer(self, asked: Asked) -> Answer:
        now = self.now()  # type: ignore[operator]
        if self.asked and now - self.asked[-1] < self.least - 2:
            self.breaches.append(f"asked after {now - self.asked[-1]:.0f} s instead of {self.least:.0f}")
        sent = (asked.headers.get("if-none-match", ""), asked.headers.get("if-modified-since", ""))
        if sent != (self.etag, self.modified):
            self.breaches.append(f"asked with {sent} instead of {(self.etag, self.modified)}")
        self.asked.append(now)
        if self.status != 200:
            return Answer(self.status, b"", {"Retry-After": str(self.retry_after)})
        fresh = len(self.asked) % self.every == 1 % self.every
        if fresh or not self.etag:
            self.etag, self.modified = f'W/"{self.number} {len(self.asked)}"', formatdate(now, usegmt=True)
        headers = {"ETag": self.etag, "Last-Modified": self.modified}
        if self.max_age:
            headers["Cache-Control"] = f"public, max-age={self.max_age}"
        if not fresh:
            return Answer(304, b"", headers)
        entry = f"{self.number}-{len(self.asked)}"
        head = f"<ttl>{self.ttl}</ttl>" if self.ttl else ""
        body = rss([(entry, f"https://u{self.number}.example/{entry}", entry)]).replace(
            b"<description>d", head.encode() + b"<description>d", 1
        )
        return Answer(200, body, headers)


class Simulation:
    """Upstreams, and a daemon whose clock runs ``speed`` times as fast."""

    def __init__(self, project: Project, speed: float) -> None:
        self.project, self.speed, self.begun = project, speed, time.time()
        self.upstreams: list[Polite] = []
        self.log = project.folder / "log"

    def now(self) -> float:
        return self.begun + (time.time() - self.begun) * self.speed

    def sleep(self, hours: float) -> None:
        time.sleep(hours * HOUR / self.speed)

    def _ready(self) -> int:
        return self.log.read_text("utf-8").count('"event": "ready"') if self.log.exists() else 0

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "tests.rigs.fast_daemon", str(self.project.config)]
        with self.log.open("a") as out:
            process = subprocess.Popen([*command, str(self.begun), str(self.speed)], stderr=out, cwd=ROOT)
        before = self._ready()
        try:
            while self._ready() == before:
                assert process.poll() is None, self.log.read_text("utf-8")[-3000:]
                time.sleep(0.05)
            yield process
        finally:
            process.kill()
            process.wait(10)

    @contextmanager
    def serving(self, upstreams: list[Polite]) -> Iterator[None]:
        """Serve them, and have them in the configuration."""
        with UpstreamThread() as server:
            blocks = ""
            for one in upstreams:
                server.routes[f"/{one.number}"] = one.answer
                blocks += (
                    f'[[sources]]\nname = "u{one.number}"\nkind = "upstream"\nurl = "{server.url(f"/{one.number}")}"\n'
                    f'allow = ["{server.authority}"]\ngroup = "u{one.number}"\nterms = "none"\nevery = "1h"\n'
                )
            text = self.project.config.read_text("utf-8")
            self.project.config.write_text(text.replace("[[identity]]", blocks + "[[identity]]", 1), "utf-8")
            yield


KINDS: list[dict[str, int]] = [
    {"every": 5},
    {"ttl": 120, "every": 2},
    {"max_age": 7200, "every": 3},
    {"every": 1},
    {"status": 429, "retry_after": 9000},
    {"status": 503, "retry_after": 12000},
    {"max_age": 900, "ttl": 90, "every": 4},
]


def _crowd(simulation: Simulation, count: int) -> list[Polite]:
    return [Polite(number, simulation.now, **KINDS[number % len(KINDS)]) for number in range(count)]


def _most_at_once(upstreams: list[Polite], seconds: float) -> int:
    """The most questions to all of them within so many seconds."""
    times = sorted(when for one in upstreams for when in one.asked)
    return max(sum(1 for other in times[n:] if other - when < seconds) for n, when in enumerate(times))


def _a_day(project: Project, count: int, speed: float, parts: list[tuple[float, signal.Signals]]) -> None:
    simulation = Simulation(project, speed)
    upstreams = _crowd(simulation, count)
    with simulation.serving(upstreams):
        for hours, number in parts:
            with simulation.daemon() as process:
                simulation.sleep(hours)
                assert process.poll() is None, simulation.log.read_text("utf-8")[-3000:]
                process.send_signal(number)
                process.wait(20)
    assert [f"u{one.number}: {breach}" for one in upstreams for breach in one.breaches] == []
    assert all(one.asked for one in upstreams)
    assert sum(len(one.asked) for one in upstreams) > 3 * count


def test_a_day_with_restarts_is_polite(project: Project) -> None:
    _a_day(project, 21, 7200, [(8, signal.SIGTERM), (8, signal.SIGTERM), (8, signal.SIGTERM)])


@pytest.mark.stress
def test_a_hundred_upstreams_are_asked_politely_for_a_day(project: Project) -> None:
    _a_day(
        project,
        100,
        720,
        [(5, signal.SIGTERM), (1, signal.SIGTERM), (10, signal.SIGTERM), (8, signal.SIGTERM)],
    )


@pytest.mark.stress
def test_a_thousand_upstreams_for_a_day_leave_nothing_behind(project: Project) -> None:
    simulation = Simulation(project, 360)
    upstreams = [Polite(number, simulation.now, every=1_000_000) for number in range(1_000)]
    sizes, descriptors = [], []
    with simulation.serving(upstreams), simulation.daemon() as process:
        simulation.sleep(3)
        for _ in range(21):
            simulation.sleep(1)
            status = Path(f"/proc/{process.pid}/status").read_text()
            sizes.append(int(status.partition("VmRSS:")[2].split()[0]))
            descriptors.append(len(os.listdir(f"/proc/{process.pid}/fd")))
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    late = [b - a - EVERY for one in upstreams for a, b in pairwise(one.asked)]
    print(f"sizes {sizes}, descriptors {descriptors}, latest {max(late):.0f} s, asked {len(late)}")
    assert [breach for one in upstreams for breach in one.breaches] == []
    assert max(sizes[-3:]) < 1.05 * max(sizes[:3])
    assert max(descriptors[-3:]) <= max(descriptors[:3]) + 8
    assert max(late) < EVERY
