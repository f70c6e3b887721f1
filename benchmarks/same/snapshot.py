"""Everything that one checkout produced in one step, in a form that can be compared."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

Cells = dict[str, str]
"""The values of one row by column."""
_pool: dict[object, object] = {}

_SQLITE = b"SQLite format 3\0"
_BESIDE = ("-wal", "-shm", "-journal")
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class Output:
    """What a finished command printed."""

    status: int
    stdout: bytes
    stderr: bytes


@dataclass
class Table:
    """The rows of a table by their primary key, as text."""

    columns: tuple[str, ...]
    """Sorted by name."""
    rows: dict[str, Cells] = field(default_factory=dict)


@dataclass
class Snapshot:
    """The state after one step; every name begins with its kind and a slash."""

    files: dict[str, bytes] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    """Permissions of each file."""
    reports: dict[str, bytes] = field(default_factory=dict)
    """JSON as it was printed."""
    tables: dict[str, Table] = field(default_factory=dict)

    def add_file(self, name: str, data: bytes) -> None:
        """Keep a file; equal bytes are in memory once for all runs."""
        self.files[name] = _keep_once(data)

    def add_report(self, kind: str, name: str, output: Output) -> None:
        """Keep what a command printed; of a report as JSON, standard error and exit status are a text."""
        text = f"exit status {output.status}\n".encode() + output.stderr
        if kind == "json":
            self.reports[f"json/{name}"] = _keep_once(output.stdout)
            self.add_file(f"text/{name} --json", text)
        else:
            self.add_file(f"text/{name}", text + output.stdout)


def _keep_once(value: bytes) -> bytes:
    return _pool.setdefault(value, value)  # type: ignore[return-value]


def _keep_text_once(value: str) -> str:
    return _pool.setdefault(value, value)  # type: ignore[return-value]


def read_folder(folder: Path, snapshot: Snapshot) -> None:
    """Add every file below a folder to a snapshot; of SQLite files their rows."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_symlink():
            snapshot.add_file(f"files/{place}", f"link to {path.readlink()}".encode())
        elif path.is_file() and not place.endswith(_BESIDE):
            name = _name_file(place)
            snapshot.modes[name] = stat.filemode(path.stat().st_mode)
            data = path.read_bytes()
            if data.startswith(_SQLITE):
                snapshot.tables |= {
                    f"store/{place}/{table}": rows for table, rows in read_store(path).items()
                }
            else:
                snapshot.add_file(name, data)


def _name_file(place: str) -> str:
    if place.endswith("ledger.jsonl"):
        return f"ledger/{place}"
    return place if place.startswith("output/") else f"files/{place}"


def read_store(path: Path) -> dict[str, Table]:
    """Return the rows of every table of an SQLite file, and its form as a table named ``pragma``."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        names = [name for (name,) in db.execute(query)]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = {name: _read_table(db, name) for name in names}
    tables["pragma"] = Table(("value",), {"user_version": {"value": str(version)}})
    return tables


def _read_table(db: sqlite3.Connection, name: str) -> Table:
    about = db.execute(f'PRAGMA table_info("{name}")').fetchall()
    columns = tuple(sorted(row[1] for row in about))
    keys = [row[1] for row in sorted(about, key=lambda row: row[5]) if row[5]] or list(columns)
    listed = ", ".join(f'"{column}"' for column in columns)
    rows: dict[str, Cells] = {}
    for values in db.execute(f'SELECT {listed} FROM "{name}"'):
        cells = {column: read_value(value) for column, value in zip(columns, values, strict=True)}
        rows[",".join(cells[key][:200] for key in keys)] = cells
    return Table(columns, rows)


def read_value(value: object) -> str:
    """Return a value of SQLite as text: unpacked where it is packed, as hexadecimal digits where it is no text."""
    if not isinstance(value, bytes):
        return _keep_text_once(str(value))
    if value.startswith(_ZSTD):
        try:
            value = zstandard.ZstdDecompressor().decompressobj().decompress(value)
        except zstandard.ZstdError:
            return value.hex()
    try:
        return _keep_text_once(value.decode())
    except UnicodeDecodeError:
        return _keep_text_once(value.hex())
