"""Completion in the shells themselves, as somebody types and presses the tab key."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import feedd

TYPED = {
    "expl": "explain",
    "build --dry": "--dry-run",
    "--log-format js": "json",
    "completion zs": "zsh",
    "import subscr": "subscriptions.opml",
    "build -c subscr": "subscriptions.opml",
}
"""What is typed after `feedd`, and the word that completes it."""
START = {
    "bash": (["--norc", "--noprofile", "-i"], "source ./script"),
    "zsh": (["-f", "-i"], "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -d dump"),
}


def start_shell(shell: str, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start an interactive shell in a folder, on a terminal whose other end is returned."""
    program = shutil.which(shell)
    if not program:
        pytest.skip(f"{shell} is not installed: its completion is NOT tested")
    here, there = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TERM": "xterm",
        "PS1": "> ",
        "LC_ALL": "C.UTF-8",
    }
    running = subprocess.Popen(
        [program, *START[shell][0]],
        stdin=there,
        stdout=there,
        stderr=there,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    os.close(there)
    return running, here


def read_until(terminal: int, wanted: bytes, seconds: float = 20) -> bytes:
    """Read what the shell writes until it has written something."""
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        assert ready, f"the shell wrote {seen!r}, not {wanted!r}"
        seen += os.read(terminal, 4096)
    return seen


@pytest.mark.parametrize("shell", START)
def test_the_tab_key_completes_commands_options_values_and_files(tmp_path: Path, shell: str) -> None:
    script = tmp_path / ("_feedd" if shell == "zsh" else "script")
    script.write_text(feedd("completion", shell).stdout, "utf-8")
    (tmp_path / "subscriptions.opml").touch()
    running, terminal = start_shell(shell, tmp_path)
    try:
        # The quotes keep the echo of the line from being taken for its output.
        os.write(terminal, f"{START[shell][1]}; echo re''ady\n".encode())
        read_until(terminal, b"ready")
        for typed, completed in TYPED.items():
            os.write(terminal, f"feedd {typed}\t".encode())
            read_until(terminal, completed.encode())
            os.write(terminal, b"\x15")  # clears the line
    finally:
        running.kill()
        running.wait(10)
        os.close(terminal)


def test_fish_completes_commands_options_values_and_files(tmp_path: Path) -> None:
    program = shutil.which("fish")
    if not program:
        pytest.skip("fish is not installed: its completion is NOT tested")
    script = tmp_path / "feedd.fish"
    script.write_text(feedd("completion", "fish").stdout, "utf-8")
    (tmp_path / "subscriptions.opml").touch()
    for typed, completed in TYPED.items():
        command = [program, "--no-config", "-c", f"source {script}; complete -C 'feedd {typed}'"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=environment
        )
        assert completed in [line.split("\t")[0] for line in done.stdout.splitlines()], (typed, done.stderr)
