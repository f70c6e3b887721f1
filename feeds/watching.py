"""Folders in the daemon: files are read when they change, and all are looked at now and then."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from feeds import pipeline
from feeds.config import FolderSource
from feeds.errors import UsageError
from feeds.shift import Shift

SCAN_EVERY = 600
"""Seconds between two looks at every file: the watcher may miss something."""
_SETTLED = 0.03
"""Seconds without a change after which a folder is read."""
_LONGEST_WAIT = 400
"""Milliseconds after which a folder is read although it still changes."""


class Folders:
    """Watches the folders of a configuration and reads what changes in them."""

    def __init__(self, shift: Shift) -> None:
        self._shift = shift

    async def watch(self) -> None:
        """Begin to watch; returns when the watchers are there, so that what is read next misses nothing."""
        for source in self._shift.config.folders:
            self._shift.begin(self._watch(source))
        for _ in range(3):
            await asyncio.sleep(0)

    def read_everything(self) -> None:
        """Look at every file of every folder; in the store's thread."""
        self._tell(pipeline.ingest(self._shift.run, offline=True))

    async def _watch(self, source: FolderSource) -> None:
        """Read files when they change."""
        from watchfiles import awatch

        root = source.path
        while not root.is_dir():
            self._shift.log("trouble", source=source.name, reason=f"{root}: no such folder")
            await asyncio.sleep(SCAN_EVERY)
        real = os.path.realpath(root)
        step = int(_SETTLED * 1000)
        async for changes in awatch(root, watch_filter=None, step=step, debounce=_LONGEST_WAIT):
            paths = {_below(root, real, path) for _, path in changes}
            await self._shift.in_store_thread(self._read, source, frozenset(paths))
            self._shift.wants_publishing.set()

    def _read(self, source: FolderSource, paths: frozenset[str]) -> None:
        report = pipeline.Ingested()
        try:
            if any((source.path / path).is_dir() for path in paths):
                pipeline.ingest_folder(self._shift.run, source, report)
            else:
                pipeline.ingest_paths(self._shift.run, source, paths, report)
        except UsageError as error:
            report.troubles.append(f"source {source.name}: {error}")
        self._tell(report, source.name)

    def _tell(self, report: pipeline.Ingested, source: str = "") -> None:
        log = self._shift.log
        if report.new or report.changed:
            log("read", source=source, new=report.new, changed=report.changed, repaired=report.repaired)
        self._shift.tell_troubles(report.troubles)


def _below(root: Path, real: str, path: str) -> str:
    """A path that the watcher names, relative to the folder."""
    for base in (str(root), real):
        if path.startswith(base + os.sep):
            return path[len(base) + 1 :].replace(os.sep, "/")
    return path
