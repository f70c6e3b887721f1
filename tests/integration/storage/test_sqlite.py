"""The file of a store: created beside its path, migrated, locked, and never used if it is damaged, newer or replaced."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from feeds.errors import StoreError, StoreLocked
from feeds.storage.sqlite import Database, load_migrations, lock_store

NEWEST = load_migrations()[-1][0]


def read_pragma(db: Database, name: str) -> object:
    return db._connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_store_has_its_settings_and_the_newest_schema(tmp_path: Path) -> None:
    path = tmp_path / "state" / "feedd.db"
    with closing(Database.open(path)) as db:
        found = {
            name: read_pragma(db, name)
            for name in ("user_version", "page_size", "journal_mode", "synchronous", "temp_store")
        }
        assert (read_pragma(db, "cache_size"), read_pragma(db, "wal_autocheckpoint")) == (-65536, 4000)
    assert found == {
        "user_version": NEWEST,
        "page_size": 16384,
        "journal_mode": "wal",
        "synchronous": 1,
        "temp_store": 2,
    }
    assert [file.name for file in path.parent.iterdir()] == ["feedd.db"]


def test_what_a_crash_left_beside_a_new_store_is_not_used(tmp_path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        (tmp_path / f".feedd.db.new{end}").write_bytes(b"rest of a crash")
    with closing(Database.open(tmp_path / "feedd.db")) as db:
        assert read_pragma(db, "user_version") == NEWEST
    assert [file.name for file in tmp_path.iterdir()] == ["feedd.db"]


def test_opening_to_read_creates_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "feedd.db"
    with pytest.raises(StoreError, match="No such file"):
        Database.open(path, read_only=True)
    assert list(tmp_path.iterdir()) == []
    Database.open(path).close()
    with closing(Database.open(path, read_only=True)) as db, pytest.raises(StoreError, match="readonly"):
        db.run("meta_put", ("a", "b"))


def test_an_empty_or_damaged_file_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "feedd.db"
    path.touch()
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"is damaged \(it is empty\); restore a backup"):
            Database.open(path, read_only=read_only)
    path.write_bytes(b"no database at all, but long enough for a header " * 9)
    with pytest.raises(StoreError, match=r"is damaged .*restore a backup"):
        Database.open(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_store_is_left_alone(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "feedd.db"
    with closing(Database.open(path)) as db:
        db._connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    with pytest.raises(StoreError, match=rf"schema version {NEWEST + 1}; this version supports {NEWEST}"):
        Database.open(path, read_only=read_only)


def test_an_old_store_gets_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "feedd.db"
    with closing(sqlite3.connect(path)) as old:
        for number, text in load_migrations()[:3]:
            old.executescript(f"{text}; PRAGMA user_version = {number}")
        old.execute("INSERT INTO meta VALUES ('kept', 'yes')")
        old.commit()
    with closing(Database.open(path)) as db:
        assert (read_pragma(db, "user_version"), db.value("meta_get", ("kept",))) == (NEWEST, "yes")


def test_a_transaction_takes_the_write_lock_at_its_start(tmp_path: Path) -> None:
    path = tmp_path / "feedd.db"
    with closing(Database.open(path)) as db, closing(sqlite3.connect(path, timeout=0)) as other:
        with db.transaction(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


def test_a_replaced_or_removed_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "feedd.db"
    with closing(Database.open(path)) as db:
        db.require_in_place()
        os.replace(path, tmp_path / "away")
        with pytest.raises(StoreError, match="was moved or replaced"):
            db.require_in_place()
        path.write_bytes((tmp_path / "away").read_bytes())
        with pytest.raises(StoreError, match="was moved or replaced"):
            db.require_in_place()


def test_a_copy_has_what_was_committed(tmp_path: Path) -> None:
    with closing(Database.open(tmp_path / "feedd.db")) as db:
        with db.transaction():
            db.run("meta_put", ("name", "value"))
        db.copy_to(tmp_path / "copy.db")
    with closing(Database.open(tmp_path / "copy.db", read_only=True)) as copy:
        assert copy.value("meta_get", ("name",)) == "value"


def test_only_one_process_has_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "new" / "feedd.db"
    with lock_store(path), pytest.raises(StoreLocked, match="another feedd is using"), lock_store(path):
        pass
    with lock_store(path):
        assert [file.name for file in path.parent.iterdir()] == ["feedd.db.lock"]


def test_a_lock_that_cannot_be_created_has_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "feedd.db"
    (tmp_path / "feedd.db.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=r"feedd\.db\.lock: is a symbolic link"), lock_store(path):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="check its permissions"), lock_store(tmp_path / "file" / "feedd.db"):
        pass
