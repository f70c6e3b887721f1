"""What the parts of the daemon share: the store's thread, failures that end it, and its time to stop."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from feeds.daemon.context import DaemonContext, JobInterrupted
from feeds.daemon.event_log import EventLog
from feeds.errors import StoreError, WorkersStopped
from tests.rigs.memory_world import NOON


def run(work: Callable[[DaemonContext], Awaitable[None]]) -> str:
    out = io.StringIO()

    async def main() -> None:
        context = DaemonContext(None, lambda: NOON, EventLog(lambda: NOON, out=out))  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(5):
                await work(context)
        finally:
            context.store_thread.shutdown()

    asyncio.run(main())
    return out.getvalue()


def test_work_runs_in_the_one_thread_of_the_store() -> None:
    async def work(context: DaemonContext) -> None:
        threads = await asyncio.gather(*(context.run_in_store_thread(threading.get_ident) for _ in range(5)))
        assert len(set(threads)) == 1
        assert threads[0] != threading.get_ident()
        assert await context.run_in_store_thread(max, 3, 5) == 5

        def stop() -> None:
            raise WorkersStopped

        with pytest.raises(JobInterrupted):
            await context.run_in_store_thread(stop)

    run(work)


def test_a_long_job_is_interrupted_after_its_time() -> None:
    async def work(context: DaemonContext) -> None:
        stopped: list[int] = []
        context.session = SimpleNamespace(workers=SimpleNamespace(stop=lambda: stopped.append(1)))  # type: ignore[assignment]
        context.progress("reading", 1, 2)
        context.end_within(60)
        context.progress("reading", 1, 2)
        end = context._end
        context.end_within(1000)
        assert context._end == end
        context._end = 0.0
        with pytest.raises(JobInterrupted, match="reading: 1 of 2"):
            context.progress("reading", 1, 2)
        context._end = None
        context.end_within(0)
        await asyncio.sleep(0.01)
        assert stopped == [1]

    run(work)


def test_before_the_store_is_open_no_worker_is_stopped() -> None:
    async def work(context: DaemonContext) -> None:
        context.end_within(0)
        await asyncio.sleep(0.01)

    run(work)


def test_a_failing_task_stops_the_daemon() -> None:
    async def fail(error: BaseException) -> None:
        raise error

    async def work(context: DaemonContext) -> None:
        first = StoreError("full")
        await context.run_watched(fail(JobInterrupted("later")))
        assert not context.failed.is_set()
        await context.run_watched(fail(first))
        await context.run_watched(fail(StoreError("second")))
        assert context.failed.is_set()
        assert context.failure is first
        assert context._tasks == set()

    run(work)


def test_background_tasks_are_cancelled() -> None:
    async def work(context: DaemonContext) -> None:
        task = context.begin(asyncio.sleep(60))  # type: ignore[arg-type]
        await context.cancel_tasks()
        assert task.cancelled()
        assert (context.failure, context._tasks) == (None, set())

    run(work)


def test_problems_name_their_source() -> None:
    async def work(context: DaemonContext) -> None:
        context.log_problems(["source news: broken: badly", "the ledger: wrong", "source of all"])

    lines = [line.split(" ", 1)[1] for line in run(work).splitlines()]
    assert lines == [
        'warning source=news error="broken: badly"',
        'warning error="the ledger: wrong"',
        'warning error="source of all"',
    ]
