"""Run the due requests of the store, within limits in total and per host."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from feeds.errors import FeeddError, StoreError
from feeds.storage.subscriptions import Due
from feeds.websub.outgoing import Outcome, OutgoingRequests
from feeds.websub.storage_thread import StorageThread

_LOG = logging.getLogger(__name__)
# Bounds the memory after a change of a feed with very many subscribers.
_FETCHED = 1024


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of parallel requests; ``poll`` is the interval in seconds at which the store is checked."""

    total: int = 64
    host: int = 16
    poll: float = 0.5
    leave: float = 5.0
    """Seconds for running requests when the dispatcher stops."""


class Dispatcher:
    """Run due requests until stopped; nothing in memory has to survive.

    A due request stays in the store until its result is written there, each in its own transaction: after a
    kill only running requests are repeated. A host whose last request failed gets one request at a time, so
    that it takes no place from hosts that answer.
    """

    def __init__(
        self,
        desk: StorageThread,
        jobs: OutgoingRequests,
        now: Callable[[], float],
        bounds: Bounds | None = None,
    ) -> None:
        self._desk, self._jobs, self._now = desk, jobs, now
        self._bounds = bounds or Bounds()
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._waiting: dict[str, deque[Due]] = {}
        # A request stays due in the store until it ends, so it must not be started twice.
        self._known: set[tuple[bool, int]] = set()
        self._under_way: dict[str, int] = {}
        self._troubled: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Check the store now; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._event.set)

    def stop(self) -> None:
        """Start no more requests; :meth:`run` returns when the running requests have ended."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Run due requests until :meth:`stop`."""
        swept = 0.0
        try:
            while not self._stopping:
                # Cleared before the store is read, so that a wake-up during the reading counts.
                self._event.clear()
                try:
                    # Leases end by the second, so checking more often finds nothing.
                    if self._now() - swept >= 1:
                        swept = self._now()
                        await self._expire(int(swept))
                    await self._refill()
                # The store may be locked for long; the next turn tries again.
                except StoreError as error:
                    _LOG.error("push: %s", error)
                self._start()
                await self._sleep()
        finally:
            if self._tasks:
                _, late = await asyncio.wait(self._tasks, timeout=self._bounds.leave)
                for task in late:
                    task.cancel()

    async def _expire(self, now: int) -> None:
        await self._desk(lambda store: store.expire_subscriptions(now))

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(self._bounds.poll):
                await self._event.wait()
        except TimeoutError:
            pass

    async def _refill(self) -> None:
        """Load the due requests: of every host more than may run in parallel there."""
        # More than may run, so that free places can be filled without another query.
        found = await self._desk(
            lambda store: store.load_due_requests(int(self._now()), 8 * self._bounds.host, _FETCHED)
        )
        for request in found:
            key = (request.to_subscriber, request.number)
            if key not in self._known:
                self._known.add(key)
                self._waiting.setdefault(request.host, deque()).append(request)

    def _start(self) -> None:
        """Start as many requests as the limits allow, hosts in turn."""
        moved = True
        while moved and not self._stopping:
            moved = False
            for host in list(self._waiting):
                if len(self._tasks) >= self._bounds.total:
                    return
                # A host that does not answer holds its place for the whole deadline.
                most = 1 if host in self._troubled else self._bounds.host
                if self._under_way.get(host, 0) < most:
                    self._begin(host)
                    moved = True

    def _begin(self, host: str) -> None:
        waiting = self._waiting.pop(host)
        request = waiting.popleft()
        if waiting:
            # The host goes behind the others, so that a busy host delays no other host.
            self._waiting[host] = waiting
        self._under_way[host] = self._under_way.get(host, 0) + 1
        task = asyncio.create_task(self._run(request))
        self._tasks.add(task)
        task.add_done_callback(lambda ended: self._handle_end(ended, request))

    async def _run(self, request: Due) -> None:
        try:
            outcome = await (self._jobs.deliver if request.to_subscriber else self._jobs.run_task)(
                request.number
            )
        # The store may be locked; the request stays due and is repeated.
        except FeeddError as error:
            outcome = Outcome("again", str(error))
        if outcome.kind == "again":
            self._troubled.add(request.host)
        else:
            self._troubled.discard(request.host)
        if outcome.trouble:
            _LOG.info("push: %s: %s", request.host, outcome.trouble)

    def _handle_end(self, task: asyncio.Task[None], request: Due) -> None:
        self._tasks.discard(task)
        # Removed only now: until here a refill would have started it again.
        self._known.discard((request.to_subscriber, request.number))
        left = self._under_way.pop(request.host) - 1
        if left:
            self._under_way[request.host] = left
        if not task.cancelled() and (error := task.exception()) is not None:
            self._troubled.add(request.host)
            _LOG.error("push: %s: %r", request.host, error)
        self._start()
        # Load more only when few are left: each query costs a turn of the storage thread.
        if len(self._known) < self._bounds.total or request.host not in self._waiting:
            self._event.set()
