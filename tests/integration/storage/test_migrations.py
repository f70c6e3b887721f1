"""A store of an older form is brought to the newest one, and publishing goes on from it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from feeds.storage.sqlite import Database, load_migrations
from tests.conftest import Project


def older_store(path: Path, form: int) -> sqlite3.Connection:
    """An empty store as a feedd with this form made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    for number, text in load_migrations():
        if number <= form:
            connection.executescript(text)
    connection.execute(f"PRAGMA user_version = {form}")
    return connection


@pytest.mark.parametrize("form", [number for number, _ in load_migrations()][:-1])
def test_every_older_form_becomes_the_newest(tmp_path: Path, form: int) -> None:
    path = tmp_path / "feedd.db"
    older_store(path, form).close()
    database = Database.open(path)
    assert database.value("version") == load_migrations()[-1][0]
    database.close()


def test_posts_of_a_store_without_logs_get_their_archives(project: Project) -> None:
    old = older_store(project.folder / "state" / "feedd.db", 5)
    old.execute("INSERT INTO meta (name, value) VALUES ('render', 'older')")
    for number in range(7):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}", date=f"2024-01-0{number + 1} 00:00:00")
    old.execute(
        "INSERT INTO feed (id, kind, name, slug, folded, uid) VALUES (1, 'all', '', '-', '-', 'urn:x:all')"
    )
    for number in range(1, 5):
        old.execute(
            "INSERT INTO post (id, uid, minted, state, published, updated, surfaced, early, shown, digest) "
            "VALUES (:n, 'urn:x:' || :n, :n, 'live', :n, :n, :n, 1, "
            '\'["Old","https://x.example/",[],null,false,null,[],[],0,""]\', x\'00\')',
            {"n": number},
        )
        old.execute("INSERT INTO member (feed, surfaced, post) VALUES (1, ?, ?)", (number, number))
        old.execute("INSERT INTO entry (post, data) VALUES (?, x'00')", (number,))
    old.commit()
    old.close()
    project.set("entries = 50", "entries = 5")
    assert project.run("build").returncode == 0
    archive = (project.output / "archive" / "1.atom.xml").read_text("utf-8")
    assert archive.count("<entry") == 5
    assert "urn:x:1" in archive
