"""Asynchronous access to the store through one worker thread: a long transaction elsewhere delays no request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from feeds.storage.interface import Storage
from feeds.storage.store import Store

P = ParamSpec("P")
T = TypeVar("T")


class StorageThread:
    """One connection to a store, in one thread; calls run in the order they are made.

    A context manager: it opens the store (raising ``StoreError``) and closes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "feedd-push")
        self._db: Store | None = None

    def __enter__(self) -> Self:
        try:
            self._thread.submit(self._open).result()
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    async def __call__(
        self, work: Callable[Concatenate[Storage, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work(db, …)`` in the thread and return its result.

        Raises:
            StoreError: the store cannot be used.
        """

        def run() -> T:
            assert self._db is not None
            return work(self._db, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _open(self) -> None:
        self._db = Store.open(self._path)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
