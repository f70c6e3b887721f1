"""``make bench``: every figure of ``docs/explanation/performance.md``, printed and kept in ``benchmarks/results.jsonl``.

``python -m benchmarks 10000 100000`` takes these sizes, ``--tree DIR`` copies of a Jekyll tree instead
of generated posts. Those in Markdown are the row ``markdown``. Hugo is measured beside feedd where it is on PATH, reader by a Python that has it (``--reader PYTHON``).
"""

from __future__ import annotations

import argparse
import compileall
import shutil
import sys
from pathlib import Path

import feeds
from benchmarks import building, daemon, polling, table
from benchmarks.measuring import keep, measure

_ROWS = ("start", *building.JOBS, "markdown", "hugo", "daemon", "polling")


def main() -> None:
    """Measure what the command line asks for, and print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="POSTS", help="numbers of posts (10000)")
    parser.add_argument("--tree", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--only", action="append", choices=_ROWS, help="only these rows")
    parser.add_argument(
        "--upstreams", type=int, default=10_000, metavar="N", help="in the largest polling job"
    )
    parser.add_argument("--reader", type=Path, metavar="PYTHON", help="a Python in which reader is installed")
    options = parser.parse_args()
    rows = options.only or _ROWS
    compileall.compile_dir(Path(feeds.__file__).parent, quiet=1)  # as every installed program is
    if "start" in rows:
        start()
    trees = [(len(list((tree / "_posts").iterdir())), tree) for tree in options.tree]
    sizes = options.sizes or ([] if trees else [10_000])
    for posts, tree in [*((size, None) for size in sizes), *trees]:
        building.bench(posts, tree, [job for job in building.JOBS if job in rows], "hugo" in rows)
        if "daemon" in rows:
            keep(daemon.bench(building.folder_of(posts, tree), posts))
    if "markdown" in rows:
        for posts in sizes:
            building.bench_markdown(posts, "hugo" in rows)
    if "polling" in rows:
        polling.run(options.upstreams, options.reader)
    table.show()


def start() -> None:
    """How long the program takes to say its version and what it can do."""
    feedd = shutil.which("feedd", path=Path(sys.executable).parent)
    if feedd is None:
        raise SystemExit("feedd is not installed beside this Python; run `make setup`")
    for job, command in (
        ("--version", [feedd, "--version"]),
        ("--help", [feedd, "--help"]),
        ("bare Python", [sys.executable, "-c", "pass"]),
    ):
        figures = [measure(command) for _ in range(11)]
        keep({"job": f"start: {job}", **sorted(figures, key=lambda one: one["wall"])[5]})


if __name__ == "__main__":
    main()
