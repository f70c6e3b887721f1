"""Deltas: responses with only the newer entries of a feed (RFC 3229, instance manipulation ``feed``).

A digest of its bytes identifies an entry, so an entry that changed counts as newer.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from feeds.renderer.entries import cut
from feeds.server.documents import Document, Form

# Enough for subscribers that poll less often than a feed changes, and few enough to keep the file small.
REMEMBERED = 20
"""Versions of a document from which a delta can be made."""

# A collision would only hide an entry from a delta, and needs billions of entries to be likely.
_KEY_BYTES = 8
# Splitting reads the whole document, so a huge document goes without deltas.
_MAX_BYTES = 16 * 1024 * 1024
_SCHEMA = """
CREATE TABLE IF NOT EXISTS version (
    serial INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    digest TEXT NOT NULL,
    entries BLOB NOT NULL,
    UNIQUE (path, digest)
)
"""
_LOG = logging.getLogger("feedd.serve")

Known = dict[str, frozenset[bytes]]
"""Digest of a version to the keys of its entries; the latest version last."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A feed document in parts: ``head``, entries (joined with ``separator``), ``tail``."""

    head: bytes
    entries: tuple[bytes, ...]
    tail: bytes
    separator: bytes = b""

    def compute_keys(self) -> tuple[bytes, ...]:
        """Return a short digest of each entry."""
        return tuple(hashlib.blake2b(entry, digest_size=_KEY_BYTES).digest() for entry in self.entries)

    def select_newer(self, known: AbstractSet[bytes]) -> bytes | None:
        """Return the document with only the entries outside ``known``; None if that is all of them."""
        entries = [
            entry for entry, key in zip(self.entries, self.compute_keys(), strict=True) if key not in known
        ]
        # A delta with every entry saves nothing, and caches can use the whole document.
        if len(entries) == len(self.entries):
            return None
        return self.head + self.separator.join(entries) + self.tail


def split(data: bytes, form: Form) -> Parts | None:
    """Split a subscription document; None if it is too large or not a feed of this format."""
    # Without a delta the client gets the whole document, which is always correct.
    if len(data) > _MAX_BYTES or not form:
        return None
    try:
        return _split_json(data) if form == "json" else _split_xml(data, form)
    except (ValueError, RecursionError):
        return None


def _split_xml(data: bytes, form: Form) -> Parts:
    entries = cut(data, "atom" if form == "atom" else "rss")
    if not entries:
        return Parts(data, (), b"")
    # The last occurrence, because an earlier entry may quote the same bytes.
    end = data.rindex(entries[-1]) + len(entries[-1])
    return Parts(data[: data.index(entries[0])], tuple(entries), data[end:])


def _split_json(data: bytes) -> Parts:
    feed = json.loads(data)
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ValueError("no JSON Feed")
    # Items go to the end, so that a delta is a join of parts without parsing again.
    items = feed.pop("items")
    head = _dump(feed)[:-1] + (b',"items":[' if feed else b'"items":[')
    return Parts(head, tuple(_dump(item) for item in items), b"]}", b",")


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Versions:
    """The latest versions of each document that were served, in a small file that survives restarts.

    The file may be lost: then a subscriber with an old validator gets the whole document once. If it
    cannot be used, versions are kept in memory. Safe to call from any thread.
    """

    def __init__(self, file: Path | None) -> None:
        # The threads of the server share the connection, which SQLite does not serialise over two statements.
        self._lock = threading.Lock()
        self._connection = _open(file)

    def record(self, document: Document) -> Known:
        """Record this version of a feed document; return the known versions, this version last."""
        parts = split(document.data, document.form)
        # No version is kept of a document that has no entries to compare.
        if parts is None:
            return {}
        entries = b"".join(parts.compute_keys())
        try:
            with self._lock:
                return self._record(document, entries)
        # Deltas only save bandwidth, so a full disk must not stop the server from answering.
        except sqlite3.Error as error:
            _LOG.warning(
                "the versions of %s cannot be kept (%s); deltas are off for it", document.path, error
            )
            return {}

    def _record(self, document: Document, entries: bytes) -> Known:
        run = self._connection.execute
        query = "SELECT digest, entries FROM version WHERE path = ? ORDER BY serial"
        known = run(query, (document.path,)).fetchall()
        # The same version is loaded again after it left the cache; then there is nothing to write.
        if not known or known[-1][0] != document.digest:
            # A version that comes back is the latest again.
            run("DELETE FROM version WHERE path = ? AND digest = ?", (document.path, document.digest))
            run(
                "INSERT INTO version (path, digest, entries) VALUES (?, ?, ?)",
                (document.path, document.digest, entries),
            )
            # The oldest versions are dropped: few clients still have them, and each costs a digest per entry.
            run(
                "DELETE FROM version WHERE path = ? AND serial NOT IN "
                "(SELECT serial FROM version WHERE path = ? ORDER BY serial DESC LIMIT ?)",
                (document.path, document.path, REMEMBERED),
            )
            known = run(query, (document.path,)).fetchall()
        return {digest: _split_keys(blob) for digest, blob in known}

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _split_keys(blob: bytes) -> frozenset[bytes]:
    return frozenset(blob[at : at + _KEY_BYTES] for at in range(0, len(blob), _KEY_BYTES))


def _open(file: Path | None) -> sqlite3.Connection:
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            return _recreate_if_damaged(file)
        except (sqlite3.Error, OSError) as error:
            _LOG.warning(
                "%s: cannot be used (%s); deltas are remembered until the next start only", file, error
            )
    return _prepare_database(":memory:")


def _recreate_if_damaged(file: Path) -> sqlite3.Connection:
    """Open the file; recreate it if it is damaged, because nothing in it is needed."""
    try:
        return _prepare_database(str(file))
    # A file that is locked or cannot be opened is not damaged, so it must not be deleted.
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        # An old journal beside a new file would be replayed into it.
        for ending in ("", "-wal", "-shm"):
            file.with_name(file.name + ending).unlink(missing_ok=True)
        return _prepare_database(str(file))


def _prepare_database(name: str) -> sqlite3.Connection:
    # Two servers may share the file during a restart, so a write waits a moment for the other.
    connection = sqlite3.connect(name, isolation_level=None, check_same_thread=False, timeout=2)
    try:
        # Readers and the writer do not block each other in this mode.
        connection.execute("PRAGMA journal_mode = WAL")
        # Losing the last lines in a power cut costs one whole document per subscriber: no fsync for each.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
    except sqlite3.Error:
        with suppress(sqlite3.Error):
            connection.close()
        raise
    return connection
