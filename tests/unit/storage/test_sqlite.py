"""Queries for a set of values see exactly the last set, also after an error."""

from __future__ import annotations

import sqlite3

import pytest

from tests.rigs.memory_store import open_memory_store


def test_the_scope_is_the_last_set_of_values() -> None:
    db = open_memory_store()

    def read() -> set[object]:
        return {row[0] for row in db._connection.execute("SELECT value FROM scope")}

    db.scope(["a", "b"])
    db.scope(["a", "b"])
    assert read() == {"a", "b"}
    db.scope([])
    assert read() == set()
    db.scope(range(400))
    assert read() == set(range(400))


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
