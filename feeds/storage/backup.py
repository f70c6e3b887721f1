"""Save the database to a backup file, and restore it.

The online backup of SQLite copies the whole database while others read and write. A backup is verified
before it replaces the store, and the previous store is kept beside it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from feeds.errors import StoreError, UsageError
from feeds.storage.ledger import CHECKED, LEDGER, RESTORED
from feeds.storage.sqlite import Database, migrations

_MAGIC = b"SQLite format 3\0"
_SIDES = ("-wal", "-shm", "-journal")
_MOST_FAULTS = 3


def save(store: Path, file: Path) -> int:
    """Copy the store to ``file``, as a whole or not at all, and return the size of the copy in bytes.

    Raises:
        UsageError: ``file`` is the store itself, or a file that is not a copy of a store.
        StoreError: the store cannot be read, or the copy cannot be written.
    """
    _refuse_foreign(store, file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with _beside(file) as beside:
            with closing(Database.open(store, read_only=True)) as db:
                db.copy_to(beside)
            _as_one_file(beside)
            verify(beside)
            _sync(beside)
            os.replace(beside, file)
        _sync(file.parent)
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"{file}: the backup cannot be written ({reason}); an older one is untouched"
        ) from error
    return file.stat().st_size


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """An empty file beside ``file`` to copy to: nobody else's, and no link that somebody put there."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    try:
        yield beside
    finally:
        _drop(beside)


def _refuse_link(file: Path) -> None:
    if file.is_symlink():
        raise UsageError(
            f"{file}: is a symbolic link, which feedd did not write; remove it, or name another file"
        )


def _refuse_foreign(store: Path, file: Path) -> None:
    for name in ("", *_SIDES, ".lock"):
        if file.absolute() == store.with_name(store.name + name).absolute():
            raise UsageError(f"{file}: belongs to the store itself; name another file for the backup")
    _refuse_link(file)
    if not file.exists():
        return
    if not file.is_file() or (file.stat().st_size and _form(file) is None):
        raise UsageError(f"{file}: exists and is no backup of feedd; name another file")
    if file.samefile(store):
        raise UsageError(f"{file}: is the store itself; name another file for the backup")


def _form(file: Path) -> int | None:
    """Return the version of the store in a file; None if the file is not a store."""
    with file.open("rb") as opened:
        if opened.read(len(_MAGIC)) != _MAGIC:
            return None
    try:
        with closing(_reading(file)) as copy:
            known = copy.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('sighting', 'post')")
            return (
                int(copy.execute("PRAGMA user_version").fetchone()[0]) if known.fetchone()[0] == 2 else None
            )
    except sqlite3.Error:
        return None


def _reading(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def verify(file: Path) -> None:
    """Check every page of a copy.

    Raises:
        UsageError: the file does not exist, or it is not a copy of a store.
        StoreError: it is damaged, or a newer feedd wrote it.
    """
    try:
        form = _form(file)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error
    if form is None:
        raise UsageError(f"{file}: is no backup of feedd, or its beginning is damaged; nothing was changed")
    newest = migrations()[-1][0]
    if form > newest:
        raise StoreError(
            f"{file}: was written by a newer feedd (form {form}, this one knows {newest}); nothing was changed"
        )
    try:
        with closing(_reading(file)) as copy:
            found = [row[0] for row in copy.execute(f"PRAGMA integrity_check({_MOST_FAULTS})")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        reason = "; ".join(found).replace("\n", " ")
        raise StoreError(f"{file}: is damaged ({reason}); nothing was changed, use an older backup")


def bring_back(file: Path, store: Path) -> Path | None:
    """Replace the store with a verified copy; return where the previous store is kept, None if there was none.

    The caller has locked the store. The copy is migrated and complete beside the store before the previous
    store is moved. A store that is not damaged is replaced in one step.

    Raises:
        UsageError: ``file`` is not a copy of a store, or it is the store itself.
        StoreError: it is damaged or from a newer feedd, or the folder of the store cannot be written.
    """
    verify(file)
    if store.exists() and file.samefile(store):
        raise UsageError(f"{file}: is the store itself; name a backup")
    told = store.with_name(LEDGER).exists()
    store = Path(os.path.realpath(store))  # a link to it is the operator's, and stays
    former = store.with_name(store.name + ".before-restore")
    _refuse_link(former)
    try:
        with _beside(store) as beside:
            with closing(_reading(file)) as copy, closing(sqlite3.connect(beside)) as target:
                copy.backup(target)
            # An older form is brought to the newest here, not in the place of the store.
            with closing(Database.open(beside)) as db:
                _mark_restored(db, told)
            _as_one_file(beside)
            verify(beside)
            _sync(beside)
            return _exchange(beside, store, former)
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"{store}: cannot be replaced ({reason}); check the folder's permissions and free space"
        ) from error


def _mark_restored(db: Database, told: bool) -> None:
    """Have the next run read the ledger anew, which is newer than the backup if there is one.

    Withdrawals that were wished for when the backup was taken were done then: the ledger knows how it ended.
    """
    with db.transaction():
        db.run("meta_put", (RESTORED, "1"))
        db.run("meta_put", (CHECKED, ""))
        if told:
            db.run("requests_drop_withdrawals")


def _exchange(beside: Path, store: Path, former: Path) -> Path | None:
    there = store.exists()
    if there:
        _drop(former)
    if there and _emptied(store):
        os.link(store, former)
        os.replace(beside, store)
        for name in _SIDES:  # empty; whoever still reads the former store has them open
            store.with_name(store.name + name).unlink(missing_ok=True)
    else:
        for name in ("", *_SIDES):  # a damaged store keeps its log
            with suppress(FileNotFoundError):
                os.rename(store.with_name(store.name + name), former.with_name(former.name + name))
        os.replace(beside, store)
    _sync(store.parent)
    return former if there else None


def _as_one_file(copy: Path) -> None:
    """Merge the write-ahead log into the file, so that the copy is one file."""
    with closing(sqlite3.connect(copy)) as opened:
        if opened.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
            raise sqlite3.OperationalError("its write-ahead log could not be merged")


def _emptied(store: Path) -> bool:
    """Merge the write-ahead log into the store and return whether the store is one file now."""
    try:
        with closing(sqlite3.connect(store)) as there:
            busy, *_ = there.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
    except sqlite3.Error:
        return False


def _drop(file: Path) -> None:
    for name in ("", *_SIDES):
        with suppress(OSError):
            file.with_name(file.name + name).unlink()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
