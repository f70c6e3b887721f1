"""Worker processes: cleaning and rendering use every processor, little work none of it.

What starts and feeds them is :mod:`feeds.work.crew`, which most runs need not even load.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

    from feeds.work.crew import Crew

T = TypeVar("T")
R = TypeVar("R")

_WORTH_IT = 4  # pieces of work below which starting processes costs more than it saves


class Workers:
    """Runs a function over pieces of work, in order; processes start when there is enough to do.

    ``setting`` is called once in each process (and in this one) before any work.
    """

    def __init__(self, count: int, setting: Callable[[Any], None], value: object) -> None:
        self._count = count
        self._setting = setting
        self._value = value
        self._crew: Crew | None = None
        begin((setting, value))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._crew:
            self._crew.dismiss(at_once=error is not None)

    def map(self, function: Callable[[T], R], pieces: Sequence[T]) -> Iterator[R]:
        """The results in the order of the pieces; only a few are under way at once.

        Raises:
            WorkersLost: a piece cannot be done, for every process that has it ends.
        """
        if self._count < 2 or len(pieces) < _WORTH_IT:
            yield from map(function, pieces)
            return
        crew = self._started()
        under_way: deque[Future[R]] = deque()
        for piece in pieces:
            under_way.append(crew.do(function, piece))
            if len(under_way) > 3 * self._count:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    def _started(self) -> Crew:
        if self._crew is None:
            from feeds.work.crew import Crew

            self._crew = Crew(self._count, (begin, (self._setting, self._value)))
        return self._crew


def begin(work: tuple[Callable[[Any], None], object]) -> None:
    """Make a process ready for work: it looks for reference cycles seldom, for it makes many values and few cycles."""
    gc.set_threshold(20_000, 20, 100)
    setting, value = work
    setting(value)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
