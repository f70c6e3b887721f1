"""State that the parts of the daemon share while it runs with one configuration."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from feeds.config import Config
from feeds.daemon.event_log import EventLog
from feeds.errors import WorkersStopped
from feeds.protocols import Clock
from feeds.session import Session

T = TypeVar("T")


class JobInterrupted(Exception):  # noqa: N818 - it is not an error
    """The daemon stops and a long job has used up its time; the next run finishes it."""


class DaemonContext:
    """The session, and the only thread that uses its store.

    The event loop runs timers, the network and the watchers. Everything that uses the store runs in the
    store's thread, one job after the other.
    """

    session: Session
    """Set once the store is open; used in the store's thread."""

    def __init__(self, config: Config, clock: Clock, log: EventLog) -> None:
        self.config, self.clock, self.log = config, clock, log
        # A single thread, because SQLite allows one writer, and a write must not block the event loop.
        self.store_thread = ThreadPoolExecutor(1, "store")
        self.wants_publishing = asyncio.Event()
        self.failure: BaseException | None = None
        """The error that ended a part without which the daemon cannot continue."""
        self.failed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: float | None = None

    async def run_in_store_thread(self, work: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401
        """Run a function in the store's thread and return its result.

        Raises:
            JobInterrupted: the daemon stops and the function takes too long.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.store_thread, work, *arguments)
        except WorkersStopped as stopped:
            raise JobInterrupted("a document was still being processed") from stopped

    def end_within(self, seconds: float) -> None:
        """Let jobs in the store's thread run for this many seconds; longer jobs are interrupted."""
        # The first deadline counts: a second signal must not prolong the stop.
        if self._end is None:
            self._end = time.monotonic() + seconds
            # A job that waits for a worker process does not check the time.
            asyncio.get_running_loop().call_later(seconds, self._stop_workers)

    def _stop_workers(self) -> None:
        if hasattr(self, "session"):
            self.session.workers.stop()

    def progress(self, step: str, done: int, total: int) -> None:
        """Check between the steps of a long job whether it must end.

        Raises:
            JobInterrupted: it must end.
        """
        if self._end is not None and time.monotonic() > self._end:
            raise JobInterrupted(f"{step}: {done} of {total}")

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run this in the background; it is cancelled when the daemon stops."""
        task = asyncio.create_task(work)
        # The event loop keeps only weak references, so an unreferenced task could vanish while it runs.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.watch_task(task)
        return task

    def watch_task(self, task: asyncio.Task[None]) -> None:
        """Stop the daemon if this task fails."""
        task.add_done_callback(self._handle_failure)

    def _handle_failure(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        # An interrupted job is finished by the next run.
        if error is not None and not isinstance(error, (JobInterrupted, WorkersStopped)):
            self.failure = self.failure or error
            self.failed.set()

    async def run_watched(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a job of the scheduler, which alone would only log a failure."""
        await asyncio.wait((self.begin(work),))

    async def cancel_tasks(self) -> None:
        """Cancel the background tasks."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        # Cancelled tasks need a turn of the loop to release what they hold.
        await asyncio.gather(*tasks, return_exceptions=True)

    def log_problems(self, reasons: list[str]) -> None:
        """Log the problems of sources; a reason begins with ``source NAME:`` if it concerns a single source."""
        for reason in reasons:
            name, _, error = reason.removeprefix("source ").partition(": ")
            concerns_source = reason.startswith("source ") and error
            self.log(
                "warning", source=name if concerns_source else "", error=error if concerns_source else reason
            )
