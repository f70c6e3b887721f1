"""Fetching many upstreams politely: one at a time per host, a gap, and nobody held up by a slow one.

:class:`Hosts` remembers which hosts want to be left alone; :class:`Poller` fetches what it is given;
:func:`poll_all` is a poller for one batch.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from feeds.fetcher.feed import Fetched, FetchState, Request, asked_host, fetch, host_of
from feeds.http import Client, shown
from feeds.protocols import Clock

OnResult = Callable[[Request, Fetched], Awaitable[None] | None]
"""Told of every fetch when it is done; a result that it awaits holds its host up, and many of them everybody."""

AT_ONCE = 64
"""Quick fetches in flight."""
_OPEN = 512
_SLOW_AFTER = 0.5
_UNTOLD = 600


class Hosts:
    """Which hosts (or groups) are not to be asked before when (429 and 503, RFC 6585 and RFC 9110).

    ``holds`` is what an earlier run knew, so that a restart asks nobody too early.
    """

    def __init__(self, holds: Mapping[str, datetime] | None = None) -> None:
        self._holds = dict(holds or {})
        self.changed = False
        """Whether something was learned that is to be kept."""

    def hold(self, group: str, until: datetime) -> None:
        """Leave the group alone until then; an earlier, longer hold stays."""
        self._holds[group] = max(until, self._holds.get(group, until))
        self.changed = True

    def held(self, group: str, now: datetime) -> datetime | None:
        """Until when the group is to be left alone; None if it may be asked."""
        until = self._holds.get(group)
        if until is not None and until <= now:
            del self._holds[group]
            return None
        return until

    def holds(self, now: datetime) -> dict[str, datetime]:
        """What holds now, to be kept."""
        return {group: until for group, until in self._holds.items() if until > now}

    def learn(self, group: str, fetched: Fetched, now: datetime) -> None:
        """A 429, or a 503 with ``Retry-After``, is meant for all that comes from here to that host."""
        if fetched.outcome != "delayed" or not fetched.status:
            return
        seconds = max(fetched.retry_after or _UNTOLD, min(fetched.max_age or 0, 86400))
        for one in {group, host_of(fetched.url)}:
            self.hold(one, now + timedelta(seconds=seconds))


@dataclass(slots=True)
class _Queue:
    """What waits for one host; ``busy`` while it is asked, rests after it, or stands in line."""

    waiting: deque[tuple[Request, FetchState]] = field(default_factory=deque)
    busy: bool = False


class Poller:
    """Fetches what is submitted: per host one after the other with a gap, different hosts together.

    At most ``at_once`` quick fetches run together. One that takes longer than half a second no longer
    counts, so that slow upstreams do not hold up others; 512 are open at the very most. While ``at_once``
    results wait to be taken, nothing more is asked: their documents are in memory.
    """

    def __init__(
        self,
        client: Client,
        on_result: OnResult,
        *,
        clock: Clock,
        hosts: Hosts | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        self.hosts = hosts or Hosts()
        self._client = client
        self._on_result = on_result
        self._clock = clock
        self._free = self._most_waiting = at_once
        self._waiting = 0
        """Results that wait to be taken."""
        self._queues: dict[str, _Queue] = {}
        self._ready: deque[str] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._rests: dict[str, asyncio.TimerHandle] = {}
        self._left = 0
        self._error: BaseException | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, request: Request, state: FetchState) -> None:
        """Fetch this when its host's turn comes; needs a running event loop."""
        group = asked_host(request, state)
        queue = self._queues.setdefault(group, _Queue())
        queue.waiting.append((request, state))
        self._left += 1
        self._idle.clear()
        if not queue.busy:
            queue.busy = True
            self._ready.append(group)
            self._pump()

    async def finish(self) -> None:
        """Wait until everything submitted has been fetched.

        Raises:
            Exception: what ``on_result`` raised first; then nothing more is fetched.
        """
        await self._idle.wait()
        if self._error is not None:
            await self.stop()
            raise self._error

    async def stop(self, patience: float = 0) -> None:
        """Forget what waits; break off what is in flight after ``patience`` seconds."""
        for rest in self._rests.values():
            rest.cancel()
        self._queues.clear()
        self._ready.clear()
        self._rests.clear()
        tasks = list(self._tasks)
        if tasks and patience:
            await asyncio.wait(tasks, timeout=patience)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._left = 0
        self._idle.set()

    def _pump(self) -> None:
        """Start as many fetches as may run."""
        while self._ready and self._may_start():
            group = self._ready.popleft()
            request, state = self._queues[group].waiting.popleft()
            self._free -= 1
            self._tasks.add(asyncio.get_running_loop().create_task(self._one(group, request, state)))

    def _may_start(self) -> bool:
        room = self._free > 0 and len(self._tasks) < _OPEN and self._waiting < self._most_waiting
        return room and self._error is None

    async def _one(self, group: str, request: Request, state: FetchState) -> None:
        counted = True

        def release() -> None:
            nonlocal counted
            if counted:
                counted = False
                self._free += 1
                self._pump()

        task = asyncio.current_task()
        assert task is not None
        slow = asyncio.get_running_loop().call_later(_SLOW_AFTER, release)
        gap = 0.0
        try:
            fetched = self._held(group, request, state)
            if fetched is None:
                gap = request.gap
                fetched = await fetch(self._client, request, state, self._clock())
                self.hosts.learn(group, fetched, self._clock())
            told = self._on_result(request, fetched)
            if told is not None:
                await self._taken(told)
        except Exception as error:
            self._error = self._error or error
        finally:
            slow.cancel()
            self._tasks.discard(task)
            self._done(group, gap)
            release()
            self._pump()

    async def _taken(self, told: Awaitable[None]) -> None:
        self._waiting += 1
        try:
            await told
        finally:
            self._waiting -= 1

    def _held(self, group: str, request: Request, state: FetchState) -> Fetched | None:
        """The result without a question if the host wants to be left alone."""
        now = self._clock()
        until = self.hosts.held(group, now)
        if until is None:
            return None
        seconds = int((until - now).total_seconds()) + 1
        reason = f"{shown(request.url)}: {group} asked to be left alone until {until:%Y-%m-%d %H:%M:%S%z}"
        return Fetched("delayed", state, reason, retry_after=seconds)

    def _done(self, group: str, gap: float) -> None:
        self._left -= 1
        if group in self._queues:
            if gap > 0:
                self._rests[group] = asyncio.get_running_loop().call_later(gap, self._rested, group)
            else:
                self._next(group)
        if self._left <= 0 or self._error is not None:
            self._idle.set()

    def _rested(self, group: str) -> None:
        self._rests.pop(group, None)
        self._next(group)
        self._pump()

    def _next(self, group: str) -> None:
        queue = self._queues[group]
        if queue.waiting:
            self._ready.append(group)
        else:
            del self._queues[group]


async def poll_all(
    client: Client,
    due: Iterable[Request],
    states: Mapping[str, FetchState],
    on_result: OnResult,
    *,
    clock: Clock,
    hosts: Hosts | None = None,
    at_once: int = AT_ONCE,
) -> None:
    """Fetch all of these upstreams once.

    Args:
        client: Makes the requests.
        due: What to fetch.
        states: What is known of each source, by its name.
        on_result: Told of each as soon as it is done.
        clock: The time now.
        hosts: Which hosts want to be left alone; learns from the answers.
        at_once: Quick fetches in flight together.

    Raises:
        Exception: what ``on_result`` raised.
    """
    poller = Poller(client, on_result, clock=clock, hosts=hosts, at_once=at_once)
    try:
        for request in due:
            poller.submit(request, states.get(request.name, FetchState()))
        await poller.finish()
    finally:
        await poller.stop()
