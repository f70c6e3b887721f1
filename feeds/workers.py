"""The process pool: cleaning and rendering use every processor, little work none of it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

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
        self._pool: ProcessPoolExecutor | None = None
        _collect_seldom()
        setting(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(wait=error is None, cancel_futures=True)

    def map(self, function: Callable[[T], R], pieces: Sequence[T]) -> Iterator[R]:
        """The results in the order of the pieces; only a few are under way at once."""
        if self._count < 2 or len(pieces) < _WORTH_IT:
            yield from map(function, pieces)
            return
        pool = self._started()
        under_way: deque[Future[R]] = deque()
        for piece in pieces:
            under_way.append(pool.submit(function, piece))
            if len(under_way) > 3 * self._count:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._count,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._setting, self._value),
            )
        return self._pool


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _collect_seldom() -> None:
    """Look for reference cycles seldom: a run makes many values and few cycles."""
    gc.set_threshold(20_000, 20, 100)


def _begin(setting: Callable[[Any], None], value: object) -> None:
    """Start a worker: it ends with its parent, however that ends."""
    parent = multiprocessing.parent_process()
    if parent:

        def watch() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()
    # A terminal and a supervisor tell every process of a group to stop: the parent alone decides what that means.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    _collect_seldom()
    setting(value)
