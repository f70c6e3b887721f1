"""A store in memory for unit tests: the newest schema, without a file and without its costs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from feeds.storage.sqlite import load_migrations
from feeds.storage.store import Store
from feeds.websub.storage_thread import StorageThread

_MEMORY = ":memory:"


@cache
def _build_image() -> bytes:
    connection = sqlite3.connect(_MEMORY)
    for number, text in load_migrations():
        connection.executescript(f"{text}; PRAGMA user_version = {number}")
    return connection.serialize()


def open_memory_store() -> Store:
    """Open an empty store."""
    connection = sqlite3.connect(_MEMORY, isolation_level=None, check_same_thread=False)
    connection.deserialize(_build_image())
    connection.execute("PRAGMA temp_store = MEMORY")
    return Store(connection, Path(_MEMORY))


class MemoryDesk(StorageThread):
    """Access to a store in memory; calls run at once, in the caller's thread."""

    def __init__(self, db: Store) -> None:
        super().__init__(Path(_MEMORY))
        self.db = db

    async def __call__(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run the work at once."""
        return work(self.db, *args, **kwargs)
