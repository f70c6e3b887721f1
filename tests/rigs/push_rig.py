"""A daemon with its hub, a folder of posts, and subscribers by the thousand: saved file to signed content."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from feeds.http import Client
from feeds.http.address import build_user_agent
from tests.conftest import ROOT
from tests.rigs.websub import FORM, SITE, SubscriberServer, until

TOPIC = "category/topic/atom.xml"
_CONFIG = """\
[site]
title = "Push"
url = "{site}"
[output]
dir = "output"
[store]
url = "state/feedd.db"
[[sources]]
name = "posts"
path = "site"
[serve]
listen = "127.0.0.1:0"
[push]
hub = true
allow = ["{allow}"]
"""


class Site:
    """A folder with a configuration, posts and what the daemon makes of them."""

    def __init__(self, folder: Path, allow: str, others: int) -> None:
        self.folder = folder
        self._posts = folder / "site" / "_posts"
        self._posts.mkdir(parents=True)
        (folder / "feedd.toml").write_text(_CONFIG.format(site=SITE, allow=allow), "utf-8")
        self._number = 0
        for number in range(others):
            self.save(f"Other {number}", category=f"other{number}")
        self.save("First")

    def save(self, title: str, category: str = "topic") -> None:
        """Write a post, whole at once, as editors do."""
        self._number += 1
        body = f"<p>{title}</p>\n" * 200
        text = f"---\ntitle: {title}\ndate: 2024-01-01 {self._number // 3600 % 24:02}:{self._number // 60 % 60:02}:{self._number % 60:02}\n"
        file = self._posts / f"2024-01-01-p{self._number}.md"
        beside = self.folder / "new"
        beside.write_text(f"{text}categories: {category}\n---\n{body}", "utf-8")
        beside.replace(file)


class Daemon:
    """The program, running; ``hub`` is the address of its hub."""

    def __init__(self, site: Site) -> None:
        self._log = site.folder / "log"
        self._file = self._log.open("w")
        command = [
            sys.executable,
            "-m",
            "feeds",
            "-c",
            str(site.folder / "feedd.toml"),
            "--log-format",
            "json",
        ]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stderr=self._file, cwd=ROOT, env=environment)
        self.hub = ""

    async def ready(self) -> None:
        """Wait until it serves."""
        async with asyncio.timeout(120):
            while not (found := re.search(r'"address": ?"([^"]+)"', self._log.read_text("utf-8"))):
                assert self.process.poll() is None, self._log.read_text("utf-8")
                await asyncio.sleep(0.05)
            while '"event": "ready"' not in self._log.read_text("utf-8").replace('":"', '": "'):
                await asyncio.sleep(0.05)
        self.hub = f"{found[1]}/hub"

    def end(self, number: int = signal.SIGTERM) -> None:
        """Stop it, or kill it."""
        self.process.send_signal(number)
        self.process.wait(30)
        self._file.close()


@contextlib.asynccontextmanager
async def daemon(site: Site) -> AsyncIterator[Daemon]:
    """A daemon at work."""
    running = Daemon(site)
    try:
        await running.ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.end()


async def subscribe(hub: str, subscriber: SubscriberServer, wishes: Sequence[tuple[str, str]]) -> None:
    """Ask the hub for topics (path) and callbacks (path), and wait until each has been verified."""
    from urllib.parse import urlencode, urlsplit

    allow = [urlsplit(hub).netloc]
    async with Client(build_user_agent("1", SITE)) as client:
        for topic, callback in wishes:
            form = {"mode": "subscribe", "topic": SITE + topic, "callback": subscriber.url(callback),
                    "secret": subscriber.secret, "lease_seconds": "864000"}  # fmt: skip
            body = urlencode({f"hub.{name}": value for name, value in form.items()}).encode()
            answer = await client.post(hub, body, {"Content-Type": FORM}, allow=allow)
            assert answer.status == 202, answer.body
    await until(lambda: all(callback in subscriber.verified for _, callback in wishes), 120)
    await asyncio.sleep(0.5)  # the last answer is on its way into the store


async def delivered(subscriber: SubscriberServer, callbacks: Sequence[str], text: str) -> float:
    """The moment when each of these callbacks has got content with this text."""
    data = text.encode()
    await until(lambda: all(data in subscriber.got.get(c, [b""])[-1] for c in callbacks), 60)
    return time.monotonic()


def events(site: Site) -> list[dict[str, object]]:
    """What the daemon said."""
    lines = (site.folder / "log").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
