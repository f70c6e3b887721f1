"""Worker processes: they parse untrusted documents, under a deadline.

Many tasks use every processor, few tasks use one process. :mod:`feeds.workers.process_pool` starts the
processes; runs without tasks do not load it.
"""

from __future__ import annotations

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, TypeVarTuple

from feeds.errors import DeadlineExceeded, WorkersStopped
from feeds.workers import BUDGET, DEADLINE
from feeds.workers.task_types import TaskKind

if TYPE_CHECKING:
    from concurrent.futures import Future

    from feeds.workers.process_pool import ProcessPool

T = TypeVar("T")
R = TypeVar("R")
Arguments = TypeVarTuple("Arguments")

# A budget for each item would allow a thousand slow items to block a build for hours.
_ITEMS_PER_BUDGET = 1000
# With fewer tasks, starting another process costs more than it saves.
_WORTH_IT = 4


class Workers:
    """Run functions over tasks in worker processes, which start with the first task.

    ``setting`` is called in each process, also in the calling process, before any task.
    """

    def __init__(
        self,
        count: int,
        setting: Callable[[Any], None],
        value: object,
        deadline: float = DEADLINE,
        budget: float = BUDGET,
    ) -> None:
        self._count = count
        self._setting = setting
        self._value = value
        self.deadline = deadline
        """Seconds for a task."""
        self.budget = budget
        """Seconds for one feed document, or for a thousand files."""
        self.at_once = count + 1
        """Number of documents that are read together; more would wait in front of a process that hangs."""
        self._pool: ProcessPool | None = None
        self._stopped = False
        begin((setting, value))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread that still reads a document must not wait for a process that has ended.
        self._stopped = True
        if self._pool:
            # After an error the results of running jobs are not used.
            self._pool.dismiss(at_once=error is not None)

    def stop(self) -> None:
        """End every process at once, from any thread; tasks without a result fail with WorkersStopped."""
        self._stopped = True
        if self._pool:
            self._pool.stop()

    def run(self, function: Callable[[*Arguments], R], *arguments: *Arguments) -> R:
        """Call a function in a worker process.

        Raises:
            DeadlineExceeded: it takes too long.
            WorkersLost: every process that runs it ends.
        """
        result: R = self._start_pool(1).submit_job(_call, (function, arguments)).result()
        return result

    def submit(
        self, seconds: float, waiting: int, function: Callable[[*Arguments], R], *arguments: *Arguments
    ) -> Future[R]:
        """Start a function in a worker process with a deadline of its own, and return its future.

        ``waiting`` is the number of calls that follow: many of them use every processor.
        """
        pool = self._start_pool(self._count if waiting >= _WORTH_IT else 1)
        return pool.submit_job(_call, (function, arguments), seconds)

    def run_beside(self, end: float, function: Callable[[*Arguments], R], *arguments: *Arguments) -> R:
        """Call a function like :meth:`run`, but no longer than until ``end`` (of ``time.monotonic``).

        There is a second process, so that it may take long and other calls need not wait.
        """
        seconds = max(0.001, min(self.deadline, end - time.monotonic()))
        result: R = self._start_pool(2).submit_job(_call, (function, arguments), seconds).result()
        return result

    def map(self, function: Callable[[T], R], pieces: Sequence[T]) -> Iterator[R]:
        """Yield the results in the order of the tasks; only a few are in progress at once.

        Raises:
            DeadlineExceeded: a task takes too long.
            WorkersLost: every process that runs a task ends.
        """
        for _, result in self._submit_all(function, pieces, len(pieces)):
            yield result.result()

    def process(self, work: TaskKind[T, R], pieces: Sequence[T]) -> Iterator[list[R]]:
        """Yield results like :meth:`map`; an item that exceeds the deadline is rejected without the others.

        A thousand items share a budget. When slow items have used it, the other items of the thousand that are
        still waiting are rejected too.

        Raises:
            WorkersLost: a piece cannot be done, because every process that has it ends.
        """
        budget = _Budget(self.budget)
        waiting = deque(pieces)
        while waiting:
            yield from self._process_within(budget, work, waiting)
            while waiting and budget.is_used_up():
                piece = waiting.popleft()
                # Rejected items count too, so that the next thousand gets its own budget.
                budget.add_items(len(work.split(piece)))
                yield self._reject_all(work, piece)

    def _process_within(self, budget: _Budget, work: TaskKind[T, R], waiting: deque[T]) -> Iterator[list[R]]:
        """Process pieces from the left of ``waiting`` until the budget is used up."""

        def take_pieces() -> Iterator[tuple[Callable[[T], list[R]], T]]:
            while waiting and not budget.is_used_up():
                yield work.do, waiting.popleft()

        for (_, piece), result in self._submit_all(_measure, take_pieces(), len(waiting)):
            items = work.split(piece)
            budget.add_items(len(items))
            try:
                seconds, found = result.result()
            except DeadlineExceeded as error:
                budget.spend(self.deadline)
                yield self._process_one_by_one(work, items, str(error), budget)
            else:
                budget.spend(seconds)
                yield found

    def _process_one_by_one(
        self, work: TaskKind[T, R], items: Sequence[T], reason: str, budget: _Budget
    ) -> list[R]:
        """Return the results of a piece with an item that exceeds the deadline."""
        # A single item must itself be the slow item, so it need not run again.
        if len(items) < 2:
            return [result for item in items for result in work.reject(item, reason)]
        found: list[R] = []
        for item in items:
            if budget.is_used_up():
                found += self._reject_all(work, item)
                continue
            try:
                # One process is enough: usually a single item of the piece is slow.
                seconds, results = self._start_pool(1).submit_job(_measure, (work.do, item)).result()
            except DeadlineExceeded as error:
                budget.spend(self.deadline)
                found += work.reject(item, str(error))
            else:
                budget.spend(seconds)
                found += results
        return found

    def _reject_all(self, work: TaskKind[T, R], piece: T) -> list[R]:
        reason = (
            f"was not processed, because other items used the {self.budget:g} seconds for a thousand of them; "
            "see what is named above, or raise limits.document_seconds"
        )
        return [result for item in work.split(piece) for result in work.reject(item, reason)]

    def _submit_all(
        self, function: Callable[[T], R], pieces: Iterable[T], count: int
    ) -> Iterator[tuple[T, Future[R]]]:
        if not count:
            return
        pool = self._start_pool(self._count if count >= _WORTH_IT else 1)
        under_way: deque[tuple[T, Future[R]]] = deque()
        for piece in pieces:
            under_way.append((piece, pool.submit_job(function, piece)))
            # Enough to keep every process busy, few enough to bound the memory of results.
            if len(under_way) > 3 * self._count:
                yield under_way.popleft()
        while under_way:
            yield under_way.popleft()

    def _start_pool(self, count: int) -> ProcessPool:
        if self._pool is None:
            from feeds.workers.process_pool import ProcessPool

            self._pool = ProcessPool((begin, (self._setting, self._value)), self.deadline)
        if self._stopped:
            self._pool.stop()
            raise WorkersStopped
        self._pool.ensure_processes(count)
        return self._pool


class _Budget:
    """Seconds that a thousand items may take together."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._items, self._spent = seconds, 0, 0.0

    def add_items(self, count: int) -> None:
        """Count items that are processed; each further thousand has a budget of its own."""
        before = self._items // _ITEMS_PER_BUDGET
        self._items += count
        if self._items // _ITEMS_PER_BUDGET > before:
            self._spent = 0.0

    def spend(self, seconds: float) -> None:
        """Count seconds that were used."""
        self._spent += seconds

    def is_used_up(self) -> bool:
        """Return whether nothing is left."""
        return self._spent >= self._seconds


def _measure(work: tuple[Callable[[T], R], T]) -> tuple[float, R]:
    """Call a function; return the seconds of processor time that it took, and its result."""
    function, piece = work
    # Processor time, so that a busy machine does not use up the budget.
    started = time.process_time()
    result = function(piece)
    return time.process_time() - started, result


def _call(work: tuple[Callable[..., R], tuple[Any, ...]]) -> R:
    function, arguments = work
    return function(*arguments)


def begin(work: tuple[Callable[[Any], None], object]) -> None:
    """Prepare a process for tasks; the garbage collector runs rarely, as tasks build many values and few cycles."""
    gc.set_threshold(20_000, 20, 100)
    setting, value = work
    setting(value)


def count_processors() -> int:
    """Return how many processors this process may use."""
    # In a container, fewer processors are available than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
