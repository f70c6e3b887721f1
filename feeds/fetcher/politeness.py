"""Fetch many upstream feeds politely: one request at a time per host, with a pause; slow hosts delay no others.

:class:`HostHolds` stores which hosts are rate-limited; :class:`Poller` fetches what is submitted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from feeds.fetcher.feed import Fetched, FetchState, extract_host, fetch, find_host_group
from feeds.fetcher.request import Request
from feeds.http import Client
from feeds.http.address import redact_address
from feeds.protocols import Clock

OnResult = Callable[[Request, Fetched], Awaitable[None] | None]
"""Called after every fetch. While a returned awaitable runs, its host waits; many of them stop all polling."""

AT_ONCE = 64
"""Limit of quick fetches that run together."""
# Each fetch needs a file descriptor, and many systems allow 1,024 for a process.
_MOST_OPEN = 512
# Most servers answer faster, so the limit of quick fetches stays meaningful.
_SLOW_AFTER = 0.5
_DEFAULT_WAIT = 600


class HostHolds:
    """Hosts (or groups) that must not be polled before a time (429 and 503, RFC 6585 and RFC 9110).

    ``holds`` are the times that an earlier run stored, so that a restart polls no host too early.
    """

    def __init__(self, holds: Mapping[str, datetime] | None = None) -> None:
        self._holds = dict(holds or {})
        self.changed = False
        """Whether there are new times to store."""

    def hold(self, group: str, until: datetime) -> None:
        """Do not poll the group before this time; a later time that is set already stays."""
        self._holds[group] = max(until, self._holds.get(group, until))
        # Storing the times costs a transaction, so the caller needs to know whether there are any.
        self.changed = True

    def get_hold(self, group: str, now: datetime) -> datetime | None:
        """Return the time before which the group must not be polled; None if it may be polled."""
        until = self._holds.get(group)
        if until is not None and until <= now:
            del self._holds[group]
            return None
        return until

    def list_holds(self, now: datetime) -> dict[str, datetime]:
        """Return the times that are still in the future, to be stored."""
        return {group: until for group, until in self._holds.items() if until > now}

    def apply_response(self, group: str, fetched: Fetched, now: datetime) -> None:
        """Apply a 429, or a 503 with ``Retry-After``, to every request from here to that host."""
        # A result without a request repeats an earlier pause and must not prolong it.
        if fetched.outcome != "delayed" or not fetched.status:
            return
        # A 429 without Retry-After still needs a pause, and its length is up to us.
        seconds = max(fetched.retry_after or _DEFAULT_WAIT, min(fetched.max_age or 0, 86400))
        # A redirect may have led to another host, which sent the response.
        for name in {group, extract_host(fetched.url)}:
            self.hold(name, now + timedelta(seconds=seconds))


@dataclass(slots=True)
class _Queue:
    """Requests that wait for one host; ``busy`` while it is polled, pauses or is ready."""

    waiting: deque[tuple[Request, FetchState]] = field(default_factory=deque)
    busy: bool = False


class Poller:
    """Fetch what is submitted: one request at a time per host with a pause, different hosts together.

    At most ``at_once`` quick fetches run together. A fetch that takes longer than half a second no longer
    counts, so that slow feeds do not delay others; at most 512 run in all. While ``at_once`` results wait, no
    new fetch starts, because their documents use memory.
    """

    def __init__(
        self,
        client: Client,
        on_result: OnResult,
        *,
        clock: Clock,
        hosts: HostHolds | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        self.hosts = hosts or HostHolds()
        self._client = client
        self._on_result = on_result
        self._clock = clock
        self._free = self._most_waiting = at_once
        self._waiting = 0
        """Number of results that wait to be ingested."""
        self._queues: dict[str, _Queue] = {}
        self._ready: deque[str] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pauses: dict[str, asyncio.TimerHandle] = {}
        self._left = 0
        self._error: BaseException | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, request: Request, state: FetchState) -> None:
        """Fetch this when its host is free; needs a running event loop."""
        # The address that the feed has moved to counts, because that host gets the request.
        group = find_host_group(request, state)
        queue = self._queues.setdefault(group, _Queue())
        queue.waiting.append((request, state))
        self._left += 1
        self._idle.clear()
        if not queue.busy:
            queue.busy = True
            self._ready.append(group)
            self._start_fetches()

    async def finish(self) -> None:
        """Wait until everything submitted has been fetched.

        Raises:
            Exception: what ``on_result`` raised first; no more fetches start after it.
        """
        await self._idle.wait()
        if self._error is not None:
            # Running fetches would otherwise pass their results to a caller that has failed.
            await self.stop()
            raise self._error

    async def stop(self, patience: float = 0) -> None:
        """Drop what waits; cancel running fetches after ``patience`` seconds."""
        for rest in self._pauses.values():
            rest.cancel()
        # Clear the queues before waiting, so that ended fetches start no others.
        self._queues.clear()
        self._ready.clear()
        self._pauses.clear()
        tasks = list(self._tasks)
        if tasks and patience:
            await asyncio.wait(tasks, timeout=patience)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._left = 0
        self._idle.set()

    def _start_fetches(self) -> None:
        """Start as many fetches as the limits allow."""
        while self._ready and self._may_start():
            group = self._ready.popleft()
            request, state = self._queues[group].waiting.popleft()
            self._free -= 1
            self._tasks.add(asyncio.get_running_loop().create_task(self._fetch_next(group, request, state)))

    def _may_start(self) -> bool:
        room = self._free > 0 and len(self._tasks) < _MOST_OPEN and self._waiting < self._most_waiting
        return room and self._error is None

    async def _fetch_next(self, group: str, request: Request, state: FetchState) -> None:
        counted = True

        def release() -> None:
            nonlocal counted
            # Called by the timer and at the end, but the place is freed once.
            if counted:
                counted = False
                self._free += 1
                self._start_fetches()

        # A slow host frees its place after half a second, so that a few of them cannot block all polls.
        task = asyncio.current_task()
        assert task is not None
        slow = asyncio.get_running_loop().call_later(_SLOW_AFTER, release)
        gap = 0.0
        try:
            fetched = self._build_held_result(group, request, state)
            if fetched is None:
                gap = request.gap
                fetched = await fetch(self._client, request, state, self._clock())
                self.hosts.apply_response(group, fetched, self._clock())
            ingesting = self._on_result(request, fetched)
            # The host stays busy until its document is ingested, so that documents cannot pile up.
            if ingesting is not None:
                await self._await_ingest(ingesting)
        # This task is not awaited, so an error of the caller's function must end the whole poll.
        except Exception as error:
            self._error = self._error or error
        finally:
            slow.cancel()
            self._tasks.discard(task)
            self._finish_fetch(group, gap)
            release()
            self._start_fetches()

    async def _await_ingest(self, ingesting: Awaitable[None]) -> None:
        self._waiting += 1
        try:
            await ingesting
        finally:
            self._waiting -= 1

    def _build_held_result(self, group: str, request: Request, state: FetchState) -> Fetched | None:
        """Return the result without a request if the host must not be polled yet."""
        now = self._clock()
        until = self.hosts.get_hold(group, now)
        if until is None:
            return None
        seconds = int((until - now).total_seconds()) + 1
        reason = f"{redact_address(request.url)}: {group} is rate-limited until {until:%Y-%m-%d %H:%M:%S%z}"
        return Fetched("delayed", state, reason, retry_after=seconds)

    def _finish_fetch(self, group: str, gap: float) -> None:
        self._left -= 1
        # The queues are empty after a stop.
        if group in self._queues:
            # A result without a request needs no pause.
            if gap > 0:
                self._pauses[group] = asyncio.get_running_loop().call_later(gap, self._end_pause, group)
            else:
                self._queue_next(group)
        if self._left <= 0 or self._error is not None:
            self._idle.set()

    def _end_pause(self, group: str) -> None:
        self._pauses.pop(group, None)
        self._queue_next(group)
        self._start_fetches()

    def _queue_next(self, group: str) -> None:
        queue = self._queues[group]
        if queue.waiting:
            self._ready.append(group)
        else:
            # Thousands of hosts come and go in a daemon, so idle queues are not kept.
            del self._queues[group]
