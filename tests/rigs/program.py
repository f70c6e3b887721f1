"""Run feedd as a process without the cost of its imports: :func:`run_program` is what most tests use.

A server process imports the program once and forks for each run, and for each worker that a run starts. A fork has
its own arguments, environment, folder, standard streams and exit code, and ends as every Python program ends. Where
the environment changes how Python itself starts, a new interpreter runs ``python -m feeds`` instead.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import pickle
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NoReturn, TextIO, cast

from feeds.workers import process_pool

ROOT = Path(__file__).parents[2]

_LATE = ("feedgen.feed", "jinja2", "lxml.etree", "lxml.html", "nh3", "pyromark", "sqlite3", "yaml")
"""Libraries that functions of the program import when they need them, and that many builds need."""
_AT_START = ("PYTHON", "LC_", "LANG", "COVERAGE")
"""Variables whose names begin so act when the interpreter starts."""
_MOST_BYTES = 1 << 20
"""Of a request."""
_DIGITS = 12


@dataclass(frozen=True)
class Run:
    """What a forked process runs."""

    arguments: tuple[str, ...]
    """Of the program; none for a worker."""
    folder: str
    environment: dict[str, str]
    server: str
    """Address of the server, which also starts the workers of the program."""
    worker: bool = False


def run_program(
    arguments: Sequence[str],
    *,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Run ``feedd`` with these arguments to its end; raise ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""
    values = dict(os.environ if environment is None else environment)
    if (
        _get_start_values(values) == _get_start_values(_ENVIRONMENT)
        and "COVERAGE_PROCESS_START" not in values
    ):
        server = _start_server()
        return server.run(Run(tuple(arguments), str(folder), values, server.address), timeout)
    command = [sys.executable, "-m", "feeds", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, cwd=folder, env=values, check=False
    )


_ENVIRONMENT = dict(os.environ)


def build_worker_starter() -> ModuleType:
    """Return what takes the place of :mod:`subprocess` in the process pool of the process that runs the tests."""
    run = Run((), str(ROOT), dict(os.environ), _start_server().address)
    return cast("ModuleType", _WorkerStarter(run))


def _get_start_values(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START)}


class _Server:
    """The process that forks, as the tests see it. It ends when this process ends."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="feedd-program-")
        self.address = os.path.join(self._folder.name, "socket")
        end, self._alive = os.pipe()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.address)
            listener.listen(64)
            command = [sys.executable, "-m", "tests.rigs.program", str(listener.fileno()), str(end)]
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[listener.fileno(), end],
                env=_ENVIRONMENT,
            )
        os.close(end)

    def run(self, run: Run, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run the program in a fork; see :func:`run_program`."""
        texts = ["", ""]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.address)
            pipes = os.pipe(), os.pipe()
            socket.send_fds(connection, [pickle.dumps(run)], [write for _, write in pipes])
            readers = []
            for number, (read, write) in enumerate(pipes):
                os.close(write)
                readers.append(threading.Thread(target=_read_text, args=(read, texts, number), daemon=True))
                readers[-1].start()
            connection.settimeout(timeout)
            try:
                _receive_number(connection)
                code = _receive_number(connection)
            except TimeoutError:
                raise subprocess.TimeoutExpired(["feedd", *run.arguments], timeout) from None
        for reader in readers:
            reader.join(timeout)
        return subprocess.CompletedProcess(["feedd", *run.arguments], code, *texts)


@cache
def _start_server() -> _Server:
    return _Server()


def _receive_number(connection: socket.socket) -> int:
    """Receive a number: first the id of the process, and in the end its exit code."""
    return int(connection.recv(_DIGITS, socket.MSG_WAITALL))


def _read_text(pipe: int, texts: list[str], number: int) -> None:
    with open(pipe, encoding="utf-8", errors="surrogateescape") as file:
        texts[number] = file.read()


def serve(listener: socket.socket, alive: int) -> Run:
    """Fork for each connection until the other end of ``alive`` closes. It returns only in the forks, with what to run."""
    while True:
        readable, _, _ = select.select([listener, alive], [], [])
        if alive in readable:
            os._exit(0)
        connection, _ = listener.accept()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not os.fork():
            listener.close()
            os.close(alive)
            return attend_run(connection)
        connection.close()


def attend_run(connection: socket.socket) -> Run:
    """Start the program of a request and send its exit code; it returns only in the process that is to run the program."""
    data, files, _, _ = socket.recv_fds(connection, _MOST_BYTES, 3)
    run: Run = pickle.loads(data)
    program = os.fork()
    if not program:
        connection.close()
        enter_run(run, files[:2])
        if run.worker:
            work(files[2])
        process_pool.subprocess = cast("ModuleType", _WorkerStarter(run))
        return run
    connection.send(b"%*d" % (_DIGITS, program))
    for file in files:
        os.close(file)
    watched = os.pidfd_open(program)
    readable, _, _ = select.select([watched, connection], [], [])
    if connection in readable:
        os.kill(program, signal.SIGKILL)
    _, status = os.waitpid(program, 0)
    with suppress(OSError):
        connection.send(b"%*d" % (_DIGITS, os.waitstatus_to_exitcode(status)))
    os._exit(0)


def work(pipe: int) -> NoReturn:
    """Run the jobs that come through a pipe, as a new interpreter would."""
    # A worker inherits these blocked signals from the thread that starts it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT, signal.SIGTSTP])
    end(lambda: process_pool.run_worker(pipe) or 0)


class _WorkerStarter:
    """Takes the place of :mod:`subprocess` in the process pool: the server forks the workers too."""

    DEVNULL = subprocess.DEVNULL

    def __init__(self, run: Run) -> None:
        self._run = replace(run, arguments=(), worker=True)

    def Popen(self, command: Sequence[str], *, stdin: int, pass_fds: Sequence[int]) -> _WorkerProcess:  # noqa: N802
        """Start a worker; its program is in ``command``, and its pipe is the one file of ``pass_fds``."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._run.server)
        socket.send_fds(connection, [pickle.dumps(self._run)], [1, 2, *pass_fds])
        return _WorkerProcess(connection)


class _WorkerProcess:
    """What the process pool uses of ``subprocess.Popen``."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self.pid = connection, _receive_number(connection)
        self._code: int | None = None

    def kill(self) -> None:
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        if self._code is None:
            self._code = _receive_number(self._connection)
            self._connection.close()
        return self._code


def end(function: Callable[[], int]) -> NoReturn:
    """Call a function and end this process with its code as Python does, but without taking apart every module.

    That would copy all memory that the server's forks share.
    """
    code = 1
    try:
        code = function()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    # What Python does at its end: first it waits for threads, also for those of executors.
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def enter_run(run: Run, files: Sequence[int]) -> None:
    """Give this process the streams, the environment and the folder of a run."""
    for stream, file in enumerate(files, 1):
        os.dup2(file, stream)
        os.close(file)
    # Python's own files of these streams know that the old ones could be moved back and forth in.
    sys.stdout = sys.__stdout__ = open_stream(1, sys.stdout)
    sys.stderr = sys.__stderr__ = open_stream(2, sys.stderr)
    os.environ.clear()
    os.environ.update(run.environment)
    time.tzset()
    os.chdir(run.folder)
    sys.argv = ["feedd", *run.arguments]


def open_stream(number: int, model: TextIO) -> TextIO:
    """Return a text file of an open stream that encodes and buffers like ``model``."""
    buffering = 1 if number == 2 else -1
    return open(number, "w", buffering, encoding=model.encoding, errors=model.errors, closefd=False)


def import_program() -> None:
    """Import every module of the program and the libraries that most runs need."""
    import feeds

    for module in pkgutil.walk_packages(feeds.__path__, "feeds."):
        if module.name != "feeds.__main__":
            importlib.import_module(module.name)
    for name in _LATE:
        importlib.import_module(name)


def main() -> NoReturn:
    """Serve; in a fork, run the program."""
    import_program()
    from feeds.cli.main import main as run_feedd

    # Without it, the first collection in each fork would copy all memory.
    gc.freeze()
    run = serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
    end(lambda: run_feedd(run.arguments))


if __name__ == "__main__":
    main()
