"""Open the SQLite file, migrate it, run named SQL, and lock it against other processes."""

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

from feeds._resources import read_packaged_texts
from feeds.errors import StoreError, StoreLocked, build_damage_error
from feeds.post_ids import PendingId

_MIGRATION = re.compile(r"(\d{4})_\w+\.sql")
# Messages of SQLite quote bytes of a damaged file.
_UNPRINTABLE = re.compile(r"[^ -~]")
_LONGEST_REASON = 120
# Few sizes, so that SQLite compiles few statements; the largest is below every limit of parameters.
_ROWS_AT_ONCE = (256, 64, 16, 4, 1)
_ENVIRONMENT_CODES = frozenset(
    (
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_AUTH,
    )
)
"""Error codes of SQLite for problems of the file system, as opposed to a damaged file."""
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


# Statements are looked up for every query, and their files never change in a run.
@cache
def load_statements() -> dict[str, str]:
    """Load every named statement of ``feeds/storage/sql``."""
    found: dict[str, str] = {}
    for _, text in read_packaged_texts("storage/sql"):
        parts = _NAME.split(text)[1:]
        found.update(zip(parts[::2], (statement.strip() for statement in parts[1::2]), strict=True))
    return found


@cache
def _fill_scope(rows: int) -> str:
    """Return the statement ``fill_scope`` for many rows; a value takes a third of the time of a single row."""
    return load_statements()["fill_scope"].replace("(?)", ", ".join(["(?)"] * rows))


def load_migrations() -> list[tuple[int, str]]:
    """Load number and text of each migration, in order."""
    every = read_packaged_texts("storage/migrations")
    return [(int(match[1]), text) for name, text in every if (match := _MIGRATION.fullmatch(name))]


def build_store_error(path: Path, error: Exception) -> StoreError:
    """Convert an error of SQLite or the system to a message with the reason and advice."""
    # The reason is printed in a terminal, which control characters could change.
    reason = _UNPRINTABLE.sub("?", str(error))[:_LONGEST_REASON]
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code of an extended code
    # Each kind of failure needs other advice; only damage needs a backup.
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        advice = "another program has locked it for a long time; close that program, then run again"
    elif code in _ENVIRONMENT_CODES or isinstance(error, OSError):
        advice = "check the permissions of the folder and the free space, then run again: no data was lost"
    elif code == sqlite3.SQLITE_NOTADB:
        return build_damage_error(
            str(path), "it is not a SQLite database; check that `store.url` names the right file"
        )
    else:
        return build_damage_error(str(path), reason)
    return StoreError(f"{path}: the store cannot be used ({reason}); {advice}")


def _create(path: Path) -> None:
    """Create the store if it does not exist.

    It is built beside its path and then renamed, so a crash never leaves an empty file at the path.
    """
    if path.is_dir():
        raise StoreError(
            f"{path}: is a folder; give `store.url` the path of a file in it, such as {path.name}/feedd.db"
        )
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    # A crash may have left a file beside, and SQLite would read its log.
    for name in ("", "-wal", "-shm", "-journal"):
        beside.with_name(beside.name + name).unlink(missing_ok=True)
    database = Database(sqlite3.connect(beside, isolation_level=None), beside)
    try:
        # Documents are several kilobytes long; larger pages need fewer overflow pages. Set before the first
        # table.
        database._connection.execute("PRAGMA page_size = 16384")
        database._migrate(0)  # in the default journal mode, which leaves no second file to rename
    finally:
        database.close()
    os.replace(beside, path)


def _identify_file(path: Path) -> tuple[int, int] | None:
    """Return device and inode of the file at a path; None if no file exists."""
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
        """Numbers of the feeds that this run used; they never change."""
        self.namings: dict[int, PendingId] = {}
        """The data to assign ids to posts that this run inserted; for other posts it is loaded."""
        self._file = _identify_file(path)
        self._scoped: list[str | int | bytes] | None = None
        """The values in the table ``scope``; None without such a table."""

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open or create the store at ``path`` and apply new migrations.

        Raises:
            StoreError: it cannot be opened, is damaged, or is from a newer feedd.
        """
        try:
            if not read_only:
                _create(path)
            # SQLite accepts an empty file as a new database, which would publish empty feeds.
            if not path.stat().st_size:
                raise build_damage_error(str(path), "it is empty")
            mode = "ro" if read_only else "rwc"
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                # Python's own transactions would begin late, and commit before some statements.
                isolation_level=None,
                # Another process may hold the write lock for a whole batch.
                timeout=30,
                # The daemon opens the store in one thread and closes it in another, never using both at once.
                check_same_thread=False,
            )
            database = cls(connection, path)
            database._prepare(read_only)
        except (sqlite3.Error, OSError) as error:
            raise build_store_error(path, error) from error
        return database

    def _prepare(self, read_only: bool) -> None:
        """Set the options of the connection, check the version of the store, and migrate it."""
        run = self._connection.execute
        # The table `scope` is filled for most queries, and needs no disk.
        run("PRAGMA temp_store = MEMORY")
        run("PRAGMA cache_size = -65536")
        version = int(run("PRAGMA user_version").fetchone()[0])
        newest = load_migrations()[-1][0]
        # A newer store may have tables whose rules this version would break.
        if version > newest:
            raise StoreError(
                f"{self.path}: this store was written by a newer feedd (schema version {version}; "
                f"this version supports {newest}); "
                "use that version, or move the file away to rebuild it"
            )
        if read_only:
            return
        # With a write-ahead log other processes can read while this process writes.
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA wal_autocheckpoint = 4000")
        # With a write-ahead log a power cut can lose the last transactions, but not damage the store.
        run("PRAGMA synchronous = NORMAL")
        if version < newest:
            self._migrate(version)

    def _migrate(self, version: int) -> None:
        # All migrations or none: a store between two versions fits no program.
        with self.transaction():
            for number, text in load_migrations():
                if number > version:
                    self._run_script(text)
                    self._connection.execute(f"PRAGMA user_version = {number}")

    def _run_script(self, text: str) -> None:
        """Run statements inside the current transaction, which ``executescript`` would commit."""
        statement = ""
        for line in text.splitlines(keepends=True):
            statement += line
            # A trigger contains semicolons, so only SQLite knows where a statement ends.
            if sqlite3.complete_statement(statement):
                self._connection.execute(statement)
                statement = ""

    def require_in_place(self) -> None:
        """Check that the file at the path is still the opened file; else what is written is lost.

        Raises:
            StoreError: the file was moved, deleted or replaced.
        """
        if _identify_file(self.path) != self._file:
            raise StoreError(
                f"{self.path}: the store was moved or replaced while feedd was using it; "
                "move it back (or keep the new file) and start feedd again"
            )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one transaction: an exception rolls it back.

        Raises:
            StoreError: SQLite failed; nothing of the transaction is stored.
        """
        try:
            # The write lock is taken at the start: upgrading a read lock later could fail halfway.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                # Both may have numbers of rows that the rollback removes.
                self.feed_numbers.clear()
                self.namings.clear()
                # The table may have been created in this transaction.
                self._scoped = None
                # SQLite rolls back by itself after some errors, and a second rollback would raise.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise build_store_error(self.path, error) from error

    def run(self, name: str, parameters: Iterable[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        """Execute the named statement.

        Raises:
            StoreError: SQLite failed.
        """
        values = parameters if isinstance(parameters, dict) else tuple(parameters)
        try:
            return self._connection.execute(load_statements()[name], values)
        except sqlite3.Error as error:
            raise build_store_error(self.path, error) from error

    def rows(self, name: str, parameters: Iterable[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of the named query."""
        try:
            return self.run(name, parameters).fetchall()
        except sqlite3.Error as error:
            raise build_store_error(self.path, error) from error

    def iterate_rows(self, name: str) -> Iterator[Any]:
        """Yield the rows of the named query one by one, for rows too large to keep all in memory."""
        try:
            yield from self.run(name)
        except sqlite3.Error as error:
            raise build_store_error(self.path, error) from error

    def value(self, name: str, parameters: Iterable[Any] | dict[str, Any] = ()) -> Any:  # noqa: ANN401 - a column's value
        """Return the first column of the first row, or None."""
        rows = self.rows(name, parameters)
        return rows[0][0] if rows else None

    def many(self, name: str, rows: Iterable[Any]) -> None:
        """Execute the named statement for each row of parameters."""
        self._connection.executemany(load_statements()[name], rows)

    def scope(self, values: Iterable[str | int | bytes]) -> None:
        """Replace the contents of the temporary table ``scope``, which queries for a set of values use."""
        remaining = list(values)
        # Several queries in a row often are for the same values.
        if remaining == self._scoped:
            return
        if self._scoped is None:
            self._connection.execute(load_statements()["create_scope"])
        # An error below would leave the table half filled.
        self._scoped = None
        self._connection.execute(load_statements()["clear_scope"])
        # A table instead of parameters: SQLite limits their number, and each number would be another
        # statement.
        start = 0
        for rows in _ROWS_AT_ONCE:
            while len(remaining) - start >= rows:
                self._connection.execute(_fill_scope(rows), remaining[start : start + rows])
                start += rows
        self._scoped = remaining

    def copy_to(self, path: Path) -> None:
        """Copy the database to ``path``, while other connections may write."""
        with sqlite3.connect(path) as target:
            # The pages are copied by SQLite, so that the copy is one consistent state.
            self._connection.backup(target)
        target.close()


@contextmanager
def lock_store(path: Path) -> Iterator[None]:
    """Lock the store at ``path`` for ingesting and publishing.

    The lock file is beside the store. The system releases the lock when the process ends in any way.

    Raises:
        StoreLocked: another process has locked the store.
        StoreError: the lock file cannot be created.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A file of its own, because closing any descriptor of the store would release SQLite's locks.
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
            # Not waiting: a command reports at once that another process is at work.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreLocked(
                f"{path}: another feedd is using this store; try again when it is done"
            ) from error
        yield
    finally:
        os.close(descriptor)
