"""The SQLite file: opening, migrations, named SQL, the lease."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

from feeds._resources import packaged_texts
from feeds.errors import RoleTaken, StoreError, damaged
from feeds.identity import Naming

_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")
_UNPRINTABLE = re.compile(r"[^ -~]")
_LONGEST_REASON = 120
_ROWS_AT_ONCE = (256, 64, 16, 4, 1)
_SURROUNDINGS = frozenset(
    (
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_AUTH,
    )
)
"""SQLite's codes for what is wrong around the file, not in it."""
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements() -> dict[str, str]:
    """Every named statement of ``feeds/storage/sql``."""
    found: dict[str, str] = {}
    for _, text in packaged_texts("storage/sql"):
        parts = _NAME.split(text)[1:]
        found.update(zip(parts[::2], (one.strip() for one in parts[1::2]), strict=True))
    return found


@cache
def _fill_scope(rows: int) -> str:
    """The statement ``fill_scope`` for many rows: a value takes a third of the time that a row by itself takes."""
    return statements()["fill_scope"].replace("(?)", ", ".join(["(?)"] * rows))


def migrations() -> list[tuple[int, str]]:
    """Number and text of each migration, in order."""
    every = packaged_texts("storage/migrations")
    return [(int(match[1]), text) for name, text in every if (match := _MIGRATION.fullmatch(name))]


def trouble(path: Path, error: Exception) -> StoreError:
    """What went wrong with the store, in words that say what to do."""
    reason = _UNPRINTABLE.sub("?", str(error))[:_LONGEST_REASON]
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary one of an extended code
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        advice = "another program holds it for long; see which one, then run again"
    elif code in _SURROUNDINGS or isinstance(error, OSError):
        advice = "check the folder's permissions and the free space, then run again: nothing was lost"
    else:
        return damaged(str(path), reason)
    return StoreError(f"{path}: the store cannot be used ({reason}); {advice}")


def _create(path: Path) -> None:
    """Make a store if there is none: whole beside, then renamed, so that an empty file is never a new store."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    for name in ("", "-wal", "-shm", "-journal"):
        beside.with_name(beside.name + name).unlink(missing_ok=True)
    database = Database(sqlite3.connect(beside, isolation_level=None), beside)
    try:
        database._connection.execute("PRAGMA page_size = 16384")
        database._migrate(0)  # with a rollback journal: after it everything is in the one file
    finally:
        database.close()
    os.replace(beside, path)


def _file_at(path: Path) -> tuple[int, int] | None:
    """What tells the file at a path from another one; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Database:
    """One connection to a store; every write happens inside :meth:`transaction`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.feed_numbers: dict[tuple[str, str], int] = {}
        """Numbers of feeds met in this run (they never change)."""
        self.namings: dict[int, Naming] = {}
        """How posts made in this run want to be named; of any other the store tells."""
        self._file = _file_at(path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open or create the store at ``path`` and bring it to the newest form.

        Raises:
            StoreError: it cannot be opened, is damaged, or comes from a newer feedd.
        """
        try:
            if not read_only:
                _create(path)
            if not path.stat().st_size:
                raise damaged(str(path), "it is empty")
            mode = "ro" if read_only else "rwc"
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=30,
                check_same_thread=False,
            )
            database = cls(connection, path)
            database._prepare(read_only)
        except (sqlite3.Error, OSError) as error:
            raise trouble(path, error) from error
        return database

    def _prepare(self, read_only: bool) -> None:
        run = self._connection.execute
        run("PRAGMA temp_store = MEMORY")
        run("PRAGMA cache_size = -65536")
        version = int(run("PRAGMA user_version").fetchone()[0])
        newest = migrations()[-1][0]
        if version > newest:
            raise StoreError(
                f"{self.path}: this store was written by a newer feedd (form {version}, this one knows {newest}); "
                "use that version, or move the file away to rebuild it"
            )
        if read_only:
            return
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA wal_autocheckpoint = 4000")
        run("PRAGMA synchronous = NORMAL")
        if version < newest:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        with self.transaction():
            for number, text in migrations():
                if number > version:
                    self._script(text)
                    self._connection.execute(f"PRAGMA user_version = {number}")

    def _script(self, text: str) -> None:
        """Run statements inside the current transaction (``executescript`` would commit it)."""
        statement = ""
        for line in text.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self._connection.execute(statement)
                statement = ""

    def require_in_place(self) -> None:
        """See that the file is still the one that was opened: what is written to another one's ghost is lost.

        Raises:
            StoreError: somebody has moved it away, deleted or replaced it.
        """
        if _file_at(self.path) != self._file:
            raise StoreError(
                f"{self.path}: the store was taken away or replaced while feedd was using it; "
                "put it back (or leave the new one there) and start feedd again"
            )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing.

        Raises:
            StoreError: the database refused; nothing of the transaction is stored.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.feed_numbers.clear()
                self.namings.clear()
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise trouble(self.path, error) from error

    def run(self, name: str, parameters: Iterable[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        """Execute the named statement."""
        values = parameters if isinstance(parameters, dict) else tuple(parameters)
        try:
            return self._connection.execute(statements()[name], values)
        except sqlite3.Error as error:
            raise trouble(self.path, error) from error

    def rows(self, name: str, parameters: Iterable[Any] | dict[str, Any] = ()) -> list[Any]:
        """All rows of the named query."""
        try:
            return self.run(name, parameters).fetchall()
        except sqlite3.Error as error:
            raise trouble(self.path, error) from error

    def each(self, name: str) -> Iterator[Any]:
        """The rows of the named query one after the other, where they are too large to have at once."""
        try:
            yield from self.run(name)
        except sqlite3.Error as error:
            raise trouble(self.path, error) from error

    def value(self, name: str, parameters: Iterable[Any] | dict[str, Any] = ()) -> Any:  # noqa: ANN401 - a column's value
        """The first column of the first row, or None."""
        rows = self.rows(name, parameters)
        return rows[0][0] if rows else None

    def many(self, name: str, rows: Iterable[Any]) -> None:
        """Execute the named statement for each row of parameters."""
        self._connection.executemany(statements()[name], rows)

    def scope(self, values: Iterable[str | int | bytes]) -> None:
        """Fill the temporary table ``scope`` that set queries join with."""
        self._connection.execute(statements()["create_scope"])
        self._connection.execute(statements()["clear_scope"])
        every = list(values)
        start = 0
        for rows in _ROWS_AT_ONCE:
            while len(every) - start >= rows:
                self._connection.execute(_fill_scope(rows), every[start : start + rows])
                start += rows

    def copy_to(self, path: Path) -> None:
        """An exact copy, taken while others may write."""
        with sqlite3.connect(path) as target:
            self._connection.backup(target)
        target.close()


@contextmanager
def lease(path: Path) -> Iterator[None]:
    """Hold the role of ingesting and publishing with the store at ``path``.

    The lock lies beside the store and goes with the process, however it ends.

    Raises:
        RoleTaken: another process has it.
        StoreError: the lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StoreError(
                f"{lock}: is a symbolic link, which feedd did not write and never follows; remove it"
            ) from error
        raise StoreError(
            f"{path.parent}: cannot be written ({error.strerror}); check its permissions"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RoleTaken(
                f"{path}: another feedd is publishing with this store; try again when it is done"
            ) from error
        yield
    finally:
        os.close(descriptor)
