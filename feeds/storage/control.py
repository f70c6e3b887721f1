"""Requests of commands to the process that has locked the store, and signs of changes by other processes."""

from __future__ import annotations

from typing import NamedTuple

from feeds.storage.sqlite import Database


class StoredRequest(NamedTuple):
    """A request of another process."""

    number: int
    kind: str
    value: str


def add_request(db: Database, kind: str, value: str) -> int:
    """Store a request; return its number."""
    with db.transaction():
        return int(db.run("request_add", (kind, value)).lastrowid or 0)


def load_requests(db: Database) -> list[StoredRequest]:
    """Load the requests that were not applied yet, in order."""
    return [StoredRequest(*row) for row in db.rows("requests_all")]


def remove_request(db: Database, number: int) -> None:
    """Remove a request that was applied or has expired."""
    with db.transaction():
        db.run("request_drop", (number,))


def load_change_counter(db: Database) -> int:
    """Return a number that differs after another process has written to the store; it costs no query."""
    return int(db.value("changes_elsewhere"))
