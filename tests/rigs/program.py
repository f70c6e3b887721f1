"""Run feedd as a process without the cost of its imports: :func:`run_program` is what most tests use.

A server process imports the program once and forks for each run. The fork has its own arguments, environment,
folder, standard streams and exit code, and ends as every Python program ends. Where the environment changes how
Python itself starts, a new interpreter runs ``python -m feeds`` instead.
"""

from __future__ import annotations

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
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).parents[2]

_LATE = ("feedgen.feed", "jinja2", "lxml.etree", "lxml.html", "nh3", "pyromark", "sqlite3", "yaml")
"""Libraries that functions of the program import when they need them, and that many builds need."""
_AT_START = ("PYTHON", "LC_", "LANG", "COVERAGE")
"""Variables whose names begin so act when the interpreter starts."""
_MOST_BYTES = 1 << 20
"""Of a request."""


@dataclass(frozen=True)
class Run:
    """What a forked process runs."""

    arguments: tuple[str, ...]
    folder: str
    environment: dict[str, str]


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
        return _start_server().run(Run(tuple(arguments), str(folder), values), timeout)
    command = [sys.executable, "-m", "feeds", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, cwd=folder, env=values, check=False
    )


_ENVIRONMENT = dict(os.environ)


def _get_start_values(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START)}


class _Server:
    """The process that forks, as the tests see it. It ends when this process ends."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="feedd-program-")
        self._address = os.path.join(self._folder.name, "socket")
        end, self._alive = os.pipe()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._address)
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
            connection.connect(self._address)
            pipes = os.pipe(), os.pipe()
            socket.send_fds(connection, [pickle.dumps(run)], [write for _, write in pipes])
            readers = []
            for number, (read, write) in enumerate(pipes):
                os.close(write)
                readers.append(threading.Thread(target=_read_text, args=(read, texts, number), daemon=True))
                readers[-1].start()
            connection.settimeout(timeout)
            try:
                code = int(connection.recv(20))
            except TimeoutError:
                raise subprocess.TimeoutExpired(["feedd", *run.arguments], timeout) from None
        for reader in readers:
            reader.join(timeout)
        return subprocess.CompletedProcess(["feedd", *run.arguments], code, *texts)


@cache
def _start_server() -> _Server:
    return _Server()


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
    data, files, _, _ = socket.recv_fds(connection, _MOST_BYTES, 2)
    run: Run = pickle.loads(data)
    program = os.fork()
    if not program:
        connection.close()
        enter_run(run, files)
        return run
    for file in files:
        os.close(file)
    watched = os.pidfd_open(program)
    readable, _, _ = select.select([watched, connection], [], [])
    if connection in readable:
        os.kill(program, signal.SIGKILL)
    _, status = os.waitpid(program, 0)
    with suppress(OSError):
        connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


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


def main() -> int:
    """Serve; in a fork, run the program and return its exit code."""
    import_program()
    from feeds.cli.main import main as run_feedd

    with socket.socket(fileno=int(sys.argv[1])) as listener:
        run = serve(listener, int(sys.argv[2]))
    return run_feedd(run.arguments)


if __name__ == "__main__":
    sys.exit(main())
