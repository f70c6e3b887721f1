"""Worker processes: they end with their parent and with nothing else, and nothing is lost when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.errors import WorkersLost
from feeds.workers.workers import Workers
from tests.conftest import ROOT, Project
from tests.rigs.faults import wrong_in

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are found in /proc")


def told_to_stop(piece: int) -> int:
    """A supervisor signals the whole group in the middle of the work."""
    if os.getpid() != piece:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    return os.getpid()


def test_a_signal_to_the_whole_group_does_not_break_the_work() -> None:
    with Workers(2, str, "") as workers:
        found = list(workers.map(told_to_stop, [os.getpid()] * 20))
    assert len(found) == 20
    assert os.getpid() not in found


def killed_once(piece: tuple[str, int]) -> bytes:
    """Each third piece kills whoever has it first, in the middle of a long answer."""
    folder, number = piece
    if number % 3 == 0:
        try:
            (Path(folder) / str(number)).touch(exist_ok=False)
        except FileExistsError:
            return b"%d " % number * 300_000
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGKILL)).start()
    return b"%d " % number * 300_000


def test_the_work_of_a_killed_worker_is_done_by_another(tmp_path: Path) -> None:
    with Workers(2, str, "") as workers:
        found = list(workers.map(killed_once, [(str(tmp_path), number) for number in range(12)]))
    assert [int(one.split()[0]) for one in found] == list(range(12))


def killed(piece: int) -> int:
    if piece == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return piece


def test_work_that_kills_every_worker_is_given_up_with_a_word() -> None:
    with pytest.raises(WorkersLost, match="signal 9") as caught, Workers(2, str, "") as workers:
        list(workers.map(killed, range(20)))
    assert "run again" in str(caught.value)


def failing(piece: int) -> int:
    return 1 // (piece - 7)


def test_an_error_in_a_worker_comes_back_and_tells_where_it_was() -> None:
    with Workers(2, str, "") as workers:
        with pytest.raises(ZeroDivisionError) as caught:
            list(workers.map(failing, range(20)))
        assert "in failing" in caught.value.__notes__[0]
        assert list(workers.map(failing, range(4))) == [-1, -1, -1, -1]


def test_what_cannot_be_sent_is_an_error_and_no_waiting() -> None:
    with Workers(2, str, "") as workers, pytest.raises((AttributeError, TypeError)):
        list(workers.map(lambda piece: piece, range(20)))


def workers_of(process: int) -> list[int]:
    """The worker processes of a process; its resource tracker is none."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            is_worker = b"feeds.workers.process_pool" in (entry / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if is_worker and state != "Z" and int(parent) == process:
            found.append(int(entry.name))
    return found


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def begun(project: Project, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "feeds", *arguments, "-c", str(project.config), "-j", "2"]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    return subprocess.Popen(command, **pipes)  # type: ignore[call-overload, no-any-return]


def many(project: Project, words: str) -> None:
    """Posts enough for the workers."""
    for number in range(260):
        path = project.post(
            f"2024-01-01-p{number}.md", f"Post {number}", f"{words} " * 20, tags=f"t{number % 5}"
        )
        os.utime(path, (1_700_000_000, 1_700_000_000))


@linux
def test_a_build_goes_on_without_a_killed_worker(tmp_path: Path) -> None:
    calm, project = Project(tmp_path / "calm"), Project(tmp_path / "disturbed")
    for one in (calm, project):
        many(one, "Text.")
    assert calm.run("build").returncode == 0
    build = begun(project, "build")
    hit = 0
    for seconds in (0.0, 0.3, 0.2):
        time.sleep(seconds)
        until(lambda: workers_of(build.pid) or build.poll() is not None)
        for number in workers_of(build.pid)[:1]:
            os.kill(number, signal.SIGKILL)
            hit += 1
    said = build.communicate(timeout=60)[1]
    assert (build.returncode, said) == (0, "")
    assert hit
    assert project.bytes() == calm.bytes()


@linux
def test_a_killed_build_leaves_no_worker_behind(project: Project) -> None:
    many(project, "Text.")
    build = begun(project, "build")
    until(lambda: len(workers_of(build.pid)) == 2)
    workers = workers_of(build.pid)
    build.kill()
    build.communicate()
    until(lambda: not any(Path(f"/proc/{number}").exists() for number in workers), 10)
    assert not wrong_in(project.output)
    assert project.run("build").returncode == 0


@linux
def test_the_daemon_goes_on_with_other_workers(project: Project) -> None:
    many(project, "Text.")
    daemon = begun(project)
    try:
        until((project.output / "atom.xml").exists)
        for words in ("Otherwise", "Thirdly"):
            for number in workers_of(daemon.pid):
                os.kill(number, signal.SIGKILL)
            many(project, words)
            until(lambda words=words: words in (project.output / "atom.xml").read_text("utf-8"))
            assert daemon.poll() is None
    finally:
        daemon.terminate()
        said = daemon.communicate(timeout=30)[1]
    assert daemon.returncode == 0
    assert "Traceback" not in said
