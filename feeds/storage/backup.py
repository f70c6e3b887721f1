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
from feeds.storage.documents import TREE_NEWER
from feeds.storage.ledger import CHECKED, LEDGER, RESTORED
from feeds.storage.sqlite import Database, load_migrations

_MAGIC = b"SQLite format 3\0"
_SIDES = ("-wal", "-shm", "-journal")
_MAX_FAULTS = 3


def save_backup(store: Path, file: Path) -> int:
    """Copy the store to ``file``, as a whole or not at all, and return the size of the copy in bytes.

    Raises:
        UsageError: ``file`` is the store itself, or a file that is not a copy of a store.
        StoreError: the store cannot be read, or the copy cannot be written.
    """
    _refuse_unmanaged(store, file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # An older backup stays usable until the new copy is complete and verified.
        with _create_temporary(file) as temporary:
            # Read-only, so that a backup can be made while the daemon runs.
            with closing(Database.open(store, read_only=True)) as db:
                db.copy_to(temporary)
            _convert_to_one_file(temporary)
            verify_backup(temporary)
            # Without it, a power cut could leave the new name with an empty file.
            _sync(temporary)
            os.replace(temporary, file)
        # The rename is lasting only when the folder is written too.
        _sync(file.parent)
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"{file}: the backup cannot be written ({reason}); an older one is untouched"
        ) from error
    return file.stat().st_size


@contextmanager
def _create_temporary(file: Path) -> Iterator[Path]:
    """Create an empty file beside ``file`` to copy to, and delete what is left of it at the end."""
    # In the same folder, because a rename works only within one file system.
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    # O_EXCL refuses a file of another process, and a link that somebody put there.
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    try:
        yield temporary
    finally:
        _drop(temporary)


def _refuse_link(file: Path) -> None:
    if file.is_symlink():
        raise UsageError(
            f"{file}: is a symbolic link, which feedd did not write; remove it, or name another file"
        )


def _refuse_unmanaged(store: Path, file: Path) -> None:
    # Overwriting one of these would destroy the store while it is in use.
    for name in ("", *_SIDES, ".lock"):
        if file.absolute() == store.with_name(store.name + name).absolute():
            raise UsageError(f"{file}: belongs to the store itself; name another file for the backup")
    _refuse_link(file)
    if not file.exists():
        return
    # A mistyped name must not cost the user a file of another program.
    if not file.is_file() or (file.stat().st_size and _read_version(file) is None):
        raise UsageError(f"{file}: exists and is not a backup of feedd; name another file")
    if file.samefile(store):
        raise UsageError(f"{file}: is the store itself; name another file for the backup")


def _read_version(file: Path) -> int | None:
    """Return the schema version of the store in a file; None if the file is not a store."""
    with file.open("rb") as opened:
        # SQLite would treat an empty or short file as a new database.
        if opened.read(len(_MAGIC)) != _MAGIC:
            return None
    try:
        with closing(_open_read_only(file)) as copy:
            # Any SQLite file passes the first check; only a store has these tables.
            known = copy.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('sighting', 'post')")
            return (
                int(copy.execute("PRAGMA user_version").fetchone()[0]) if known.fetchone()[0] == 2 else None
            )
    except sqlite3.Error:
        return None


def _open_read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def verify_backup(file: Path) -> None:
    """Check every page of a copy.

    Raises:
        UsageError: the file does not exist, or it is not a copy of a store.
        StoreError: it is damaged, or a newer feedd wrote it.
    """
    try:
        version = _read_version(file)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error
    if version is None:
        raise UsageError(
            f"{file}: is not a backup of feedd, or its beginning is damaged; nothing was changed"
        )
    newest = load_migrations()[-1][0]
    if version > newest:
        raise StoreError(
            f"{file}: was written by a newer feedd (schema version {version}; this version supports {newest}); nothing was changed"
        )
    try:
        with closing(_open_read_only(file)) as copy:
            # Only a full check finds damage deep in the file, and a backup is rarely made.
            found = [row[0] for row in copy.execute(f"PRAGMA integrity_check({_MAX_FAULTS})")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        reason = "; ".join(found).replace("\n", " ")
        raise StoreError(f"{file}: is damaged ({reason}); nothing was changed, use an older backup")


def restore_backup(file: Path, store: Path) -> Path | None:
    """Replace the store with a verified copy; return where the previous store is kept, None if there was none.

    The caller has locked the store. The copy is migrated and complete beside the store before the previous
    store is moved. A store that is not damaged is replaced in one step.

    Raises:
        UsageError: ``file`` is not a copy of a store, or it is the store itself.
        StoreError: it is damaged or from a newer feedd, or the folder of the store cannot be written.
    """
    verify_backup(file)
    if store.exists() and file.samefile(store):
        raise UsageError(f"{file}: is the store itself; name a backup")
    # Read before the store moves, because the ledger is beside it.
    has_ledger = store.with_name(LEDGER).exists()
    # An operator may keep the store elsewhere and link to it; the link stays.
    store = Path(os.path.realpath(store))
    previous = store.with_name(store.name + ".before-restore")
    _refuse_link(previous)
    try:
        with _create_temporary(store) as temporary:
            with closing(_open_read_only(file)) as copy, closing(sqlite3.connect(temporary)) as target:
                copy.backup(target)
            # Opening migrates an older store, here and not in the place of the present store.
            with closing(Database.open(temporary)) as db:
                _mark_restored(db, has_ledger)
            _convert_to_one_file(temporary)
            verify_backup(temporary)
            _sync(temporary)
            return _exchange(temporary, store, previous)
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"{store}: cannot be replaced ({reason}); check the folder's permissions and free space"
        ) from error


def _mark_restored(db: Database, has_ledger: bool) -> None:
    """Let the next run read the whole ledger, because it is newer than the backup.

    Withdrawals that were requested when the backup was made were done afterwards. The ledger has the result,
    so the requests are dropped.
    """
    with db.transaction():
        db.run("meta_put", (RESTORED, "1"))
        db.run("meta_put", (TREE_NEWER, "1"))
        db.run("meta_put", (CHECKED, ""))
        # Without a ledger nothing shows whether a withdrawal was done, so the request is kept.
        if has_ledger:
            db.run("requests_drop_withdrawals")


def _exchange(temporary: Path, store: Path, previous: Path) -> Path | None:
    exists = store.exists()
    if exists:
        _drop(previous)
    # A store in one file can be replaced in one step, so that no moment has none.
    if exists and _merge_log(store):
        # A hard link keeps the previous store without a copy of its bytes.
        os.link(store, previous)
        os.replace(temporary, store)
        for name in _SIDES:  # they are empty; a reader of the previous store has them open
            store.with_name(store.name + name).unlink(missing_ok=True)
    else:
        for name in ("", *_SIDES):  # a damaged store keeps its log, which may help to repair it
            with suppress(FileNotFoundError):
                os.rename(store.with_name(store.name + name), previous.with_name(previous.name + name))
        os.replace(temporary, store)
    _sync(store.parent)
    return previous if exists else None


def _convert_to_one_file(copy: Path) -> None:
    """Merge the write-ahead log into the file, so that the copy is one file."""
    with closing(sqlite3.connect(copy)) as opened:
        # People copy a backup as one file; a log beside it would be left behind.
        if opened.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
            raise sqlite3.OperationalError("its write-ahead log could not be merged")


def _merge_log(store: Path) -> bool:
    """Merge the write-ahead log into the store and return whether the store is one file now."""
    try:
        with closing(sqlite3.connect(store)) as opened:
            # A reader of the store may prevent this; then the files are moved one by one.
            busy, *_ = opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
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
