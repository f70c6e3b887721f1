"""Worker processes: whatever outsiders have written is processed there, under a deadline.

Much work uses every processor, little work one process. What starts and feeds them is :mod:`feeds.workers.process_pool`,
which most runs need not even load.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, TypeVarTuple

from feeds.errors import DeadlineExceeded
from feeds.workers import DEADLINE
from feeds.workers.task_types import Work

if TYPE_CHECKING:
    from concurrent.futures import Future

    from feeds.workers.process_pool import Crew

T = TypeVar("T")
R = TypeVar("R")
Arguments = TypeVarTuple("Arguments")

_WORTH_IT = 4  # pieces of work below which starting another process costs more than it saves


class Workers:
    """Runs functions over pieces of work in worker processes, which start with the first work.

    ``setting`` is called in each process (and in this one) before any work.
    """

    def __init__(
        self, count: int, setting: Callable[[Any], None], value: object, deadline: float = DEADLINE
    ) -> None:
        self._count = count
        self._setting = setting
        self._value = value
        self._deadline = deadline
        self._crew: Crew | None = None
        begin((setting, value))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._crew:
            self._crew.dismiss(at_once=error is not None)

    def run(self, function: Callable[[*Arguments], R], *arguments: *Arguments) -> R:
        """Call a function in a worker process.

        Raises:
            DeadlineExceeded: it takes too long.
            WorkersLost: it cannot be done, for every process that has it ends.
        """
        result: R = self._started(1).do(_call, (function, arguments)).result()
        return result

    def map(self, function: Callable[[T], R], pieces: Sequence[T]) -> Iterator[R]:
        """The results in the order of the pieces; only a few are under way at once.

        Raises:
            DeadlineExceeded: a piece takes too long.
            WorkersLost: a piece cannot be done, for every process that has it ends.
        """
        for _, result in self._under_way(function, pieces):
            yield result.result()

    def process(self, work: Work[T, R], pieces: Sequence[T]) -> Iterator[list[R]]:
        """:meth:`map` that rejects items which exceed the deadline, and them alone.

        Raises:
            WorkersLost: a piece cannot be done, for every process that has it ends.
        """
        for piece, result in self._under_way(work.do, pieces):
            try:
                yield result.result()
            except DeadlineExceeded as error:
                yield self._one_by_one(work, piece, str(error))

    def _one_by_one(self, work: Work[T, R], piece: T, reason: str) -> list[R]:
        """The results of a piece of which some item exceeds the deadline."""
        alone = work.split(piece)
        if len(alone) < 2:
            return work.reject(piece, reason)
        return [one for results in self.process(work, alone) for one in results]

    def _under_way(self, function: Callable[[T], R], pieces: Sequence[T]) -> Iterator[tuple[T, Future[R]]]:
        if not pieces:
            return
        crew = self._started(self._count if len(pieces) >= _WORTH_IT else 1)
        under_way: deque[tuple[T, Future[R]]] = deque()
        for piece in pieces:
            under_way.append((piece, crew.do(function, piece)))
            if len(under_way) > 3 * self._count:
                yield under_way.popleft()
        while under_way:
            yield under_way.popleft()

    def _started(self, count: int) -> Crew:
        if self._crew is None:
            from feeds.workers.process_pool import Crew

            self._crew = Crew((begin, (self._setting, self._value)), self._deadline)
        self._crew.grow(count)
        return self._crew


def _call(work: tuple[Callable[..., R], tuple[Any, ...]]) -> R:
    function, arguments = work
    return function(*arguments)


def begin(work: tuple[Callable[[Any], None], object]) -> None:
    """Make a process ready for work: it looks for reference cycles seldom, for it makes many values and few cycles."""
    gc.set_threshold(20_000, 20, 100)
    setting, value = work
    setting(value)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
