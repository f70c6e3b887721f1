"""The crew of :mod:`feeds.workers.workers`: threads that give work to processes, and what those do.

Each process has a pipe of its own and a thread of its own here that gives it work. So the end of one,
killed or out of memory, tears nobody else's pipe and holds nobody else's lock: another takes its place
and its work. The standard pool shares its pipes and locks, and may wait for ever for a process that is gone.

Work that exceeds the deadline ends with its process: the kernel kills it, for code that hangs in C runs no handler.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from feeds.errors import DeadlineExceeded, WorkersLost

_MOST_LOSSES = 5
"""So many processes may end over one piece of work before it is given up."""
_DEAF_TO = (signal.SIGTERM, signal.SIGINT, signal.SIGTSTP)
"""A terminal and a supervisor tell every process of a group to stop: the parent alone decides what that means.

Nor does Ctrl-Z stop a worker, whose deadline would pass meanwhile."""
_PROGRAM = "import sys; sys.path[:] = {path!r}; from feeds.workers.process_pool import work; work({pipe})"
"""What a worker process runs. ``multiprocessing`` would first run the main module of the parent again."""

Setting = tuple[Callable[[Any], None], object]
"""A function that each process calls before its first work, and its argument."""


class Crew:
    """Processes and the work that waits for them.

    Work that takes longer than ``deadline`` seconds is given up.
    """

    def __init__(self, setting: Setting, deadline: float) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._setting, self._deadline = setting, deadline
        self._hands: list[_Hand] = []

    def grow(self, count: int) -> None:
        """Have at least ``count`` processes; each starts with its first work."""
        while len(self._hands) < count:
            hand = _Hand(self._jobs, self._hands, self._setting, self._deadline)
            hand.start()
            self._hands.append(hand)

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
        self,
        jobs: queue.SimpleQueue[_Job | None],
        crew: Sequence[_Hand],
        setting: Setting,
        deadline: float,
    ) -> None:
        super().__init__(name="worker", daemon=True)
        self._jobs, self._crew, self._setting, self._deadline = jobs, crew, setting, deadline
        self._waiting: deque[_Job] = deque()
        """Work without an answer, in order: the first is being done, the second lies ready beside it."""
        self._given = 0
        """How much of it the process has."""
        self._process: subprocess.Popen[bytes] | None = None
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
        while not self._waiting or (len(self._waiting) < 2 and self._jobs.qsize() > len(self._crew)):
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
        signal.pthread_sigmask(
            signal.SIG_BLOCK, _DEAF_TO
        )  # in this thread; the process has it from the first
        pipe, other = Pipe()
        with other:
            program = _PROGRAM.format(path=sys.path, pipe=other.fileno())
            self._process = subprocess.Popen(  # noqa: S603 - Python itself with a program of ours
                [sys.executable, "-c", program], stdin=subprocess.DEVNULL, pass_fds=[other.fileno()]
            )
        self._pipe = pipe
        pipe.send((*self._setting, self._deadline))
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
        if code == -signal.SIGALRM:
            self._settle(None, DeadlineExceeded(self._deadline))
            return
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
        code = process.wait()
        pipe.close()
        return code


def _tell_to_end(pipe: Connection) -> None:
    try:
        pipe.send(None)
    except OSError:
        return  # it has ended already


def work(descriptor: int) -> None:
    """What a worker process does: until it is told to end, or its parent ends, however that ends.

    Args:
        descriptor: Of the pipe, which brings a function to call first, its argument and the deadline, then the work.
    """
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    pipe = Connection(descriptor)
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, jobs), daemon=True).start()
    setting, value, deadline = jobs.get()
    setting(value)
    while (job := jobs.get()) is not None:
        function, piece = job
        answer = _answer(function, piece, deadline)
        try:
            pipe.send(answer)
        except OSError:
            os._exit(1)  # whoever gave the work is gone


def _answer(
    function: Callable[[Any], Any], piece: object, deadline: float
) -> tuple[object, Exception | None]:
    """The result of one piece of work, or the error that it raises; past the deadline this process is killed."""
    signal.setitimer(signal.ITIMER_REAL, deadline)
    try:
        return function(piece), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        return None, error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _listen(pipe: Connection, jobs: queue.SimpleQueue[Any]) -> None:
    """Take in work at any time, so that whoever gives it never waits; end if there is nobody any more."""
    try:
        while (job := pipe.recv()) is not None:
            jobs.put(job)
    except Exception:
        os._exit(1)
    jobs.put(None)
