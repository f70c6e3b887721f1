"""A day at high speed with everything at once: upstreams, saved files, subscribers, restarts, kills, readers.

What is looked at is what a day could wear out: memory, descriptors, the store, how long everybody waits.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from feeds.storage.sqlite import Database
from tests.conftest import Project
from tests.integration.daemon.test_poll_scheduler_day import HOUR, Simulation
from tests.integration.ingest.test_upstreams import rss
from tests.rigs.push_rig import subscribe
from tests.rigs.servers import Answer, Asked, ServerThread
from tests.rigs.websub import SubscriberServer

_WINDOW = 10
"""Entries in a document of an upstream."""
_PATIENCE = 60.0
_FILES = 100
_TOPICS = ("atom.xml", "category/c0/atom.xml", "tag/t1/rss.xml")
_SUBSCRIBERS = 5
"""For each topic."""
_STILL = 2.5
"""Hours at the end in which upstreams have nothing new, so that everything can have been read."""


class Blog:
    """An upstream that has something new each ``every`` answers, until it is frozen."""

    def __init__(self, number: int, every: int) -> None:
        self.number, self.every = number, every
        self.asked = 0
        self.entries = [f"{number}-0"]
        self.frozen = False

    def answer(self, asked: Asked) -> Answer:
        self.asked += 1
        if not self.frozen and self.every and (self.asked + self.number) % self.every == 0:
            self.entries.append(f"{self.number}-{len(self.entries)}")
        etag = f'"{self.number}-{len(self.entries)}"'
        if asked.headers.get("if-none-match") == etag:
            return Answer(304, b"", {"ETag": etag})
        items = [(one, f"https://u{self.number}.example/{one}", one) for one in self.entries[-_WINDOW:][::-1]]
        return Answer(200, rss(items), {"ETag": etag})


@dataclass
class Sample:
    """What was seen at one moment; times in milliseconds of the real clock."""

    hour: float
    memory_mb: float
    descriptors: int
    threads: int
    store_mb: float
    log_mb: float
    """Of SQLite's write-ahead log, which is used again and again."""
    posts: int
    published: float
    """From the close of a file to the feed on disk."""
    pushed: float
    """… to the last of the subscribers."""
    served: float
    """A request to the daemon."""
    read: float
    """The longest read of the store since the last sample."""


@dataclass
class Day:
    """What came out."""

    samples: list[Sample] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    """Hours at which the daemon was stopped or killed."""
    wrong: list[str] = field(default_factory=list)
    polls: int = 0
    commands: int = 0
    reads: int = 0


class Readers:
    """Others who look at the store all day: commands, and a program that reads it directly."""

    def __init__(self, project: Project, day: Day, pause: float) -> None:
        self._project, self._day, self._pause = project, day, pause
        self._ended = threading.Event()
        self._longest = 0.0
        self._threads = [threading.Thread(target=one) for one in (self._read, self._ask)]

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for one in self._threads:
            one.join()

    def longest(self) -> float:
        """Milliseconds of the longest read since this was asked last."""
        longest, self._longest = self._longest, 0.0
        return longest

    def _read(self) -> None:
        path = self._project.folder / "state" / "feedd.db"
        while not self._ended.wait(0.02):
            started = time.monotonic()
            try:
                with closing(Database.open(path, read_only=True)) as db:
                    db.rows("posts_of_state")
            except Exception as error:
                self._day.wrong.append(f"reading the store: {error}")
            self._longest = max(self._longest, (time.monotonic() - started) * 1000)
            self._day.reads += 1

    def _ask(self) -> None:
        verbs = (("status", "--json"), ("explain", "_posts/2024-01-01-p1.md"), ("check",))
        while not self._ended.wait(self._pause):
            verb = verbs[self._day.commands % len(verbs)]
            done = self._project.run(*verb)
            if done.returncode or "locked" in done.stderr:
                self._day.wrong.append(f"{verb}: exit {done.returncode}: {done.stderr or done.stdout}")
            self._day.commands += 1


class LongRun:
    """A daemon's day; ``parts`` are hours and the signal that ends them."""

    def __init__(self, project: Project, upstreams: int, speed: float) -> None:
        self.project, self.day = project, Day()
        self.simulation = Simulation(project, speed)
        self.blogs = [
            Blog(number, 8 if number % 4 == 0 else 24 if number % 4 == 1 else 0)
            for number in range(upstreams)
        ]
        self._saved = 0
        for number in range(_FILES):
            self._save(number)

    def _save(self, number: int) -> str:
        """Write a post or write it again, and say what is in it now; now and then it is a new one."""
        self._saved += 1
        mark = f"Text number {self._saved}."
        self.project.post(
            f"2024-01-01-p{number}.md",
            f"Post {number}",
            f"{mark} " * 20,
            categories=f"c{number % 3}",
            tags=f"t{number % 5}",
        )
        return mark

    def run(self, parts: list[tuple[float, signal.Signals]], every: float) -> Day:
        """Live through it; a sample each ``every`` hours."""
        with ServerThread(SubscriberServer) as subscriber:
            text = self.project.config.read_text("utf-8")
            extra = (
                f'[serve]\nlisten = "127.0.0.1:0"\n[push]\nhub = true\nallow = ["{subscriber.authority}"]\n'
            )
            self.project.config.write_text(text + extra, "utf-8")
            with self.simulation.serving(self.blogs):
                self._live(parts, every, subscriber)
            self._look_back(subscriber)
        return self.day

    def _live(
        self, parts: list[tuple[float, signal.Signals]], every: float, subscriber: SubscriberServer
    ) -> None:
        assert self.project.run("build", "--offline").returncode == 0
        with Readers(self.project, self.day, every * HOUR / self.simulation.speed) as readers:
            for number, (hours, ending) in enumerate(parts, 1):
                with self.simulation.daemon() as process:
                    if number == 1:
                        self._subscribe(subscriber)
                        self._begun = self.simulation.now()
                    end = self.hour + hours
                    while self.hour < end:
                        for blog in self.blogs:
                            blog.frozen = number == len(parts) and self.hour > end - _STILL
                        self._sample(process.pid, subscriber, readers)
                        self.simulation.sleep(every - self.hour % every)
                    if number == len(parts):
                        self._waited(time.monotonic(), lambda: not self._behind(subscriber), "the end")
                    self.day.restarts.append(self.hour)
                    process.send_signal(ending)
                    process.wait(60)

    @property
    def hour(self) -> float:
        """Hours of the day that have passed."""
        return (self.simulation.now() - self._begun) / HOUR

    def _subscribe(self, subscriber: SubscriberServer) -> None:
        wishes = [(topic, f"/{n}/{topic}") for n in range(_SUBSCRIBERS) for topic in _TOPICS]
        asyncio.run(subscribe(f"{self._address()}/hub", subscriber, wishes))
        self._known = {topic: (self.project.output / topic).read_bytes() for topic in _TOPICS}

    def _address(self) -> str:
        """Where the daemon serves that was started last."""
        events = [
            json.loads(line)
            for line in self.simulation.log.read_text("utf-8").splitlines()
            if line.startswith("{")
        ]
        return str(next(one["address"] for one in reversed(events) if one["event"] == "serving"))

    def _sample(self, process: int, subscriber: SubscriberServer, readers: Readers) -> None:
        number = len(self.day.samples)
        which = number % _FILES if number % 10 else _FILES + number
        mark = self._save(which).encode()
        started = time.monotonic()
        feed = self.project.output / "atom.xml"
        published = self._waited(started, lambda: mark in feed.read_bytes(), "publishing")
        calls = [f"/{n}/atom.xml" for n in range(_SUBSCRIBERS)]
        pushed = self._waited(
            started, lambda: all(mark in subscriber.got.get(one, [b""])[-1] for one in calls), "pushing"
        )
        asked = time.monotonic()
        with urllib.request.urlopen(f"{self._address()}/atom.xml") as answer:
            answer.read()
        served = (time.monotonic() - asked) * 1000
        status = dict(
            line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
        )
        store = self.project.folder / "state"
        with closing(Database.open(store / "feedd.db", read_only=True)) as db:
            posts = sum(count for _, count in db.rows("posts_of_state"))
        self.day.samples.append(
            Sample(
                hour=self.hour,
                memory_mb=int(status["VmRSS"].split()[0]) / 1024,
                descriptors=len(os.listdir(f"/proc/{process}/fd")),
                threads=int(status["Threads"]),
                store_mb=_megabytes(store / "feedd.db"),
                log_mb=_megabytes(store / "feedd.db-wal"),
                posts=posts,
                published=published,
                pushed=pushed,
                served=served,
                read=readers.longest(),
            )
        )

    def _waited(self, started: float, done: Callable[[], bool], what: str) -> float:
        """Milliseconds until this is so."""
        while not done():
            if time.monotonic() - started > _PATIENCE:
                self.day.wrong.append(f"{what} took more than {_PATIENCE:g} s at hour {self.hour:.1f}")
                break
            time.sleep(0.005)
        return (time.monotonic() - started) * 1000

    def _behind(self, subscriber: SubscriberServer) -> list[str]:
        """Posts that are not there, and callbacks that do not have what is published.

        What did not change since they asked is not sent.
        """
        with closing(Database.open(self.project.folder / "state" / "feedd.db", read_only=True)) as db:
            posts = dict(db.rows("posts_of_state"))
        wanted = len(list(self.project.posts.iterdir())) + sum(len(blog.entries) for blog in self.blogs)
        behind = [] if posts == {"live": wanted} else [f"posts {posts}, not {wanted}"]
        return behind + [
            callback
            for topic, known in self._known.items()
            for callback in (f"/{number}/{topic}" for number in range(_SUBSCRIBERS))
            if subscriber.got.get(callback, [known])[-1] != (self.project.output / topic).read_bytes()
        ]

    def _look_back(self, subscriber: SubscriberServer) -> None:
        """Nothing was lost, nothing is there twice, and subscribers have what is published."""
        day = self.day
        day.polls = sum(blog.asked for blog in self.blogs)
        day.wrong += [f"not as it should be: {one}" for one in self._behind(subscriber)]
        day.wrong += [f"a forged signature at {one}" for one in subscriber.bad]
        if "Traceback" in (text := self.simulation.log.read_text("utf-8")):
            day.wrong.append(text[text.index("Traceback") :][:2000])


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6 if path.exists() else 0.0
