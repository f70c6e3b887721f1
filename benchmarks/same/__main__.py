"""``python -m benchmarks.same REV``: compare the working tree with a revision; exit 1 if anything differs."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.same.checkouts import Checkout, CheckoutError, open_checkouts
from benchmarks.same.comparing import Comparison
from benchmarks.same.corpora import CORPORA
from benchmarks.same.expected import ExpectedError, read_expected
from benchmarks.same.report import Report
from benchmarks.same.server import UpstreamServer
from benchmarks.same.session import Session
from benchmarks.same.times import Times

_ORDER = (0, 1, 1, 0)
"""Base, working tree, working tree, base: what slows the machine down for a while meets both."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print what was found, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same", description=__doc__)
    parser.add_argument("revision", metavar="REV", help="the revision to compare with")
    parser.add_argument("--only", action="append", choices=CORPORA, help="only these corpora")
    parser.add_argument("--allow", type=Path, metavar="FILE", help="TOML file of expected differences")
    parser.add_argument("--lines", type=int, default=200, help="lines of differences to print (200)")
    options = parser.parse_args(arguments)
    try:
        expected = read_expected(options.allow)
        with tempfile.TemporaryDirectory(prefix="feedd-same-") as name:
            folder = Path(name)
            checkouts = open_checkouts(options.revision, folder)
            report = Report(expected)
            for corpus in options.only or CORPORA:
                compare_corpus(corpus, checkouts, folder, report)
    except (CheckoutError, ExpectedError) as error:
        print(error, file=sys.stderr)
        return 2
    report.show(options.lines)
    return report.exit_status


def compare_corpus(corpus: str, checkouts: tuple[Checkout, Checkout], folder: Path, report: Report) -> None:
    """Run a corpus twice with each checkout, and add what differs and what it cost to a report."""
    runs: dict[str, list[Session]] = {"base": [], "tree": []}
    comparison = Comparison(Times.around(datetime.now(UTC)), report.expected.rewordings)
    with UpstreamServer() as server:
        for number in _ORDER:
            checkout = checkouts[number]
            print(f"{corpus}: running {checkout.name}", flush=True)
            project = folder / "project"
            project.mkdir()
            session = Session(checkout, project, server)
            CORPORA[corpus](session)
            shutil.rmtree(project)
            runs[checkout.name].append(session)
    report.add(corpus, runs["base"], runs["tree"], comparison)


if __name__ == "__main__":
    sys.exit(main())
