"""Nothing is lost: a run that is killed or refused at any of its changes to a file is finished by the next one.

Each scenario is run once undisturbed, which counts its calls and gives the bytes that must come out, then
with a fault at some of the calls (`make stress`: at every third, with each fault in turn).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from feeds.storage import subscriptions
from feeds.storage.sqlite import Database
from tests.conftest import Project
from tests.integration.ingest.test_backfill import document, link
from tests.integration.ingest.test_upstreams import subscribe
from tests.integration.storage.test_migrations import older_store
from tests.rigs.faults import HOWS, Faults, How, Ran, missing, wrong_in
from tests.rigs.servers import Answer, UpstreamThread

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faults]:
    with UpstreamThread() as server, Faults(tmp_path_factory.mktemp("faults")) as rig:
        rig.upstream = server
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
    """What lies there before, what is disturbed, and what ends it."""

    name: str
    prepare: Callable[[Project, Faults], None]
    act: Callable[[Project, Faults, int, How], Ran] | None = None
    """What is disturbed; a build if it is not said."""
    short: int = 5
    """At how many calls it fails in the normal run."""


def build(project: Project, faults: Faults, at: int = 0, how: How = "kill") -> Ran:
    arguments = ("build", "-c", str(project.config), "-j", "1", "--offline")
    return faults.run(project.folder, *arguments, at=at, how=how)


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


def _first_archives(project: Project, faults: Faults) -> None:
    """Sealed documents in the first build."""
    project.set("entries = 50", "entries = 2")
    _few(project)


def _archives(project: Project, faults: Faults) -> None:
    """Several sealed documents for each feed, and more to seal."""
    project.set("entries = 50", "entries = 2")
    _few(project)
    build(project, faults)
    _change(project)


def _migration(project: Project, faults: Faults) -> None:
    """A store of the first form; the posts are read again."""
    _few(project)
    older_store(project.folder / "state" / "feedd.db", 1).close()


def _push(project: Project, faults: Faults) -> None:
    """Hubs to tell and subscribers that wait; what is queued is looked at besides the bytes."""
    text = project.config.read_text("utf-8")
    project.config.write_text(text + '[push]\nhub = true\nhubs = ["https://hub.example/"]\n', "utf-8")
    _few(project)
    build(project, faults)
    with closing(Database.open(project.folder / "state" / "feedd.db")) as db:
        for number in [one.number for one in subscriptions.load_due(db, 10**10, 99, 99)]:
            task = subscriptions.load_task(db, number, 10**10)
            assert task
            subscriptions.remove_task(db, task)
        for topic in ("atom.xml", "category/c0/atom.xml", "tag/t2/rss.xml"):
            subscriptions.subscribe(db, topic, "https://reader.example/cb", "", 10**10)
    _change(project)


def _backup(project: Project, faults: Faults, at: int = 0, how: How = "kill") -> Ran:
    file = str(project.folder / "kept" / "backup")
    return faults.run(project.folder, "backup", file, "-c", str(project.config), at=at, how=how)


def _to_restore(project: Project, faults: Faults) -> None:
    _few(project)
    build(project, faults)
    assert _backup(project, faults).code == 0
    _change(project)
    build(project, faults)


def _restore(project: Project, faults: Faults, at: int = 0, how: How = "kill") -> Ran:
    file = str(project.folder / "kept" / "backup")
    return faults.run(project.folder, "restore", file, "-c", str(project.config), at=at, how=how)


def _to_backfill(project: Project, faults: Faults) -> None:
    """An upstream with two pages of its past."""
    server = faults.upstream
    server.routes["/feed"] = Answer(body=document("gf", link("prev-archive", server.url("/2"))))
    server.routes["/2"] = Answer(body=document("edf", link("prev-archive", server.url("/1"))))
    server.routes["/1"] = Answer(body=document("cba"))
    subscribe(project, server)
    _few(project)
    assert faults.run(project.folder, "build", "-c", str(project.config), "-j", "1").code == 0


def _backfill(project: Project, faults: Faults, at: int = 0, how: How = "kill") -> Ran:
    return faults.run(project.folder, "backfill", "blog", "-c", str(project.config), at=at, how=how)


def _daemon(project: Project, faults: Faults, at: int = 0, how: How = "kill") -> Ran:
    """It starts over a changed folder, sees a file that is saved, and is ordered to stop."""
    number = faults.begin(
        project.folder, "-c", str(project.config), "-j", "1", "--log-format", "json", at=at, how=how
    )

    def until(word: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while _alive(number) and word not in faults.said() and time.monotonic() < end:
            time.sleep(0.02)

    until('"ready"', 60)
    if _alive(number):
        project.post("2024-01-28-live.md", "Live", "Saved while it runs.", tags="t1")
        until('"documents"', 10)
    while _alive(number):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGTERM)
        time.sleep(0.2)
    ran = faults.end()
    project.post("2024-01-28-live.md", "Live", "Saved while it runs.", tags="t1")
    return ran


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


SCENARIOS = [
    Scenario("first", _first),
    Scenario("incremental", _incremental),
    Scenario("settings", _settings),
    Scenario("first archives", _first_archives),
    Scenario("archives", _archives),
    Scenario("migration", _migration),
    Scenario("push", _push),
    Scenario("backup", _incremental, _backup),
    Scenario("restore", _to_restore, _restore),
    Scenario("backfill", _to_backfill, _backfill, short=2),
    Scenario("daemon", _incremental, _daemon, short=4),
]


class Case:
    """A prepared project, copied for each disturbed run, and what an undisturbed run makes of it."""

    def __init__(self, scenario: Scenario, folder: Path, faults: Faults) -> None:
        self.faults, self._act = faults, scenario.act or build
        self._prepared = folder / "prepared"
        self.project = Project(folder / "work")
        scenario.prepare(self.project, faults)
        shutil.copytree(self.project.folder, self._prepared)
        undisturbed = self._act(self.project, faults, 0, "kill")
        assert undisturbed.code == 0, undisturbed.text
        assert not wrong_in(self.project.output)
        self.calls = undisturbed.calls
        after = build(self.project, faults)
        assert after.code == 0, after.text
        self.wanted = self._state()

    def _state(self) -> dict[str, bytes]:
        """Every document, the ledger, and what is queued to be told."""
        found = self.project.bytes() | {"ledger": self.project.ledger().encode()}
        with closing(sqlite3.connect(self.project.folder / "state" / "feedd.db")) as db:
            asked = "SELECT topic, wanted, delivered, due IS NOT NULL FROM push_subscription ORDER BY topic"
            told = "SELECT kind, name FROM push_task ORDER BY kind, name"
            found["queue"] = repr([db.execute(one).fetchall() for one in (asked, told)]).encode()
        return found

    def again(self) -> None:
        """As before the run; in the same place, for paths stand in the store."""
        shutil.rmtree(self.project.folder)
        shutil.copytree(self._prepared, self.project.folder)

    def disturb(self, at: int, how: How) -> str:
        """What is wrong after a run with a fault at this call, or after the one that follows; empty if nothing."""
        self.again()
        ran = self._act(self.project, self.faults, at, how)
        where = f"{how} at {at} ({ran.last}): "
        wrong = _wrong_end(ran, at, how) or ", ".join(wrong_in(self.project.output))
        if wrong:
            return where + wrong
        if self._act in (_restore, _backfill) and self._act(self.project, self.faults, 0, how).code:
            return f"{where}the same again failed"
        after = build(self.project, self.faults)
        if after.code:
            return f"{where}the next run: exit {after.code}: {after.text}"
        state = self._state()
        differ = {n for n in state.keys() | self.wanted.keys() if state.get(n) != self.wanted.get(n)}
        return f"{where}other bytes in {sorted(differ)[:5]}" if differ else ""


def _wrong_end(ran: Ran, at: int, how: How) -> str:
    """A killed run ends killed; a refused one goes on, or ends with a code and a word."""
    if how in ("kill", "tear"):
        return "" if ran.code == -9 or at > ran.calls else f"was not killed: {ran.code} {ran.text}"
    if ran.code not in (0, 1, 2) or "Traceback" in ran.text:
        return f"exit {ran.code}: {ran.text}"
    return f"exit {ran.code} without a word" if ran.code and not ran.text.strip() else ""


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
    wrong = [found for at, how in sampled(case, scenario.short, 7) if (found := case.disturb(at, how))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.stress
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_fault_at_every_third_call(scenario: Scenario, how: How, tmp_path: Path, faults: Faults) -> None:
    case = Case(scenario, tmp_path, faults)
    first = HOWS.index(how) % 3 + 1
    wrong = [found for at in range(first, case.calls + 1, 3) if (found := case.disturb(at, how))]
    assert not wrong, "\n".join(wrong)
