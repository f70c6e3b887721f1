"""Folders in the daemon: files are read when they change, and all are looked at now and then."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

from feeds import pipeline
from feeds.config import FolderSource
from feeds.daemon.context import Shift
from feeds.errors import UsageError
from feeds.reports import Ingested

SCAN_EVERY = 600
"""Seconds between two looks at every file: the watcher may miss something."""
_SETTLED = 10
"""Milliseconds without a change after which a folder is read: a file is whole long before, and is read again if not."""
_LONGEST_WAIT = 400
"""Milliseconds after which a folder is read although it still changes."""
_LOOK_EVERY = 1
"""Seconds between two looks at whether a folder is still the same one."""
_UNWATCHED_EVERY = 60


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

    def read_everything(self, *, allow_removals: bool = False) -> None:
        """Look at every file of every folder; in the store's thread."""
        run = replace(self._shift.run, allow_removals=allow_removals)
        self._tell(pipeline.ingest(run, offline=True))

    async def _watch(self, source: FolderSource) -> None:
        """Read files when they change, and everything when the folder is another one than before."""
        told = first = True
        while True:
            mark = _mark(source.path)
            if mark is None:
                if told:
                    self._shift.log("trouble", source=source.name, reason=f"{source.path}: no such folder")
                told = first = False
                await asyncio.sleep(_LOOK_EVERY)
                continue
            told = True
            watching = asyncio.create_task(self._watch_one(source, mark))
            if not first:
                await self._take(source, frozenset(("",)))
            first = False
            try:
                await watching
            except (OSError, RuntimeError) as error:
                reason = f"{source.path}: cannot be watched ({error}); it is looked at every minute instead"
                self._shift.log("trouble", source=source.name, reason=reason)
                await asyncio.sleep(_UNWATCHED_EVERY)
            finally:
                watching.cancel()

    async def _watch_one(self, source: FolderSource, mark: tuple[str, int, int]) -> None:
        """Read files when they change; returns when the folder is no longer this one."""
        from watchfiles import awatch

        other = asyncio.Event()
        looking = asyncio.create_task(self._look(source.path, mark, other))
        try:
            async for changes in awatch(
                source.path,
                watch_filter=None,
                step=_SETTLED,
                debounce=_LONGEST_WAIT,
                stop_event=other,
                ignore_permission_denied=True,
            ):
                await self._take(source, frozenset(_below(source.path, mark[0], path) for _, path in changes))
        finally:
            looking.cancel()

    async def _look(self, root: Path, mark: tuple[str, int, int], other: asyncio.Event) -> None:
        """Notice that a folder was replaced, moved or unmounted: its watcher would see nothing any more."""
        while _mark(root) == mark:
            await asyncio.sleep(_LOOK_EVERY)
        other.set()

    async def _take(self, source: FolderSource, paths: frozenset[str]) -> None:
        await self._shift.in_store_thread(self._read, source, paths)
        self._shift.wants_publishing.set()

    def _read(self, source: FolderSource, paths: frozenset[str]) -> None:
        report = Ingested()
        try:
            if any((source.path / path).is_dir() for path in paths):
                pipeline.ingest_folder(self._shift.run, source, report)
            else:
                pipeline.ingest_paths(self._shift.run, source, paths, report)
        except UsageError as error:
            report.troubles.append(f"source {source.name}: {error}")
        self._tell(report, source.name)

    def _tell(self, report: Ingested, source: str = "") -> None:
        log = self._shift.log
        if report.new or report.changed:
            log("read", source=source, new=report.new, changed=report.changed, repaired=report.repaired)
        if report.gone:
            log("gone", source=source, posts=report.gone)
        for one in report.rejected:
            log("rejected", source=source, file=one["path"], reason=one["reason"])
        self._shift.tell_troubles(report.troubles)


def _mark(root: Path) -> tuple[str, int, int] | None:
    """What tells a folder from another one in its place; None if there is none."""
    try:
        real = os.path.realpath(root)
        stat = os.stat(real)
    except OSError:
        return None
    return (real, stat.st_dev, stat.st_ino) if root.is_dir() else None


def _below(root: Path, real: str, path: str) -> str:
    """A path that the watcher names, relative to the folder."""
    for base in (str(root), real):
        if path.startswith(base + os.sep):
            return path[len(base) + 1 :].replace(os.sep, "/")
    return path
