"""Runs one checkout in a project folder, step by step, and keeps what it produced and what it cost."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.same.checkouts import Checkout
from benchmarks.same.server import UpstreamServer
from benchmarks.same.snapshot import Output, Snapshot, read_folder

_LONGEST = 600
"""Seconds after which a command is killed."""
_BEGIN = 1_748_736_000
"""June 2025: after every date of the corpora, and before any time at which this can run."""


@dataclass
class Session:
    """One checkout at work in one folder."""

    checkout: Checkout
    folder: Path
    """The project; both checkouts use the same path in turn, for reports name it."""
    server: UpstreamServer
    config: str = "feedd.toml"
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """By step."""
    seconds: dict[str, float] = field(default_factory=dict)
    """CPU seconds of each command that changes something, and of all ``reports``: user and system, with all child processes."""
    now: int = _BEGIN
    """What the program takes for the time, in seconds since 1970."""

    def run(self, step: str, *arguments: str) -> None:
        """Run ``feedd`` with these arguments and keep its report under the name of the step."""
        self._run("reports", step, *arguments)

    def _run(self, cost: str, step: str, *arguments: str) -> None:
        snapshot = self.snapshots.setdefault(step, Snapshot())
        kind = "json" if "--json" in arguments else "text"
        name = " ".join(one for one in arguments if one != "--json")
        self.server.begin(f"{step} {arguments}")
        output = self._execute(cost, [*arguments, "-c", self.config])
        snapshot.add_report(kind, name, output)
        if requests := self.server.end():
            snapshot.add_file(f"requests/{name}", requests.encode())

    def change(self, step: str, *arguments: str) -> None:
        """Run ``feedd`` as :meth:`run` does, and keep every file and store of the folder too."""
        self._run(f"{step}: {arguments[0]}", step, *arguments)
        after = self.snapshots.setdefault(f"{step}, after {arguments[0]}", Snapshot())
        read_folder(self.folder, after)

    def report(self, step: str, *commands: Sequence[str]) -> None:
        """Run commands that change nothing, each for people and for programs."""
        for command in commands:
            self.run(step, *command, "--json")
            self.run(step, *command)

    def wait(self, seconds: int) -> None:
        """Let the fixed clock go on; it stands still within a command, and goes on a minute between two."""
        self.now += seconds

    def _execute(self, cost: str, arguments: list[str]) -> Output:
        self.wait(60)
        stdout, stderr = self.folder.parent / "stdout", self.folder.parent / "stderr"
        environment = {**self.checkout.environment, "FEEDD_SAME_CLOCK": str(self.now)}
        command = [*self.checkout.command, *arguments]
        with (
            stdout.open("wb") as out,
            stderr.open("wb") as err,
            subprocess.Popen(command, cwd=self.folder, env=environment, stdout=out, stderr=err) as process,
        ):
            end = threading.Timer(_LONGEST, process.kill)
            end.start()
            _, status, usage = os.wait4(process.pid, 0)
            end.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds[cost] = self.seconds.get(cost, 0.0) + usage.ru_utime + usage.ru_stime
        return Output(process.returncode, stdout.read_bytes(), stderr.read_bytes())
