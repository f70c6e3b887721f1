"""Calls to the store run in one thread, in their order."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from feeds.errors import StoreError
from feeds.storage.store import Store
from feeds.websub.storage_thread import StorageThread
from tests.rigs.memory_store import open_memory_store


class MemoryThread(StorageThread):
    """A thread with a store in memory."""

    def _open(self) -> None:
        self._db = open_memory_store()


def test_work_gets_the_store_and_its_arguments_in_one_other_thread() -> None:
    seen: list[tuple[int, int]] = []

    def work(db: Store, number: int, *, plus: int = 0) -> int:
        seen.append((number, threading.get_ident()))
        return number + plus + int(db.value("documents_count"))

    async def run() -> list[int]:
        with MemoryThread(Path(":memory:")) as desk:
            return list(await asyncio.gather(*(desk(work, number, plus=10) for number in range(20))))

    assert asyncio.run(run()) == list(range(10, 30))
    assert [number for number, _ in seen] == list(range(20))
    (thread,) = {thread for _, thread in seen}
    assert thread != threading.get_ident()


def test_errors_reach_the_caller_and_the_store_is_closed() -> None:
    def fail(db: Store) -> None:
        raise StoreError("locked")

    desk = MemoryThread(Path(":memory:"))

    async def run() -> None:
        with desk:
            await desk(fail)

    with pytest.raises(StoreError, match="locked"):
        asyncio.run(run())
    assert desk._db is not None
    with pytest.raises(StoreError):
        desk._db.value("documents_count")
    assert desk._thread._shutdown


def test_a_store_that_cannot_be_opened_leaves_no_thread(tmp_path: Path) -> None:
    empty = tmp_path / "feedd.db"
    empty.touch()
    desk = StorageThread(empty)
    with pytest.raises(StoreError, match="empty"):
        desk.__enter__()
    assert desk._thread._shutdown
