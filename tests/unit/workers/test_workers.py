"""Tasks and their budget: results in order, slow items rejected alone, the rest of a thousand after them."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from feeds.errors import DeadlineExceeded, WorkersLost, WorkersStopped
from feeds.workers import workers as module
from feeds.workers.task_types import TaskKind
from feeds.workers.workers import Workers, _Budget, _measure, count_processors


class Pool:
    """Runs each job at once; a job with ``"slow"`` exceeds the deadline."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.jobs: list[object] = []
        self.dismissed: list[bool] = []
        self.deadlines: list[float | None] = []
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    def ensure_processes(self, count: int) -> None:
        self.counts.append(count)

    def submit_job(
        self, function: Callable[[Any], Any], piece: object, deadline: float | None = None
    ) -> Future[Any]:
        self.deadlines.append(deadline)
        self.jobs.append(piece)
        future: Future[Any] = Future()
        if "slow" in repr(piece):
            future.set_exception(DeadlineExceeded(9.0))
        elif "lost" in repr(piece):
            future.set_exception(WorkersLost("signal 9"))
        else:
            future.set_result(function(piece))
        return future

    def dismiss(self, at_once: bool) -> None:
        self.dismissed.append(at_once)


def build(count: int = 3, budget: float = 60.0) -> tuple[Workers, Pool]:
    workers, pool = Workers(count, str, "", 9.0, budget), Pool()
    workers._pool = pool  # type: ignore[assignment]
    return workers, pool


KIND: TaskKind[list[str], str] = TaskKind(
    lambda piece: [item.upper() for item in piece],
    lambda piece: [[item] for item in piece],
    lambda piece, reason: [f"{piece[0]}: {reason[:12]}"],
)


def test_the_setting_is_applied_here_too() -> None:
    seen: list[object] = []
    before = gc.get_threshold()
    try:
        Workers(1, seen.append, "value")
        assert seen == ["value"]
        assert gc.get_threshold() == (20_000, 20, 100)
    finally:
        gc.set_threshold(*before)


def test_results_come_in_order_from_as_many_processes_as_are_worth_it() -> None:
    workers, pool = build()
    assert workers.run(max, 3, 5) == 5
    assert list(workers.map(str, [1, 2, 3])) == ["1", "2", "3"]
    assert list(workers.map(str, [1, 2, 3, 4])) == ["1", "2", "3", "4"]
    assert list(workers.map(str, [])) == []
    assert pool.counts == [1, 1, 3]
    with pytest.raises(WorkersLost):
        list(workers.map(str, ["lost"]))


def test_few_results_wait_at_once() -> None:
    workers, pool = build(count=1)
    results = workers.map(str, list(range(20)))
    next(results)
    assert len(pool.jobs) == 4


def test_an_item_that_exceeds_the_deadline_is_rejected_alone() -> None:
    workers, _ = build()
    assert list(workers.process(KIND, [["a", "slow", "b"], ["c"], ["slow"]])) == [
        ["A", "slow: " + str(DeadlineExceeded(9.0))[:12], "B"],
        ["C"],
        ["slow: " + str(DeadlineExceeded(9.0))[:12]],
    ]


def test_when_the_budget_is_used_the_others_are_rejected() -> None:
    workers, _ = build(count=0, budget=9.0)
    found = list(workers.process(KIND, [["slow"], ["a"], ["b", "c"]]))
    assert found[1:] == [["a: was not proc"], ["b: was not proc", "c: was not proc"]]
    workers, _pool = build(count=0, budget=18.0)
    found = list(workers.process(KIND, [["a", "slow", "b", "c"], ["d"]]))
    assert found[0][2:] == ["b: was not proc", "c: was not proc"]
    assert found[1] == ["d: was not proc"]
    assert (
        "raise limits.document_seconds"
        in workers._reject_all(TaskKind(list, lambda p: [p], lambda p, r: [r]), [1])[0]
    )


def test_each_thousand_items_have_a_budget_of_their_own() -> None:
    budget = _Budget(2.0)
    budget.add_items(999)
    budget.spend(1.0)
    assert not budget.is_used_up()
    budget.spend(1.0)
    assert budget.is_used_up()
    budget.add_items(1)
    assert not budget.is_used_up()
    budget.spend(2.0)
    budget.add_items(999)
    assert budget.is_used_up()


def test_processes_end_at_once_after_an_error() -> None:
    workers, pool = build()
    with workers:
        pass
    with pytest.raises(ZeroDivisionError), workers:
        raise ZeroDivisionError
    assert pool.dismissed == [False, True]
    with Workers(1, str, ""):
        pass


def test_a_task_has_no_longer_than_until_its_end() -> None:
    workers, pool = build()
    now = time.monotonic()
    assert workers.run_beside(now + 100, max, 3, 5) == 5
    assert workers.run_beside(now + 5, max, 3, 5) == 5
    assert workers.run_beside(now - 5, max, 3, 5) == 5
    first, second, third = pool.deadlines
    assert first == 9.0
    assert second is not None
    assert 4 < second <= 5
    assert third == 0.001


def test_after_a_stop_no_task_begins() -> None:
    workers, pool = build()
    workers.stop()
    assert pool.stopped
    with pytest.raises(WorkersStopped):
        workers.run(max, 3, 5)


def test_processor_time_is_measured() -> None:
    seconds, result = _measure((sum, range(10)))
    assert (result, 0 <= seconds < 1) == (45, True)
    assert module.count_processors() == len(os.sched_getaffinity(0)) == count_processors()
