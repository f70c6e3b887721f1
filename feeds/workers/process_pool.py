"""The process pool behind :mod:`feeds.workers.workers`: threads that pass jobs to processes, and the processes' main function.

Each process has its own pipe and its own thread here. So a process that is killed or runs out of memory
breaks no other pipe and holds no shared lock: another process replaces it and gets its jobs. The standard
pool shares pipes and locks, and may wait for a dead process forever.

A job that exceeds the deadline ends with its process: the kernel kills it, because code that hangs in C runs
no signal handler.
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
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from feeds.errors import DeadlineExceeded, WorkersLost, WorkersStopped

_MOST_LOSSES = 5
"""A job fails after this many processes have ended while running it."""
_BLOCKED_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGTSTP)
"""A terminal and a supervisor signal every process of a group: only the parent decides what that means.

Ctrl-Z does not stop a worker either, because its deadline would pass meanwhile.
"""
_PROGRAM = "import sys; sys.path[:] = {path!r}; from feeds.workers.process_pool import run_worker; run_worker({pipe})"
"""Main program of a worker process. ``multiprocessing`` would first run the main module of the parent again."""

Initializer = tuple[Callable[[Any], None], object]
"""A function that each process calls before its first job, and its argument."""


class ProcessPool:
    """Processes and the jobs that wait for them.

    A job that takes longer than ``deadline`` seconds fails.
    """

    def __init__(self, setting: Initializer, deadline: float) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._setting, self._deadline = setting, deadline
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()
        self._stopped = False

    def ensure_processes(self, count: int) -> None:
        """Ensure at least ``count`` processes; each starts with its first job."""
        if len(self._workers) >= count:
            return
        with self._lock:
            while len(self._workers) < count:
                hand = _Worker(self._jobs, self._workers, self._setting)
                hand.start()
                self._workers.append(hand)

    def submit_job(
        self, function: Callable[[Any], Any], piece: object, deadline: float | None = None
    ) -> Future[Any]:
        """Queue a job and return its future; it fails with WorkersStopped after :meth:`stop`.

        ``deadline`` replaces that of the pool.
        """
        job = _Job(function, piece, self._deadline if deadline is None else deadline)
        with self._lock:
            if self._stopped:
                job.stop()
            else:
                self._jobs.put(job)
        return job.result

    def stop(self) -> None:
        """End all processes at once, from any thread; jobs without a result fail with WorkersStopped."""
        with self._lock:
            self._stopped = True
            for worker in self._workers:
                worker.release()
            with suppress(queue.Empty):
                while True:
                    if (job := self._jobs.get_nowait()) is not None:
                        job.stop()
            for worker in self._workers:
                self._jobs.put(None)
                worker.kill_process()

    def dismiss(self, at_once: bool) -> None:
        """End all processes; ``at_once`` does not wait for running jobs."""
        for hand in self._workers:
            # All are released before any is woken, so that none starts another job.
            hand.release()
        # Each None wakes one thread that waits for a job.
        for hand in self._workers:
            self._jobs.put(None)
            if at_once:
                hand.kill_process()
        for hand in self._workers:
            hand.join()


@dataclass(slots=True, eq=False)
class _Job:
    function: Callable[[Any], Any]
    piece: object
    deadline: float
    result: Future[Any] = field(default_factory=Future)
    losses: int = 0

    def stop(self) -> None:
        """Fail, because the run ends."""
        if not self.result.done():
            self.result.set_exception(WorkersStopped())


class _Worker(threading.Thread):
    """Run jobs in one process, and start another process when it has ended."""

    def __init__(
        self,
        jobs: queue.SimpleQueue[_Job | None],
        crew: Sequence[_Worker],
        setting: Initializer,
    ) -> None:
        super().__init__(name="worker", daemon=True)
        self._jobs, self._pool, self._setting = jobs, crew, setting
        self._waiting: deque[_Job] = deque()
        """Jobs without a result, in order: the first is running, the second waits in the pipe."""
        self._sent = 0
        """Number of these jobs that the process has."""
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._released = False

    def release(self) -> None:
        """Accept no further jobs."""
        self._released = True

    def kill_process(self) -> None:
        """Kill the process without waiting for its job."""
        process = self._process
        if process is not None:
            process.kill()

    def run(self) -> None:
        """Run jobs until released."""
        while self._wait_for_job():
            try:
                answer, error = self._run_job()
            except (OSError, EOFError) as lost:
                self._handle_loss(lost)
                continue
            # For example a result that cannot be unpickled: the job fails, but not the pool.
            except Exception as wrong:
                self._end()
                answer, error = None, wrong
            self._finish_job(answer, error)
        self._end()
        for job in self._waiting:
            job.stop()

    def _wait_for_job(self) -> bool:
        """Wait for a job, and prefetch a second while there are enough for all; False when released."""
        while not self._waiting or (len(self._waiting) < 2 and self._jobs.qsize() > len(self._pool)):
            job = self._jobs.get()
            if job is None:
                return False
            self._waiting.append(job)
            if self._released:
                return False
        return not self._released

    def _run_job(self) -> tuple[Any, Exception | None]:
        pipe = self._pipe or self._begin()
        while self._sent < len(self._waiting):
            job = self._waiting[self._sent]
            pipe.send((job.function, job.piece, job.deadline))
            self._sent += 1
        answer: tuple[Any, Exception | None] = pipe.recv()
        return answer

    def _begin(self) -> Connection:
        signal.pthread_sigmask(
            signal.SIG_BLOCK, _BLOCKED_SIGNALS
        )  # blocked in this thread, so that the process inherits it before it can get a signal
        pipe, other = Pipe()
        # Closed here, so that the end of the child is seen as the end of the pipe.
        with other:
            program = _PROGRAM.format(path=sys.path, pipe=other.fileno())
            self._process = subprocess.Popen(  # noqa: S603 - Python itself with a program of ours
                [sys.executable, "-c", program], stdin=subprocess.DEVNULL, pass_fds=[other.fileno()]
            )
        self._pipe = pipe
        if self._released:  # while the process started
            self._process.kill()
        pipe.send(self._setting)
        return pipe

    def _finish_job(self, answer: object, error: Exception | None) -> None:
        job = self._waiting.popleft()
        self._sent = max(self._sent - 1, 0)
        if error is None:
            job.result.set_result(answer)
        else:
            job.result.set_exception(error)

    def _handle_loss(self, error: Exception) -> None:
        """Handle a lost process: the next process gets its jobs, unless a job seems to be the cause."""
        code = self._end()
        job = self._waiting[0]
        # Only the deadline sends this signal, so the job itself is the cause.
        if code == -signal.SIGALRM:
            self._finish_job(None, DeadlineExceeded(job.deadline))
            return
        job.losses += 1
        # The kernel may kill a process for want of memory without any fault of its job.
        if job.losses >= _MOST_LOSSES:
            how = f"signal {-code}" if code < 0 else str(error) or f"exit code {code}"
            self._finish_job(None, WorkersLost(how))

    def _end(self) -> int:
        """End the process, at once if it still has jobs; return its exit code."""
        pipe, process = self._pipe, self._process
        self._pipe = self._process = None
        # Jobs in the lost pipe are sent again to the next process.
        given, self._sent = self._sent, 0
        if pipe is None or process is None:
            return 0
        # A busy process would end only after its job.
        if given:
            process.kill()
        else:
            _request_end(pipe)
        code = process.wait()
        pipe.close()
        return code


def _request_end(pipe: Connection) -> None:
    try:
        pipe.send(None)
    except OSError:
        # The worker has ended already.
        return


def run_worker(descriptor: int) -> None:
    """Run jobs in a worker process until the parent sends None or ends for any reason.

    Args:
        descriptor: Of the pipe, which brings a function to call first and its argument, then the jobs with their deadlines.
    """
    # The default action kills, which also ends code that never returns to Python.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    pipe = Connection(descriptor)
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    # A thread of its own: a parent that sends a large job would wait while a job runs.
    threading.Thread(target=_listen, args=(pipe, jobs), daemon=True).start()
    setting, value = jobs.get()
    setting(value)
    while (job := jobs.get()) is not None:
        function, piece, deadline = job
        answer = _execute(function, piece, deadline)
        try:
            pipe.send(answer)
        except OSError:
            # The parent has ended.
            os._exit(1)


def _execute(
    function: Callable[[Any], Any], piece: object, deadline: float
) -> tuple[object, Exception | None]:
    """Run one job; return its result or its error. Past the deadline the kernel kills this process."""
    # Real time, because a job may also hang without using the processor.
    signal.setitimer(signal.ITIMER_REAL, deadline)
    try:
        return function(piece), None
    except Exception as error:
        # Pickling an error loses its traceback; the note keeps it.
        error.add_note(traceback.format_exc())
        return None, error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _listen(pipe: Connection, jobs: queue.SimpleQueue[Any]) -> None:
    """Read jobs at any time, so that the parent never waits for the pipe; exit when the parent has ended."""
    try:
        while (job := pipe.recv()) is not None:
            jobs.put(job)
    except Exception:
        os._exit(1)
    jobs.put(None)
