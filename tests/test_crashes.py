"""Nothing is lost: a run that is killed or refused at any of its changes to a file is finished by the next one.

Each scenario is run once undisturbed, which counts its calls and gives the bytes that must come out, then
with a fault at some of the calls (`make stress`: at every third, with each fault in turn).
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.faults import HOWS, Faults, How, Ran, missing, wrong_in

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

_SHORT = 10
"""Calls that a test fails at in the normal run, for each scenario."""


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    with Faults(tmp_path_factory.mktemp("faults")) as rig:
        yield rig


def _few(project: Project) -> None:
    for number in range(12):
        address = (
            f"\n\n<http://a.example/x?infoCode=NW2024010176543{number // 2:02}>" if number % 4 < 2 else ""
        )
        project.post(
            f"2024-01-{number + 1:02}-p.md",
            f"Post {number}",
            f"Text {number}.{address}",
            tags=f"t{number % 3}",
            categories=f"c{number % 2}",
        )
    (project.posts / "undated.md").write_text(
        "---\ntitle: Undated\ntags: [Tea, tea]\n---\nSome text.\n", "utf-8"
    )


def _change(project: Project) -> None:
    """New, edited, renamed and vanished files, a new tag and one that goes."""
    project.post("2024-01-20-new.md", "New", "New text.", tags="fresh", categories="c0")
    project.post("2024-01-21-late.md", "Late", "Late text.", tags="t1", date="2023-01-01 00:00:00")
    project.post("2024-01-03-p.md", "Post 2, edited", "Other text.", tags="t2")
    (project.posts / "2024-01-04-p.md").rename(project.posts / "renamed.md")
    (project.posts / "2024-01-05-p.md").unlink()


@dataclass(frozen=True)
class Scenario:
    """What lies there before, and what happens before the run that is disturbed."""

    name: str
    prepare: Callable[[Project, Faults], None]


def _first(project: Project, faults: Faults) -> None:
    _few(project)


def _incremental(project: Project, faults: Faults) -> None:
    _few(project)
    build(project, faults)
    _change(project)


def _settings(project: Project, faults: Faults) -> None:
    """Every document changes, and some go."""
    _few(project)
    build(project, faults)
    project.set('title = "Test site"', 'title = "Renamed site"')
    project.set("entries = 50", 'entries = 5\nformats = ["atom", "json"]')


SCENARIOS = [
    Scenario("first", _first),
    Scenario("incremental", _incremental),
    Scenario("settings", _settings),
]


def build(project: Project, faults: Faults, at: int = 0, how: How = "kill") -> Ran:
    arguments = ("build", "-c", str(project.config), "-j", "1", "--offline")
    return faults.run(project.folder, *arguments, at=at, how=how)


class Case:
    """A prepared project, copied for each disturbed run, and what an undisturbed run makes of it."""

    def __init__(self, scenario: Scenario, folder: Path, faults: Faults) -> None:
        self.faults, self._folder = faults, folder
        self._prepared = folder / "prepared"
        self.project = Project(folder / "work")
        scenario.prepare(self.project, faults)
        shutil.copytree(self.project.folder, self._prepared)
        undisturbed = build(self.project, faults)
        assert undisturbed.code == 0, undisturbed.text
        assert not wrong_in(self.project.output)
        self.calls = undisturbed.calls
        self.bytes, self.ledger = self.project.bytes(), self.project.ledger()

    def again(self) -> None:
        """As before the run; in the same place, for paths stand in the store."""
        shutil.rmtree(self.project.folder)
        shutil.copytree(self._prepared, self.project.folder)

    def disturb(self, at: int, how: How) -> str:
        """What is wrong after a run with a fault at this call, or after the one that follows; empty if nothing."""
        self.again()
        ran = build(self.project, self.faults, at, how)
        where = f"{how} at {at} ({ran.last}): "
        if how in ("kill", "tear"):
            if ran.code != -9 and at <= ran.calls:
                return f"{where}was not killed: {ran.code} {ran.text}"
        elif ran.code not in (0, 1, 2) or "Traceback" in ran.text:
            return f"{where}exit {ran.code}: {ran.text}"
        elif ran.code and "feedd: " not in ran.text:
            return f"{where}exit {ran.code} without a word: {ran.text}"
        if wrong := wrong_in(self.project.output):
            return f"{where}{wrong}"
        after = build(self.project, self.faults)
        if after.code:
            return f"{where}the next run: exit {after.code}: {after.text}"
        bytes_ = self.project.bytes()
        if bytes_ != self.bytes:
            differ = {n for n in bytes_.keys() | self.bytes.keys() if bytes_.get(n) != self.bytes.get(n)}
            return f"{where}other bytes in {sorted(differ)[:5]}"
        return "" if self.project.ledger() == self.ledger else f"{where}another ledger"


def sampled(case: Case, count: int, seed: int) -> list[tuple[int, How]]:
    """Calls to fail at, spread over the whole run, each with one of the faults."""
    chance = random.Random(seed)
    step = case.calls / count
    points = [min(case.calls, int(step * (n + chance.random())) + 1) for n in range(count)]
    return [(at, HOWS[n % len(HOWS)]) for n, at in enumerate(points)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_fault_at_a_call_leaves_a_whole_tree_and_the_next_run_finishes(
    scenario: Scenario, tmp_path: Path, faults: Faults
) -> None:
    case = Case(scenario, tmp_path, faults)
    wrong = [found for at, how in sampled(case, _SHORT, 7) if (found := case.disturb(at, how))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.stress
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_fault_at_every_third_call(scenario: Scenario, how: How, tmp_path: Path, faults: Faults) -> None:
    case = Case(scenario, tmp_path, faults)
    first = HOWS.index(how) % 3 + 1
    wrong = [found for at in range(first, case.calls + 1, 3) if (found := case.disturb(at, how))]
    assert not wrong, "\n".join(wrong)
