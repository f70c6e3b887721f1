"""``make bench``: prints the figures and keeps a line per run in ``benchmarks/results.jsonl``."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

from benchmarks.corpus import write_posts
from feeds import __version__

_HERE = Path(__file__).parent
CONFIG = """[site]
title = "Benchmark"
url = "https://bench.example/"
language = "zh-CN"
timezone = "Asia/Shanghai"
[output]
dir = "output"
formats = {formats}
[store]
url = "state/feedd.db"
[[sources]]
name = "posts"
path = "site"
"""


def measure(command: list[str]) -> dict[str, float]:
    """CPU seconds, wall seconds and the largest process in MB of a finished command and its children."""
    started = time.monotonic()
    pid = os.spawnv(os.P_NOWAIT, command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{command} ended with status {status}")
    wall = time.monotonic() - started
    return {
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "wall": round(wall, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def bench(posts: int, formats: list[str]) -> list[dict[str, object]]:
    """The three jobs on ``posts`` posts."""
    folder = _HERE / "corpora" / str(posts)
    site = folder / "site"
    if not site.exists():
        write_posts(site, 0, posts, posts)
    for extra in sorted((site / "_posts").iterdir())[posts:]:
        extra.unlink()
    for old in ("output", "state"):
        shutil.rmtree(folder / old, ignore_errors=True)
    config = folder / "feedd.toml"
    config.write_text(CONFIG.format(formats=json.dumps(formats)), "utf-8")
    command = [sys.executable, "-m", "feeds", "build", "-q", "-c", str(config)]
    rows = []
    for job in ("full", "unchanged", "one new post"):
        if job == "one new post":
            write_posts(site, posts, 1, posts)
        begun = time.time()
        figures = measure(command)
        written = sum(f.stat().st_mtime >= begun for f in (folder / "output").rglob("*") if f.is_file())
        rows.append(
            {
                "version": __version__,
                "posts": posts,
                "formats": formats,
                "job": job,
                **figures,
                "written": written,
            }
        )
    return rows


def main() -> None:
    """Run the sizes given on the command line, 10,000 posts by default."""
    sizes = [int(size) for size in sys.argv[1:]] or [10_000]
    for posts in sizes:
        for row in bench(posts, ["atom", "rss", "json"]):
            print(
                f"{posts:>8} {row['job']:14} {row['cpu']:8} CPU s {row['wall']:8} s {row['peak_mb']:6} MB {row['written']:6} files"
            )
            with (_HERE / "results.jsonl").open("a") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
