"""A day with everything at once: nobody waits long, nothing is lost, nothing grows but what has to."""

from __future__ import annotations

import signal

import pytest
from lxml import etree

from benchmarks.day import DAY, draw, figures
from tests.conftest import Project
from tests.rigs.long_run import Day, LongRun


def _flat(day: Day) -> None:
    """After the first hours: memory and descriptors as they were, and a store that grows with its posts alone."""
    some = len(day.samples) // 4
    early, late = day.samples[some : 2 * some], day.samples[-some:]
    assert max(one.memory_mb for one in late) < 1.1 * max(one.memory_mb for one in early)
    assert max(one.descriptors for one in late) <= max(one.descriptors for one in early) + 16
    assert {one.threads for one in late} <= {one.threads for one in early}
    assert max(one.log_mb for one in day.samples) < 80
    assert late[-1].store_mb / late[-1].posts < 1.1 * max(one.store_mb / one.posts for one in early)


def test_some_hours_with_a_kill_and_readers_lose_nothing(project: Project) -> None:
    parts = [(1.5, signal.SIGTERM), (1.5, signal.SIGKILL), (3.5, signal.SIGTERM)]
    day = LongRun(project, 12, 1200).run(parts, 0.5)
    assert day.wrong == []
    assert day.reads > 50
    assert day.commands
    assert figures(day)["wrong"] == []
    assert etree.fromstring(draw(day).encode()).tag.endswith("svg")


@pytest.mark.stress
def test_a_day_of_a_thousand_upstreams_is_flat(project: Project) -> None:
    day = LongRun(project, 1000, 240).run(DAY, 0.25)
    print(figures(day))
    assert day.wrong == []
    _flat(day)
