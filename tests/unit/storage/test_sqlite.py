"""Named statements, transactions, sets of values, and the advice in errors of the store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from feeds.errors import StoreError
from feeds.storage.sqlite import Database, build_store_error, load_migrations, load_statements
from tests.rigs.memory_store import open_memory_store


def test_migrations_are_in_order_from_the_first() -> None:
    numbers = [number for number, _ in load_migrations()]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


def test_every_statement_is_complete_sql_without_its_name() -> None:
    for name, text in load_statements().items():
        assert text, name
        assert "-- name" not in text, name
        assert sqlite3.complete_statement(text if text.endswith(";") else text + ";"), name


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 255, 256, 257, 1000])
def test_a_set_of_any_size_replaces_the_set_before(count: int) -> None:
    db = open_memory_store()
    db.scope(["old", "older"])
    values = [f"v{number}" for number in range(count)]
    db.scope(value for value in values)
    held = [row[0] for row in db._connection.execute("SELECT * FROM scope")]
    assert sorted(held) == sorted(values)


def test_rows_value_and_many() -> None:
    db = open_memory_store()
    assert db.value("meta_get", ("a",)) is None
    db.many("meta_put", [("a", "1"), ("b", "2")])
    assert db.value("meta_get", ("a",)) == "1"
    assert db.rows("meta_get", ("b",)) == [("2",)]
    db.many("burnt_add", [("k",), ("l",)])
    assert sorted(db.iterate_rows("burnt_all")) == [("k",), ("l",)]


def fail_in_transaction(db: Database) -> None:
    with db.transaction():
        db.run("meta_put", ("a", "1"))
        db.namings[1] = None  # type: ignore[assignment]
        raise KeyError


def test_an_error_rolls_back_and_forgets_numbers_of_rows() -> None:
    db = open_memory_store()
    db.feed_numbers["tag", "x"] = 1
    with pytest.raises(KeyError):
        fail_in_transaction(db)
    assert (db.value("meta_get", ("a",)), db.feed_numbers, db.namings) == (None, {}, {})
    assert not db._connection.in_transaction
    with db.transaction():
        db.feed_numbers["tag", "x"] = 1
        db.run("meta_put", ("a", "1"))
    assert (db.value("meta_get", ("a",)), db.feed_numbers) == ("1", {("tag", "x"): 1})


def test_errors_of_sqlite_are_errors_of_the_store() -> None:
    db = open_memory_store()
    db._connection.execute("DROP TABLE meta")
    with pytest.raises(StoreError, match="no such table"):
        db.run("meta_get", ("a",))
    with pytest.raises(StoreError, match="no such table"):
        db.rows("meta_get", ("a",))
    with pytest.raises(StoreError, match="no such table"), db.transaction():
        db.many("meta_put", [("a", "1")])


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_BUSY, "close that program"),
        (sqlite3.SQLITE_LOCKED, "close that program"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "close that program"),
        (sqlite3.SQLITE_CANTOPEN, "no data was lost"),
        (sqlite3.SQLITE_FULL, "no data was lost"),
        (sqlite3.SQLITE_IOERR_READ, "no data was lost"),
        (sqlite3.SQLITE_PERM, "no data was lost"),
        (sqlite3.SQLITE_READONLY, "no data was lost"),
        (sqlite3.SQLITE_AUTH, "no data was lost"),
        (sqlite3.SQLITE_CORRUPT, "restore a backup"),
        (sqlite3.SQLITE_NOTADB, "restore a backup"),
        (sqlite3.SQLITE_CONSTRAINT, "restore a backup"),
    ],
)
def test_each_kind_of_failure_has_its_advice(code: int, advice: str) -> None:
    error = sqlite3.OperationalError("what SQLite reports")
    error.sqlite_errorcode = code
    text = str(build_store_error(Path("state/feedd.db"), error))
    assert text.startswith("state/feedd.db: ")
    assert ("what SQLite reports" in text) is (code != sqlite3.SQLITE_NOTADB)
    assert advice in text


def test_an_error_of_the_system_is_no_damage_and_its_text_is_printable() -> None:
    text = str(build_store_error(Path("f"), OSError("\x1b[31mé" + "x" * 200)))
    assert "no data was lost" in text
    assert "(?[31m?" + "x" * 114 + ")" in text


def test_the_scope_of_a_transaction_that_failed_is_filled_again() -> None:
    db = open_memory_store()

    def fail_after_filling() -> None:
        with db.transaction():
            db.scope(["a"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_filling()
    db.scope(["a"])
    assert db._connection.execute("SELECT value FROM scope").fetchall() == [("a",)]


def test_a_value_that_cannot_be_stored_leaves_no_half_filled_scope() -> None:
    db = open_memory_store()
    with pytest.raises(sqlite3.Error):
        db.scope(["a", object()])  # type: ignore[list-item]
    db.scope(["a"])
    assert db._connection.execute("SELECT value FROM scope").fetchall() == [("a",)]
