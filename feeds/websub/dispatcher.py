"""The sender: does what is due, from the store, with bounds in all and per host."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from feeds.errors import FeeddError, StoreError
from feeds.storage import subscriptions
from feeds.storage.subscriptions import Due
from feeds.websub.outgoing import Jobs, Outcome
from feeds.websub.storage_thread import Desk

_LOG = logging.getLogger(__name__)
_FETCHED = 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much at once; ``poll`` is how often the store is asked without being told, in seconds."""

    total: int = 64
    host: int = 16
    poll: float = 0.5
    leave: float = 5.0
    """Seconds that what is under way has at the end."""


class Sender:
    """Runs until it is stopped; all it knows by heart may be lost.

    What is due stays in the store until its result is written there, each in a transaction of its
    own: after a kill only what was under way is done again. A host whose last request failed is
    asked one thing at a time, so that it takes no room from those that answer.
    """

    def __init__(
        self, desk: Desk, jobs: Jobs, now: Callable[[], float], bounds: Bounds | None = None
    ) -> None:
        self._desk, self._jobs, self._now = desk, jobs, now
        self._bounds = bounds or Bounds()
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._waiting: dict[str, deque[Due]] = {}
        self._known: set[tuple[bool, int]] = set()
        self._under_way: dict[str, int] = {}
        self._troubled: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is something new in the store; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._event.set)

    def stop(self) -> None:
        """Begin nothing new; :meth:`run` returns when what is under way has ended."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Do what is due until :meth:`stop`."""
        swept = 0.0
        try:
            while not self._stopping:
                self._event.clear()
                try:
                    if self._now() - swept >= 1:
                        swept = self._now()
                        await self._desk(subscriptions.expire, int(swept))
                    await self._refill()
                except StoreError as error:
                    _LOG.error("push: %s", error)
                self._start()
                await self._sleep()
        finally:
            if self._tasks:
                _, late = await asyncio.wait(self._tasks, timeout=self._bounds.leave)
                for task in late:
                    task.cancel()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._bounds.poll):
                await self._event.wait()
        except TimeoutError:
            pass

    async def _refill(self) -> None:
        """Fetch what is due: of every host some more than may be under way there."""
        found = await self._desk(subscriptions.load_due, int(self._now()), 8 * self._bounds.host, _FETCHED)
        for one in found:
            key = (one.to_subscriber, one.number)
            if key not in self._known:
                self._known.add(key)
                self._waiting.setdefault(one.host, deque()).append(one)

    def _start(self) -> None:
        """Begin as much as the bounds allow, hosts in turn."""
        moved = True
        while moved and not self._stopping:
            moved = False
            for host in list(self._waiting):
                if len(self._tasks) >= self._bounds.total:
                    return
                most = 1 if host in self._troubled else self._bounds.host
                if self._under_way.get(host, 0) < most:
                    self._begin(host)
                    moved = True

    def _begin(self, host: str) -> None:
        waiting = self._waiting.pop(host)
        one = waiting.popleft()
        if waiting:
            self._waiting[host] = waiting  # behind the other hosts
        self._under_way[host] = self._under_way.get(host, 0) + 1
        task = asyncio.create_task(self._do(one))
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._ended(ended, one))

    async def _do(self, one: Due) -> None:
        try:
            outcome = await (self._jobs.deliver if one.to_subscriber else self._jobs.task)(one.number)
        except FeeddError as error:
            outcome = Outcome("again", str(error))
        if outcome.kind == "again":
            self._troubled.add(one.host)
        else:
            self._troubled.discard(one.host)
        if outcome.trouble:
            _LOG.info("push: %s: %s", one.host, outcome.trouble)

    def _ended(self, task: asyncio.Task[None], one: Due) -> None:
        self._tasks.discard(task)
        self._known.discard((one.to_subscriber, one.number))
        left = self._under_way.pop(one.host) - 1
        if left:
            self._under_way[one.host] = left
        if not task.cancelled() and (error := task.exception()) is not None:
            self._troubled.add(one.host)
            _LOG.error("push: %s: %r", one.host, error)
        self._start()
        if len(self._known) < self._bounds.total or one.host not in self._waiting:
            self._event.set()
