"""Due requests run within their limits: hosts in turn, a failing host with one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from feeds.errors import FeeddError, StoreError
from feeds.storage.subscriptions import Due
from feeds.websub.dispatcher import Bounds, Dispatcher
from feeds.websub.outgoing import Outcome


class Desk:
    """A store with a list of due requests."""

    def __init__(self, due: list[Due]) -> None:
        self.due = due
        self.expired: list[int] = []
        self.asked: list[tuple[int, int, int]] = []
        self.error: StoreError | None = None

    async def __call__(self, work: Callable[[Desk], object]) -> object:
        if self.error is not None:
            self.error, error = None, self.error
            raise error
        return work(self)

    def expire_subscriptions(self, now: int) -> None:
        self.expired.append(now)

    def load_due_requests(self, now: int, each: int, most: int) -> list[Due]:
        self.asked.append((now, each, most))
        return list(self.due)


class Jobs:
    """Runs requests, and knows how many run at once."""

    def __init__(self, desk: Desk, work: Callable[[int], Awaitable[Outcome]] | None = None) -> None:
        self.desk, self.work = desk, work
        self.done: list[tuple[str, int]] = []
        self.running = self.most = 0

    async def deliver(self, number: int) -> Outcome:
        return await self._run("deliver", number)

    async def run_task(self, number: int) -> Outcome:
        return await self._run("task", number)

    async def _run(self, kind: str, number: int) -> Outcome:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0)
            return await self.work(number) if self.work else Outcome("done")
        finally:
            self.running -= 1
            self.done.append((kind, number))
            self.desk.due = [due for due in self.desk.due if due.number != number]


def dispatch(
    due: list[Due],
    bounds: Bounds,
    work: Callable[[int], Awaitable[Outcome]] | None = None,
    desk: Desk | None = None,
) -> tuple[Jobs, Dispatcher]:
    """Run until every request is done."""
    desk = desk or Desk(due)
    jobs = Jobs(desk, work)

    async def run() -> Dispatcher:
        dispatcher = Dispatcher(desk, jobs, lambda: 1000.0, bounds)  # type: ignore[arg-type]
        running = asyncio.create_task(dispatcher.run())
        async with asyncio.timeout(5):
            while len(jobs.done) < len(due):
                await asyncio.sleep(0)
        dispatcher.stop()
        async with asyncio.timeout(5):
            await running
        return dispatcher

    return jobs, asyncio.run(run())


def test_deliveries_and_tasks_run_once_each() -> None:
    desk = Desk([Due(True, 1, "a"), Due(False, 2, "a"), Due(True, 3, "b")])
    jobs, dispatcher = dispatch(list(desk.due), Bounds(poll=0.01), desk=desk)
    assert sorted(jobs.done) == [("deliver", 1), ("deliver", 3), ("task", 2)]
    assert desk.expired == [1000]
    assert set(desk.asked) == {(1000, 128, 1024)}
    assert (dispatcher._known, dispatcher._under_way, dispatcher._tasks) == (set(), {}, set())


def test_no_more_run_at_once_than_allowed() -> None:
    due = [Due(True, number, f"h{number % 5}") for number in range(20)]
    assert dispatch(due, Bounds(total=3, poll=0.01))[0].most == 3
    assert dispatch([due[0], *due[5::5]], Bounds(host=2, poll=0.01))[0].most == 2


def test_hosts_take_turns() -> None:
    due = [Due(True, 1, "a"), Due(True, 2, "a"), Due(True, 3, "b")]
    jobs, _ = dispatch(due, Bounds(total=1, poll=0.01))
    assert [number for _, number in jobs.done] == [1, 3, 2]


def test_a_failing_host_gets_one_request_at_a_time() -> None:
    async def fail(number: int) -> Outcome:
        if number == 1:
            raise FeeddError("down")
        if number == 2:
            raise ZeroDivisionError
        return Outcome("again", "status 500")

    due = [Due(True, number, "a") for number in range(1, 6)]
    desk = Desk(due[:1])
    jobs = Jobs(desk, fail)

    async def run() -> None:
        dispatcher = Dispatcher(desk, jobs, lambda: 1000.0, Bounds(poll=0.01))  # type: ignore[arg-type]
        running = asyncio.create_task(dispatcher.run())
        while not jobs.done:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert dispatcher._troubled == {"a"}
        jobs.most = 0
        desk.due = list(due[1:])
        dispatcher.wake()
        async with asyncio.timeout(5):
            while len(jobs.done) < len(due):
                await asyncio.sleep(0)
        dispatcher.stop()
        await running

    asyncio.run(run())
    assert jobs.most == 1


def test_a_success_ends_the_trouble_and_a_locked_store_is_tried_again() -> None:
    desk = Desk([Due(True, 1, "a")])
    desk.error = StoreError("locked")
    jobs, dispatcher = dispatch(list(desk.due), Bounds(poll=0.01), desk=desk)
    assert jobs.done == [("deliver", 1)]
    assert dispatcher._troubled == set()


def test_what_runs_too_long_at_the_end_is_cancelled() -> None:
    async def hang(number: int) -> Outcome:
        await asyncio.sleep(60)
        return Outcome("done")

    async def run() -> list[tuple[str, int]]:
        desk = Desk([Due(True, 1, "a")])
        jobs = Jobs(desk, hang)
        dispatcher = Dispatcher(desk, jobs, lambda: 1000.0, Bounds(poll=0.01, leave=0.01))  # type: ignore[arg-type]
        running = asyncio.create_task(dispatcher.run())
        while not jobs.running:
            await asyncio.sleep(0)
        dispatcher.stop()
        async with asyncio.timeout(5):
            await running
        await asyncio.sleep(0)
        return jobs.done

    assert asyncio.run(run()) == [("deliver", 1)]
