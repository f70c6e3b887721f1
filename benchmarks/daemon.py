"""What the daemon needs: until a saved file is in its feeds, and while nothing happens.

A folder of many posts is watched; one post after another is saved into it, and the time runs until the
documents of its category and its tag and those of everything hold it.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.building import CONFIG

_ROUNDS = 20
_IDLE = 10.0
_NAMES = ("atom.xml",)


def cpu_of(process: int) -> float:
    """Processor seconds that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(process: int) -> float:
    """Percent of one processor used while nothing happens."""
    before, started = cpu_of(process), time.monotonic()
    time.sleep(_IDLE)
    return round(100 * (cpu_of(process) - before) / (time.monotonic() - started), 2)


def until(condition: object, seconds: float = 900) -> None:
    """Wait; a thousand looks a second."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > end:
            raise SystemExit("the daemon did not do it")
        time.sleep(0.001)


def save(folder: Path, number: int, total: int) -> float:
    """Seconds from saving a post until its category's, its tag's and the main feed hold it."""
    posts = folder / "site" / "_posts"
    code = f"bench-{time.time_ns()}"
    path = posts / f"2023-12-31-{code}.md"
    text = f'---\ntitle: "{code}"\ndate: 2023-12-31 00:00:{number:02} +0800\ncategories: c0\ntags: bench\n---\n<p>Text.</p>\n'
    output = folder / "output"
    watched = [output / feed / name for feed in ("", "category/c0", "tag/bench") for name in _NAMES]
    started = time.monotonic()
    path.write_text(text, "utf-8")
    left = set(watched)
    while left:
        left = {one for one in left if not one.exists() or code.encode() not in one.read_bytes()}
        if time.monotonic() - started > 30:
            raise SystemExit(f"not published within 30 s: {sorted(left)}")
        time.sleep(0.002)
    taken = time.monotonic() - started
    time.sleep(0.5)
    return taken


def bench(folder: Path, posts: int) -> dict[str, object]:
    """Start over the posts in a folder's ``site``, be idle, save, be idle."""
    site = folder / "site"
    config = folder / "feedd.toml"
    config.write_text(CONFIG.format(formats='["atom"]', archive='["atom"]', more=""), "utf-8")
    log = folder / "daemon.log"
    command = [sys.executable, "-m", "feeds", "-c", str(config)]
    with log.open("w") as out:
        process = subprocess.Popen(command, stderr=out)
    try:
        until(lambda: " ready " in log.read_text("utf-8") or process.poll() is not None)
        time.sleep(2)
        before = idle(process.pid)
        used = cpu_of(process.pid)
        taken = [save(folder, number, posts) for number in range(_ROUNDS)]
        used = cpu_of(process.pid) - used
        after = idle(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        for one in (site / "_posts").glob("2023-12-31-bench-*.md"):
            one.unlink()
    return {
        "job": "daemon: a file saved",
        "posts": posts,
        "cpu": round(used / _ROUNDS, 3),
        "wall": round(statistics.median(taken), 3),
        "median_s": round(statistics.median(taken), 3),
        "most_s": round(max(taken), 3),
        "rounds": _ROUNDS,
        "idle_before_percent": before,
        "idle_after_percent": after,
    }
