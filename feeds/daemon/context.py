"""What the parts of the daemon share while it works under one configuration."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from feeds.config import Config
from feeds.daemon.event_log import EventLog
from feeds.protocols import Clock
from feeds.run_context import Run

T = TypeVar("T")


class BrokenOff(Exception):  # noqa: N818 - an order, no fault
    """The daemon is to end and a long job has had its time; the next run finishes it."""


class Shift:
    """The run, and the one thread that uses its store.

    The event loop has the clock, the network and the watching; everything that uses the store runs in
    the store's thread, one thing after the other.
    """

    run: Run
    """Set once the store is open; used in the store's thread."""

    def __init__(self, config: Config, clock: Clock, log: EventLog) -> None:
        self.config, self.clock, self.log = config, clock, log
        self.store_thread = ThreadPoolExecutor(1, "store")
        self.wants_publishing = asyncio.Event()
        self.failure: BaseException | None = None
        """What ended a part of the work that there is no going on without."""
        self.failed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: float | None = None

    async def in_store_thread(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Run this in the store's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.store_thread, work, *arguments)

    def end_within(self, seconds: float) -> None:
        """Give the jobs in the store's thread so much time to end; long ones are broken off then."""
        if self._end is None:
            self._end = time.monotonic() + seconds

    def progress(self, step: str, done: int, total: int) -> None:
        """Told by a long job how far it is.

        Raises:
            BrokenOff: it is to end.
        """
        if self._end is not None and time.monotonic() > self._end:
            raise BrokenOff(f"{step}: {done} of {total}")

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do this in the background; it is broken off at the end."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.depend_on(task)
        return task

    def depend_on(self, task: asyncio.Task[None]) -> None:
        """If this fails, the daemon ends."""
        task.add_done_callback(self._note_failure)

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, BrokenOff):
            self.failure = self.failure or error
            self.failed.set()

    async def watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this as a job of the clock, which would only log that it failed."""
        await asyncio.wait((self.begin(work),))

    async def break_off(self) -> None:
        """End what runs in the background."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def tell_troubles(self, reasons: list[str]) -> None:
        """Log what went wrong with sources."""
        for reason in reasons:
            self.log("trouble", reason=reason)
