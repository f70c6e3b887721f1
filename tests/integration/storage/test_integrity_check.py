"""`feedd check` looks at the store: what a disk has changed behind feedd's back is named, with what to do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from feeds.api import load_config
from feeds.cli.integrity_check import find_faults
from feeds.session import build_worker_settings
from tests.conftest import Project
from tests.integration.daemon.test_daemon import Running
from tests.integration.storage.test_migrations import older_store

PAGE = 16384


@pytest.fixture
def store(project: Project) -> Path:
    for number in range(40):
        project.post(f"2024-01-01-p{number}.md", f"Post {number}", "Some text. " * 9, tags=f"t{number % 3}")
    assert project.run("build").returncode == 0
    path = project.folder / "state" / "feedd.db"
    assert not path.with_name("feedd.db-wal").exists()
    return path


def changed(store: Path, statement: str) -> None:
    with closing(sqlite3.connect(store)) as db, db:
        assert db.execute(statement).rowcount


def flip(store: Path, position: int) -> None:
    """One bit is not as it was written."""
    with store.open("r+b") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ 16]))


def root_page(store: Path, name: str) -> int:
    """Where the page begins at which a table or an index begins."""
    with closing(sqlite3.connect(store)) as db:
        number = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
    return int(PAGE * (number - 1))


def _garbled_index(store: Path) -> None:
    flip(store, root_page(store, "sqlite_autoindex_sighting_1") + PAGE - 10)


def _garbled_head_of_a_page(store: Path) -> None:
    flip(store, root_page(store, "member") + 3)


def _lost_posts(store: Path) -> None:
    changed(store, "DELETE FROM post WHERE id = 3")


def _lost_payload(store: Path) -> None:
    changed(store, "DELETE FROM payload WHERE sighting = 3")


def _garbled_text(store: Path) -> None:
    changed(store, "UPDATE post SET shown = substr(shown, 1, 20) WHERE id = 3")


def _garbled_payload(store: Path) -> None:
    data = store.read_bytes()
    with closing(sqlite3.connect(store)) as db:
        packed = db.execute("SELECT data FROM payload WHERE sighting = 3").fetchone()[0]
    flip(store, data.index(packed) + len(packed) // 2)


def _garbled_entry(store: Path) -> None:
    changed(store, "UPDATE entry SET data = substr(data, 1, 30) WHERE post = 3")


DAMAGES: list[tuple[Callable[[Path], None], str]] = [
    (_garbled_index, "index sqlite_autoindex_sighting_1"),
    (_garbled_head_of_a_page, "malformed"),
    (_lost_posts, "rows of sighting refer to missing rows"),
    (_lost_payload, "rows of sighting refer to missing rows"),
    (_garbled_text, "rows of post are unreadable"),
    (_garbled_payload, "news: _posts/2024-01-01-p"),
    (_garbled_entry, "the entry of post urn:uuid:"),
]


@pytest.mark.parametrize(
    ("damage", "word"), DAMAGES, ids=lambda one: getattr(one, "__name__", "").strip("_") or " "
)
def test_damage_is_named_with_what_to_do(
    project: Project, store: Path, damage: Callable[[Path], None], word: str
) -> None:
    damage(store)
    before = store.read_bytes()
    done = project.run("check", "--json")
    assert done.returncode == 1, done.stderr
    (mistake,) = json.loads(done.stdout)["mistakes"]
    assert mistake.startswith(f"{store}: is damaged (")
    assert word in mistake
    assert "feedd restore FILE" in mistake
    assert "rebuilds it" in mistake
    assert store.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no database\n" * 999])
def test_what_is_no_store_is_named(project: Project, store: Path, content: bytes) -> None:
    store.write_bytes(content)
    done = project.run("check")
    assert done.returncode == 1
    assert f"{store}: is damaged" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_whole_store_is_passed(project: Project, store: Path) -> None:
    assert project.run("check").stdout.endswith(": OK (1 folder, 0 upstream feeds)\n")


def test_a_store_of_an_older_form_is_looked_at_as_far_as_it_is_known(project: Project) -> None:
    older_store(project.folder / "state" / "feedd.db", 1).close()
    assert project.run("check").stdout.endswith(": OK (1 folder, 0 upstream feeds)\n")


def test_the_store_of_a_running_daemon_is_looked_at(project: Project, store: Path) -> None:
    daemon = Running(project, {})
    try:
        daemon.until(lambda: bool(daemon.events("ready")))
        project.post("2024-02-01-new.md", "New")
        assert project.run("check").returncode == 0
        assert daemon.stop() == 0
    finally:
        daemon.process.kill()
        daemon.process.wait(10)


def test_each_changed_bit_of_what_is_packed_is_noticed(project: Project, store: Path) -> None:
    settings = build_worker_settings(load_config(project.config))
    data = store.read_bytes()
    with closing(sqlite3.connect(store)) as db:
        packed = db.execute("SELECT data FROM payload WHERE sighting = 5").fetchone()[0]
    start = data.index(packed)
    unnoticed = []
    for position in range(0, len(packed), 3):
        flip(store, start + position)
        if not find_faults(store, settings):
            unnoticed.append(position)
        store.write_bytes(data)
    assert unnoticed == []
    assert find_faults(store, settings) == []
