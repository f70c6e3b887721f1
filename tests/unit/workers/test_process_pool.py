"""What a pool does with answers, errors and lost processes, without starting any."""

from __future__ import annotations

import queue
import signal
from typing import Any

import pytest

from feeds.errors import DeadlineExceeded, WorkersLost, WorkersStopped
from feeds.workers import process_pool
from feeds.workers.process_pool import ProcessPool, _execute, _Job, _listen, _request_end, _Worker


class Pipe:
    def __init__(self, *messages: Any, broken: bool = False) -> None:
        self.messages, self.sent, self.broken, self.closed = list(messages), [], broken, False

    def send(self, message: Any) -> None:
        if self.broken:
            raise BrokenPipeError
        self.sent.append(message)

    def recv(self) -> Any:
        if not self.messages:
            raise EOFError
        return self.messages.pop(0)

    def close(self) -> None:
        self.closed = True


class Process:
    def __init__(self, code: int = 0) -> None:
        self.code, self.killed = code, False

    def kill(self) -> None:
        self.killed = True

    def wait(self) -> int:
        return self.code


def build(*messages: Any, code: int = 0) -> tuple[_Worker, Pipe, Process]:
    """A thread, not started, with a process that answers with these messages."""
    worker = _Worker(queue.SimpleQueue(), [None], (str, ""))
    pipe, process = Pipe(*messages), Process(code)
    worker._pipe, worker._process = pipe, process  # type: ignore[assignment]
    return worker, pipe, process


def queue_job(worker: _Worker) -> _Job:
    job = _Job(str, 1, 7.0)
    worker._waiting.append(job)
    return job


def test_jobs_are_sent_ahead_and_answered_in_order() -> None:
    worker, pipe, _ = build(("1", None), (None, ValueError("wrong")))
    first, second = queue_job(worker), queue_job(worker)
    worker._finish_job(*worker._run_job())
    assert pipe.sent == [(str, 1, 7.0), (str, 1, 7.0)]
    assert first.result.result(0) == "1"
    assert worker._sent == 1
    worker._finish_job(*worker._run_job())
    assert len(pipe.sent) == 2
    with pytest.raises(ValueError, match="wrong"):
        second.result.result(0)


def test_a_second_job_is_taken_only_while_there_are_enough() -> None:
    worker, _, _ = build()
    for _ in range(3):
        worker._jobs.put(_Job(str, 1, 7.0))
    assert worker._wait_for_job()
    assert len(worker._waiting) == 2
    worker._jobs.put(None)
    worker._waiting.clear()
    assert worker._wait_for_job()
    assert len(worker._waiting) == 1
    worker._waiting.clear()
    assert not worker._wait_for_job()
    worker.release()
    worker._waiting.append(_Job(str, 1, 7.0))
    assert not worker._wait_for_job()


def test_a_lost_process_is_tried_again_and_then_blamed_on_its_job() -> None:
    worker, _, _ = build()
    job = queue_job(worker)
    for _ in range(4):
        worker._process, worker._pipe = Process(-signal.SIGKILL), Pipe()  # type: ignore[assignment]
        worker._handle_loss(EOFError())
        assert not job.result.done()
    worker._process, worker._pipe = Process(-signal.SIGKILL), Pipe()  # type: ignore[assignment]
    worker._handle_loss(EOFError())
    with pytest.raises(WorkersLost, match="signal 9"):
        job.result.result(0)
    assert not worker._waiting


def test_the_alarm_means_the_deadline() -> None:
    worker, _, _ = build(code=-signal.SIGALRM)
    job = queue_job(worker)
    worker._handle_loss(EOFError())
    with pytest.raises(DeadlineExceeded, match="7"):
        job.result.result(0)


def test_a_busy_process_is_killed_and_an_idle_process_asked_to_end() -> None:
    worker, pipe, process = build(code=3)
    worker._sent = 1
    assert worker._end() == 3
    assert (process.killed, pipe.sent, pipe.closed, worker._sent) == (True, [], True, 0)
    worker, pipe, process = build()
    assert worker._end() == 0
    assert (process.killed, pipe.sent, pipe.closed) == (False, [None], True)
    assert worker._end() == 0
    _request_end(Pipe(broken=True))  # type: ignore[arg-type]
    worker, _, process = build()
    worker.kill_process()
    assert process.killed


def test_a_thread_goes_on_after_a_loss_and_an_error_of_its_own() -> None:
    worker, _, _ = build(("1", None))
    jobs = [_Job(str, n, 7.0) for n in range(2)]
    begun: list[Pipe] = []

    def begin() -> Pipe:
        begun.append(Pipe(("2", None)))
        worker._pipe, worker._process = begun[-1], Process()  # type: ignore[assignment]
        return begun[-1]

    worker._begin = begin  # type: ignore[assignment,method-assign]
    for job in (*jobs, None):
        worker._jobs.put(job)
    worker.run()
    assert [job.result.result(0) for job in jobs] == ["1", "2"]
    assert len(begun) == 1


def test_threads_are_started_as_needed_and_dismissed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Worker, "_begin", lambda self: Pipe(("x", None)))
    pool = ProcessPool((str, ""), 7.0)
    pool.ensure_processes(1)
    pool.ensure_processes(1)
    assert len(pool._workers) == 1
    assert pool.submit_job(str, 5).result(5) == "x"
    pool.dismiss(at_once=True)
    assert not pool._workers[0].is_alive()


def test_after_a_stop_every_job_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Worker, "start", lambda self: None)
    pool = ProcessPool((str, ""), 7.0)
    pool.ensure_processes(2)
    process = Process()
    pool._workers[0]._process = process  # type: ignore[assignment]
    waiting = pool.submit_job(str, 5)
    pool.stop()
    assert process.killed
    for job in (waiting, pool.submit_job(str, 6)):
        with pytest.raises(WorkersStopped):
            job.result(0)
    assert [pool._jobs.get_nowait() for _ in range(2)] == [None, None]
    worker, _, _ = build()
    job = queue_job(worker)
    worker.release()
    worker.run()
    with pytest.raises(WorkersStopped):
        job.result.result(0)


def test_a_job_runs_under_its_timer_and_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[float] = []
    monkeypatch.setattr(process_pool.signal, "setitimer", lambda which, seconds: set_to.append(seconds))
    assert _execute(str, 5, 7.0) == ("5", None)
    answer, error = _execute(int, "x", 7.0)
    assert answer is None
    assert isinstance(error, ValueError)
    assert "Traceback" in error.__notes__[0]
    assert set_to == [7.0, 0, 7.0, 0]


def test_jobs_are_read_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    _listen(Pipe("a", "b", None), jobs)  # type: ignore[arg-type]
    assert [jobs.get_nowait() for _ in range(3)] == ["a", "b", None]
    exits: list[int] = []
    monkeypatch.setattr(process_pool.os, "_exit", exits.append)
    _listen(Pipe("a"), jobs)  # type: ignore[arg-type]
    assert exits == [1]
