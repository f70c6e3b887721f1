"""A rebuild on a new machine: sources and ledger give the same feeds."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest

from feeds.storage import ledger
from feeds.storage.sqlite import Database, load_migrations
from tests.conftest import Project
from tests.integration.storage.test_migrations import older_store


def rebuild_elsewhere(project: Project) -> None:
    """As a checkout on another machine: no store, no output, every mtime new."""
    for file in (project.folder / "state").iterdir():
        if file.name != "ledger.jsonl":
            file.unlink()
    shutil.rmtree(project.output)
    for file in project.posts.rglob("*.md"):
        os.utime(file, (1_900_000_000, 1_900_000_000))
    assert project.run("build").returncode == 0


def test_a_date_guessed_at_first_sight_stays(project: Project) -> None:
    file = project.post("no-date.md", "Undated", date="")
    os.utime(file, (1_600_000_000, 1_600_000_000))
    project.run("build")
    first = project.bytes()
    rebuild_elsewhere(project)
    assert b"2020-09-13" in first["atom.xml"]
    assert project.bytes() == first


def test_late_posts_corrections_and_merged_ids_come_back(project: Project) -> None:
    project.set("entries = 50", "entries = 2")
    for day, name in enumerate("ABC", 1):
        project.post(f"2024-01-0{day}-{name}.md", name, date=f"2024-01-0{day} 08:00:00")
    project.run("build")
    # It surfaces now, out of the order of publication.
    project.post("2023-05-05-late.md", "Late", date="2023-05-05 08:00:00")
    project.run("build")
    time.sleep(1.1)  # the ledger has seconds
    project.post("2024-01-01-A.md", "A, corrected", date="2024-01-01 08:00:00")
    project.run("build")
    before = project.bytes()
    assert b"Late" in before["atom.xml"]
    assert b"A, corrected" in before["atom.xml"]
    kinds = {next(iter(json.loads(line))) for line in project.ledger().splitlines()}
    assert kinds == {"form", "sealed", "surfaced"}
    rebuild_elsewhere(project)
    for name, data in sorted(project.bytes().items(), reverse=True):
        if "/archive/" in f"/{name}":  # an older version shows what its post says now, in its old place
            assert re.findall(rb"<id>[^<]*</id>", data) == re.findall(rb"<id>[^<]*</id>", before[name])
        elif name != ".feedd":
            assert data.decode() == before[name].decode()


def test_posts_that_become_one_leave_an_alias(project: Project) -> None:
    one, two = "http://a.example/one", "http://a.example/two"
    project.post("2024-01-01-a.md", "A", source_url=one)
    project.post("2024-01-02-b.md", "B", source_url=two)
    project.run("build")
    project.post("2024-01-02-b.md", "B", source_url=one)  # an old address still recognises the item
    project.run("build")
    assert [json.loads(line) for line in project.ledger().splitlines() if "alias" in line]
    assert project.bytes()["atom.xml"].count(b"<entry") == 1
    before = project.ledger()
    project.run("build")
    assert project.ledger() == before
    (old,) = [line["alias"] for line in map(json.loads, before.splitlines()) if "alias" in line]
    explained = json.loads(project.run("explain", old, "--json").stdout)
    assert (explained["state"], explained["aliases"]) == ("live", [old])
    rebuild_elsewhere(project)
    assert json.loads(project.run("explain", old, "--json").stdout)["id"] == explained["id"]
    assert json.loads(project.run("explain", old, "--json").stdout)["aliases"] == [old]


@pytest.mark.parametrize("form", [number for number, _ in load_migrations()][:-1])
def test_an_older_store_is_brought_to_the_newest_form(project: Project, form: int) -> None:
    """A store of an older form, with a post in it, is used as if it had always been new."""
    project.post("2024-01-01-a.md", "A")
    project.run("build")
    store = project.folder / "state" / "feedd.db"
    newest = store.with_name("newest.db")
    store.rename(newest)
    with closing(older_store(store, form)) as old:
        old.execute("ATTACH ? AS newest", (str(newest),))
        for (name,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in old.execute(f"PRAGMA main.table_info({name})")]
            there = {row[1] for row in old.execute(f"PRAGMA newest.table_info({name})")}
            names = ", ".join(column for column in columns if column in there)
            if name != "entry":
                old.execute(f"INSERT INTO main.{name} ({names}) SELECT {names} FROM newest.{name}")
        old.commit()
    project.post("2024-01-02-b.md", "B")
    report = json.loads(project.run("build", "--json").stdout)
    assert (report["new"], report["unchanged"], report["published"]) == (1, 1, 2)
    assert b">A</title>" in project.bytes()["atom.xml"]
    with closing(Database.open(store, read_only=True)) as db:
        assert db.value("version") == load_migrations()[-1][0]


def test_a_file_that_stands_as_it_was_written_is_not_read_line_by_line(tmp_path: Path) -> None:
    """So a line that the store has let go since, before the file was written again, does not come back."""
    path = tmp_path / "ledger.jsonl"
    with closing(Database.open(tmp_path / "feedd.db")) as db:
        assert ledger.render_changed_ledger(db, b"") is None
        with db.transaction():
            db.many(
                "ledger_put",
                [("burnt", "url:https://a.example/", ""), ("withdrawn", "urn:x", "2024-01-01T00:00:00Z")],
            )
        text = ledger.render_changed_ledger(db, b"")
        assert text is not None
        assert ledger.render_changed_ledger(db, text) is None  # it is noted, too
        path.write_bytes(text)
        with db.transaction():
            db.run("ledger_drop", ("withdrawn", "urn:x"))
        assert not ledger.load_ledger(db, path)
        assert db.value("ledger_get", ("withdrawn", "urn:x")) is None
        shorter = ledger.render_changed_ledger(db, text)
        assert shorter is not None
        assert len(shorter) < len(text)
        # What somebody has added is read, and the file is written in order.
        path.write_bytes(shorter + b'{"burnt": "url:https://0.example/"}\n')
        assert ledger.load_ledger(db, path)
        found = ledger.render_changed_ledger(db, path.read_bytes())
        assert found is not None
        assert found.splitlines()[0] == b'{"burnt": "url:https://0.example/"}'
