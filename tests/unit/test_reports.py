"""Reports add up, and decide the exit code."""

from __future__ import annotations

import pytest

from feeds.reports import BuildReport, Ingested


def test_the_counts_of_parts_add_up() -> None:
    whole = Ingested(new=1, troubles=["a"], rejected=[{"path": "x"}])
    whole.add(
        Ingested(new=2, changed=3, gone=6, dropped=7, asked=8, troubles=["b"], rejected=[{"path": "y"}])
    )
    assert whole == Ingested(
        new=3,
        changed=3,
        gone=6,
        dropped=7,
        asked=8,
        troubles=["a", "b"],
        rejected=[{"path": "x"}, {"path": "y"}],
    )


def test_a_build_takes_the_counts_of_reading_and_keeps_its_own() -> None:
    report = BuildReport(new=1, posts=9)
    report.add(Ingested(new=2))
    assert (report.new, report.posts, report.as_dict()["new"]) == (3, 9, 3)


@pytest.mark.parametrize(
    ("report", "code", "strict"),
    [
        (BuildReport(), 0, 0),
        (BuildReport(rejected=[{}]), 1, 1),
        (BuildReport(held=[{}]), 1, 1),
        (BuildReport(troubles=["x"]), 0, 1),
    ],
)
def test_the_exit_code(report: BuildReport, code: int, strict: int) -> None:
    assert report.compute_exit_code() == code
    assert report.compute_exit_code(strict=True) == strict
