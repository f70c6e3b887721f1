"""The crew of :mod:`feeds.work.workers`: threads that give work to processes, and what those do.

Each process has a pipe of its own and a thread of its own here that gives it work. So the end of one,
killed or out of memory, tears nobody else's pipe and holds nobody else's lock: another takes its place
and its work. The standard pool shares its pipes and locks, and may wait for ever for a process that is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from feeds.errors import WorkersLost

_MOST_LOSSES = 5
"""So many processes may end over one piece of work before it is given up."""
_DEAF_TO = (signal.SIGTERM, signal.SIGINT)
"""A terminal and a supervisor tell every process of a group to stop: the parent alone decides what that means."""


class Crew:
    """A number of processes and the work that waits for them; ``setting`` is called in each of them first."""

    def __init__(self, count: int, setting: tuple[Callable[[Any], None], object]) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._hands = [_Hand(self._jobs, count, setting) for _ in range(count)]
        for hand in self._hands:
            hand.start()

    def do(self, function: Callable[[Any], Any], piece: object) -> Future[Any]:
        """Have a piece of work done."""
        job = _Job(function, piece)
        self._jobs.put(job)
        return job.result

    def dismiss(self, at_once: bool) -> None:
        """End all processes; ``at_once`` does not wait for what they are doing."""
        for hand in self._hands:
            hand.release()
        for hand in self._hands:
            self._jobs.put(None)
            if at_once:
                hand.break_off()
        for hand in self._hands:
            hand.join()


@dataclass(slots=True, eq=False)
class _Job:
    function: Callable[[Any], Any]
    piece: object
    result: Future[Any] = field(default_factory=Future)
    losses: int = 0


class _Hand(threading.Thread):
    """Gives one process its work, and takes another process when that one is gone."""

    def __init__(
        self, jobs: queue.SimpleQueue[_Job | None], count: int, setting: tuple[Callable[[Any], None], object]
    ) -> None:
        super().__init__(name="worker", daemon=True)
        self._jobs, self._count, self._setting = jobs, count, setting
        self._waiting: deque[_Job] = deque()
        """Work without an answer, in order: the first is being done, the second lies ready beside it."""
        self._given = 0
        """How much of it the process has."""
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._released = False

    def release(self) -> None:
        """Take no further work."""
        self._released = True

    def break_off(self) -> None:
        """Do not wait for work that is being done."""
        process = self._process
        if process is not None:
            process.kill()

    def run(self) -> None:
        """Work until released."""
        while self._take():
            try:
                answer, error = self._ask()
            except (OSError, EOFError) as lost:
                self._lose(lost)
                continue
            except Exception as wrong:
                self._end()
                answer, error = None, wrong
            self._settle(answer, error)
        self._end()

    def _take(self) -> bool:
        """Have work, and some ahead while there is enough for all; False when released."""
        while not self._waiting or (len(self._waiting) < 2 and self._jobs.qsize() > self._count):
            job = self._jobs.get()
            if self._released or job is None:
                return False
            self._waiting.append(job)
        return not self._released

    def _ask(self) -> tuple[Any, Exception | None]:
        pipe = self._pipe or self._begin()
        while self._given < len(self._waiting):
            job = self._waiting[self._given]
            pipe.send((job.function, job.piece))
            self._given += 1
        answer: tuple[Any, Exception | None] = pipe.recv()
        return answer

    def _begin(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        resource_tracker.ensure_running()  # it would let the signals in again
        signal.pthread_sigmask(
            signal.SIG_BLOCK, _DEAF_TO
        )  # in this thread; the process has it from the first
        pipe, other = context.Pipe()
        with other:
            process = context.Process(target=_work, args=(other,))
            process.start()
        self._pipe, self._process = pipe, process
        pipe.send(self._setting)  # not as arguments, whose loss on the way would be told with a traceback
        return pipe

    def _settle(self, answer: object, error: Exception | None) -> None:
        job = self._waiting.popleft()
        self._given = max(self._given - 1, 0)
        if error is None:
            job.result.set_result(answer)
        else:
            job.result.set_exception(error)

    def _lose(self, error: Exception) -> None:
        """The process is gone: the next one gets its work, unless that seems to be the reason."""
        code = self._end()
        job = self._waiting[0]
        job.losses += 1
        if job.losses >= _MOST_LOSSES:
            how = f"signal {-code}" if code < 0 else str(error) or f"exit code {code}"
            self._settle(None, WorkersLost(how))

    def _end(self) -> int:
        """End the process, at once if it still has work; its exit code."""
        pipe, process = self._pipe, self._process
        self._pipe = self._process = None
        given, self._given = self._given, 0
        if pipe is None or process is None:
            return 0
        if given:
            process.kill()
        else:
            _tell_to_end(pipe)
        process.join()
        pipe.close()
        return process.exitcode or 0


def _tell_to_end(pipe: Connection) -> None:
    try:
        pipe.send(None)
    except OSError:
        return  # it has ended already


def _work(pipe: Connection) -> None:
    """What a worker process does: until it is told to end, or its parent ends, however that ends."""
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, jobs), daemon=True).start()
    setting, value = jobs.get()
    setting(value)
    while (job := jobs.get()) is not None:
        function, piece = job
        answer, wrong = None, None
        try:
            answer = function(piece)
        except Exception as error:
            error.add_note(traceback.format_exc())
            wrong = error
        try:
            pipe.send((answer, wrong))
        except OSError:
            os._exit(1)  # whoever gave the work is gone


def _listen(pipe: Connection, jobs: queue.SimpleQueue[Any]) -> None:
    """Take in work at any time, so that whoever gives it never waits; end if there is nobody any more."""
    try:
        while (job := pipe.recv()) is not None:
            jobs.put(job)
    except Exception:
        os._exit(1)
    jobs.put(None)
