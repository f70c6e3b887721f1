"""What a program costs, on which machine, over which posts; every benchmark keeps its rows here."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from feeds import __version__

HERE = Path(__file__).parent
RESULTS = HERE / "results.jsonl"


def measure(command: Sequence[str | Path], folder: Path | None = None) -> dict[str, float]:
    """CPU seconds of a finished command and its children, wall seconds, and MB of the largest process."""
    started = time.monotonic()
    with subprocess.Popen([str(one) for one in command], cwd=folder, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with status {process.returncode}")
    return {
        "cpu": round(usage.ru_utime + usage.ru_stime, 3),
        "wall": round(time.monotonic() - started, 3),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


@cache
def machine() -> dict[str, object]:
    """What the figures depend on beside the program."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": models[0] if models else platform.machine(),
        "processors": os.cpu_count(),
        "memory_gb": round(pages / 1e9),
        "system": platform.platform(),
        "python": sys.version.split()[0],
    }


def digest_of(tree: Path) -> str:
    """A digest of every post in a tree, by name and bytes."""
    found = hashlib.blake2b(digest_size=8)
    for file in sorted((tree / "_posts").iterdir()):
        found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def keep(row: dict[str, object]) -> None:
    """Print a row and append it to the file of results, with version, machine and load."""
    cpu, wall, peak = (row.get(name, "") for name in ("cpu", "wall", "peak_mb"))
    size = row.get("posts", row.get("upstreams", ""))
    known = ("program", "job", "posts", "upstreams", "cpu", "wall", "peak_mb", "corpus")
    more = " ".join(f"{name}={value}" for name, value in row.items() if name not in known)
    print(
        f"{row.get('program', 'feedd'):8} {size:>7} {row['job']:32} {cpu:>8} CPU s {wall:>8} s {peak:>6} MB  {more}",
        flush=True,
    )
    when = {"version": __version__, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    load = round(os.getloadavg()[0], 1)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**row, **when, "load": load, "machine": machine()}, ensure_ascii=False) + "\n")
