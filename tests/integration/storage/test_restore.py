"""After `feedd restore` the ledger still holds: it is newer than any backup."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feeds import api, load_config
from tests.conftest import Project
from tests.integration.daemon.test_daemon import Running
from tests.integration.ingest.test_upstreams import subscribe
from tests.integration.ingest.test_withdrawal import entry, say
from tests.rigs.chain import read
from tests.rigs.servers import UpstreamServer, UpstreamThread

POST = "2024-01-02-p.md"


@pytest.fixture
def site(project: Project) -> Project:
    for number in range(1, 6):
        project.post(f"2024-01-0{number}-p.md", f"Post {number}", date=f"2024-01-0{number} 08:00:00")
    assert project.run("build").returncode == 0
    return project


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def build(site: Project) -> None:
    """A build in this process."""
    report = api.build(load_config(site.config), jobs=1)
    assert (report.compute_exit_code(), report.troubles) == (0, [])


def run_program(site: Project) -> None:
    done = site.run("build")
    assert (done.returncode, done.stderr) == (0, "")


def withdraw(site: Project, *arguments: str) -> None:
    done = site.run("withdraw", *arguments)
    assert done.returncode == 0, done.stderr


def back_up(site: Project) -> Path:
    file = site.folder / "backup.db"
    assert site.run("backup", str(file)).returncode == 0
    return file


def bring_back(site: Project, file: Path) -> None:
    """Some seconds later, so that no time of the backup's or of now can pass for the one that the ledger has."""
    time.sleep(1.1)
    assert site.run("restore", str(file)).returncode == 0


def run_daemon(site: Project) -> None:
    daemon = Running(site, {})
    try:
        daemon.until(lambda: bool(daemon.events("ready")))
        assert daemon.stop() == 0
    finally:
        daemon.process.kill()
        daemon.process.wait(10)


def state(site: Project, post: str = POST) -> str:
    return str(json.loads(site.run("explain", post, "--json").stdout)["state"])


def id_of(site: Project, post: str = POST) -> str:
    return str(json.loads(site.run("explain", post, "--json").stdout)["id"])


def places(site: Project, uid: str) -> list[str]:
    """The documents that have an entry of this id."""
    marks = (f"<id>{uid}</id>", f'isPermaLink="false">{uid}<', f'"id":"{uid}"')
    return [name for name, data in site.bytes().items() if any(mark in data.decode() for mark in marks)]


RUNS = pytest.mark.parametrize("run", [run_program, run_daemon])


@RUNS
@pytest.mark.parametrize("published", [False, True])
def test_a_post_that_was_withdrawn_after_the_backup_stays_out(
    site: Project, run: Callable[[Project], None], published: bool
) -> None:
    uid, file = id_of(site), back_up(site)
    withdraw(site, POST)
    if published:
        build(site)
    bring_back(site, file)
    run(site)
    assert places(site, uid) == []
    assert state(site) == "withdrawn"
    assert f'"withdrawn": "{uid}"' in site.ledger()
    assert uid in read(site.output, "atom.xml").deleted
    site.post(POST, "Post 2, edited")
    run(site)
    assert places(site, uid) == []
    withdraw(site, "--undo", POST)
    run(site)
    assert places(site, uid)


def test_nothing_else_differs_from_what_stood_before_the_restore(site: Project) -> None:
    file = back_up(site)
    withdraw(site, POST)
    build(site)
    before, ledger = site.bytes(), site.ledger()
    bring_back(site, file)
    build(site)
    assert site.bytes() == before
    assert site.ledger() == ledger


@RUNS
@pytest.mark.parametrize("published", [False, True])
def test_a_post_that_was_brought_back_after_the_backup_stays_in(
    site: Project, run: Callable[[Project], None], published: bool
) -> None:
    uid = id_of(site)
    withdraw(site, POST)
    build(site)
    file = back_up(site)
    withdraw(site, "--undo", POST)
    if published:
        build(site)
    before = site.bytes()
    bring_back(site, file)
    run(site)
    assert places(site, uid)
    assert state(site) == "live"
    assert "withdrawn" not in site.ledger()
    if published:
        assert site.bytes() == before, "it comes back as of then, not as a change of now"


def test_what_the_daemon_withdrew_stays_out(site: Project) -> None:
    uid, file = id_of(site), back_up(site)
    daemon = Running(site, {})
    try:
        daemon.until(lambda: bool(daemon.events("ready")))
        withdraw(site, POST)
        daemon.until(lambda: not places(site, uid))
        assert daemon.stop() == 0
    finally:
        daemon.process.kill()
        daemon.process.wait(10)
    bring_back(site, file)
    run_daemon(site)
    assert places(site, uid) == []


def test_commands_between_restore_and_build_know_what_the_ledger_says(site: Project) -> None:
    uid, file = id_of(site), back_up(site)
    withdraw(site, POST)
    build(site)
    bring_back(site, file)
    refused = site.run("withdraw", POST)
    assert refused.returncode == 2
    assert "is withdrawn already" in refused.stderr
    withdraw(site, "2024-01-03-p.md")
    assert site.ledger().count("withdrawn") == 2
    build(site)
    assert state(site) == state(site, "2024-01-03-p.md") == "withdrawn"
    bring_back(site, file)
    withdraw(site, "--undo", POST)
    assert site.ledger().count("withdrawn") == 1
    build(site)
    assert places(site, uid)
    assert state(site, "2024-01-03-p.md") == "withdrawn"


def test_a_wish_that_was_waiting_when_the_backup_was_taken_is_not_done_again(site: Project) -> None:
    with closing(sqlite3.connect(site.folder / "state" / "feedd.db")) as store:
        store.execute("INSERT INTO request (kind, value) VALUES ('withdraw', ?)", (id_of(site),))
        store.commit()
    file = back_up(site)
    build(site)
    assert state(site) == "withdrawn"
    withdraw(site, "--undo", POST)
    bring_back(site, file)
    build(site)
    assert state(site) == "live"


def test_what_an_upstream_took_back_stays_out_though_the_upstream_is_silent(
    site: Project, upstream: UpstreamServer
) -> None:
    subscribe(site, upstream)
    say(upstream, entry("a") + entry("b"))
    build(site)
    file = back_up(site)
    stone = '<at:deleted-entry ref="urn:up:a" when="2024-02-01T00:00:00Z"/>'
    say(upstream, entry("b") + entry("c"), stone)
    build(site)
    assert places(site, "urn:up:c")
    say(upstream, entry("b"))
    bring_back(site, file)
    build(site)
    assert places(site, "urn:up:a") == []
    assert places(site, "urn:up:b")


def test_a_post_that_came_and_was_withdrawn_after_the_backup_stays_out(site: Project) -> None:
    file = back_up(site)
    site.post("2024-02-01-new.md", "Newer", tags="fresh")
    build(site)
    uid = id_of(site, "2024-02-01-new.md")
    withdraw(site, "2024-02-01-new.md")
    build(site)
    bring_back(site, file)
    build(site)
    assert places(site, uid) == []


def test_a_store_that_was_copied_back_by_hand_keeps_withdrawals_too(site: Project) -> None:
    uid, file = id_of(site), back_up(site)
    withdraw(site, POST)
    build(site)
    shutil.copy(file, site.folder / "state" / "feedd.db")
    for side in ("-wal", "-shm"):
        (site.folder / "state" / f"feedd.db{side}").unlink(missing_ok=True)
    build(site)
    assert places(site, uid) == []
    assert "withdrawn" in site.ledger()


def test_a_ledger_that_was_pulled_in_withdraws_a_post(site: Project) -> None:
    uid = id_of(site)
    line = json.dumps({"withdrawn": uid, "value": "2024-03-01T00:00:00Z"})
    (site.folder / "state" / "ledger.jsonl").write_text(f"{line}\n", "utf-8")
    build(site)
    assert places(site, uid) == []
    withdraw(site, "--undo", uid)
    build(site)
    assert places(site, uid)


def test_without_a_ledger_the_backup_holds(site: Project) -> None:
    uid = id_of(site)
    withdraw(site, POST)
    build(site)
    file, ledger = back_up(site), site.ledger()
    shutil.rmtree(site.folder / "state")
    bring_back(site, file)
    build(site)
    assert places(site, uid) == []
    assert site.ledger() == ledger


def test_a_damaged_ledger_brings_nothing_back(site: Project) -> None:
    """The damaged line may be the one that says that a post is withdrawn."""
    uid = id_of(site)
    withdraw(site, POST)
    build(site)
    file = back_up(site)
    ledger = site.folder / "state" / "ledger.jsonl"
    ledger.write_text(site.ledger().replace('"withdrawn"', '"withdra'), "utf-8")
    bring_back(site, file)
    done = site.run("build")
    assert "not a line of a ledger" in done.stderr
    assert places(site, uid) == []


# Everything else that a ledger says.

Life = Callable[[Project], None]


def a_correction(site: Project) -> None:
    site.post("2024-01-03-p.md", "Post 3, corrected", "Corrected.", date="2024-01-03 08:00:00")


def a_correction_of_the_newest(site: Project) -> None:
    site.post("2024-01-05-p.md", "Post 5, corrected", "Corrected.", date="2024-01-05 08:00:00")


def two_corrections(site: Project) -> None:
    a_correction(site)
    build(site)
    time.sleep(1.1)
    site.post("2024-01-03-p.md", "Post 3, corrected again", "Corrected again.", date="2024-01-03 08:00:00")


def a_post_of_old(site: Project) -> None:
    site.post("late.md", "Late", date="2023-05-05 08:00:00")


def a_post_without_a_date(site: Project) -> None:
    site.post("undated.md", "Undated", date="")


def an_address_that_changed_twice(site: Project) -> None:
    for number in (1, 2, 3):
        site.post("moved.md", "Moved", source_url=f"https://a.example/{number}", date="2024-01-09 08:00:00")
        build(site)


def tags_alike(site: Project) -> None:
    site.post("2024-02-02-x.md", "X", tags="Tea", date="2024-02-02 08:00:00")
    build(site)
    site.post("2024-01-01-y.md", "Y", tags="tea", date="2024-01-01 09:00:00")


def a_blocked_key(site: Project) -> None:
    for name in ("a", "b"):
        site.post(f"{name}.md", name, source_url="https://a.example/same", date="2024-01-09 08:00:00")
    build(site)
    ledger = site.folder / "state" / "ledger.jsonl"
    before = ledger.read_text("utf-8") if ledger.exists() else ""
    ledger.write_text(before + '{"burnt": "url:https://a.example/same"}\n', "utf-8")


LIVES: list[Life] = [
    a_correction,
    a_correction_of_the_newest,
    two_corrections,
    a_post_of_old,
    a_post_without_a_date,
    an_address_that_changed_twice,
    tags_alike,
    a_blocked_key,
]


@pytest.mark.parametrize("entries", [50, 2])
@pytest.mark.parametrize("life", LIVES, ids=[life.__name__ for life in LIVES])
def test_a_restored_store_gives_the_feeds_that_stood_before(site: Project, life: Life, entries: int) -> None:
    site.set("entries = 50", f"entries = {entries}")
    build(site)
    file = back_up(site)
    time.sleep(1.1)
    life(site)
    build(site)
    before, ledger = site.bytes(), lines_of(site)
    bring_back(site, file)
    build(site)
    now = site.bytes()
    assert now.keys() == before.keys()
    for name in sorted(before.keys() - {".feedd"}, reverse=True):
        if "archive/" not in f"/{name}":  # an older version shows there what its post says now
            assert now[name].decode() == before[name].decode(), name
    assert lines_of(site) >= ledger, "posts that surfaced in order leave no line, and surface now"


def test_posts_that_became_one_after_the_backup_become_one_again(site: Project) -> None:
    """The tombstone of the other one was told then, and is not told again."""
    file = back_up(site)
    for name in ("a", "b"):
        site.post(f"{name}.md", name, source_url=f"https://a.example/{name}", date="2024-01-09 08:00:00")
    build(site)
    site.post("b.md", "b", source_url="https://a.example/a", date="2024-01-09 08:00:00")
    build(site)
    before, ledger = read(site.output, "atom.xml").entries, lines_of(site)
    assert any('"alias"' in line for line in ledger)
    bring_back(site, file)
    build(site)
    assert read(site.output, "atom.xml").entries == before
    assert lines_of(site) >= ledger


def lines_of(site: Project) -> set[str]:
    file = site.folder / "state" / "ledger.jsonl"
    return set(file.read_text("utf-8").splitlines()) if file.exists() else set()


def test_keys_that_a_file_had_between_backup_and_restore_still_recognise_it(site: Project) -> None:
    """One address came and went meanwhile: only the ledger knows of it."""
    first = "https://a.example/1"
    site.post("moved.md", "Moved", source_url=first, date="2024-01-09 08:00:00")
    build(site)
    file, uid = back_up(site), id_of(site, "moved.md")
    for address in ("https://a.example/2", first):
        site.post("moved.md", "Moved", source_url=address, date="2024-01-09 08:00:00")
        build(site)
    assert "https://a.example/2" in site.ledger()
    bring_back(site, file)
    build(site)
    assert "https://a.example/2" in site.ledger()
    site.post("copy.md", "Copy", source_url="https://a.example/2", date="2024-01-10 08:00:00")
    build(site)
    assert id_of(site, "copy.md") == uid


def test_documents_of_feeds_that_a_backup_does_not_know_are_removed(project: Project) -> None:
    project.post("2024-01-01-a.md", "A", categories="one")
    assert project.run("build").returncode == 0
    backup = project.folder / "backup.db"
    assert project.run("backup", str(backup)).returncode == 0
    later = project.post("2024-01-02-b.md", "B", categories="two")
    assert project.run("build").returncode == 0
    own = project.output / "category" / "notes.txt"
    own.write_text("not written by feedd", "utf-8")
    assert (project.output / "category" / "two" / "atom.xml").exists()
    assert project.run("restore", str(backup)).returncode == 0
    later.unlink()
    assert project.run("build").returncode == 0
    assert not (project.output / "category" / "two").exists()
    assert (project.output / "category" / "one" / "atom.xml").exists()
    assert own.exists()
    before = project.snapshot()
    assert project.run("build").returncode == 0
    assert project.snapshot() == before
