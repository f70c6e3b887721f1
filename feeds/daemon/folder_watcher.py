"""Watch folders in the daemon: files are read when they change, and every folder is scanned periodically."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from feeds import pipeline
from feeds.daemon.context import DaemonContext
from feeds.errors import UsageError
from feeds.ingest.folder import ingest_folder, ingest_paths
from feeds.reports import Ingested
from feeds.sources import Folder

SCAN_EVERY = 600
"""Seconds between two scans of every file: the watcher may miss a change."""
_QUIET_TIME = 10
"""Milliseconds without a change before a folder is read: files are usually complete by then, and read again if not."""
_LONGEST_WAIT = 400
"""Milliseconds after which a folder is read although it still changes."""
_CHECK_EVERY = 1
"""Seconds between two checks whether a folder was replaced."""
_UNWATCHED_EVERY = 60


class FolderWatcher:
    """Watch the folders of a configuration and read what changes in them."""

    def __init__(self, shift: DaemonContext, reload: Callable[[], None] = lambda: None) -> None:
        self._shift, self._reload = shift, reload

    async def watch(self) -> None:
        """Start the watchers; return when they run, so that the next scan misses nothing."""
        for source in self._shift.session.folders:
            self._shift.begin(self._watch(source))
        # Each watcher needs a few turns of the event loop until it has registered with the system.
        for _ in range(3):
            await asyncio.sleep(0)

    def read_everything(self, *, allow_removals: bool = False) -> None:
        """Scan every file of every folder; in the store's thread."""
        session, started = self._shift.session, time.monotonic()
        if allow_removals:
            session = replace(session, most_removals=None)
        self._log_report(pipeline.ingest(session, offline=True), "", started)

    async def _watch(self, source: Folder) -> None:
        """Read files when they change, and everything when the folder was replaced."""
        exists = first = True
        while True:
            # The mark is taken before the watcher starts, so that a replacement in between is noticed.
            mark = _identify_folder(source.path)
            if mark is None:
                # Logged once, not once a second.
                if exists:
                    self._shift.log("warning", source=source.name, error=f"{source.path}: no such folder")
                exists = first = False
                await asyncio.sleep(_CHECK_EVERY)
                continue
            exists = True
            watching = asyncio.create_task(self._watch_one(source, mark))
            # Changes before the watcher started were not seen; the first scan follows separately.
            if not first:
                await self._read_paths(source, frozenset(("",)))
            first = False
            try:
                await watching
            # Systems limit the number of watches, and some network file systems have none.
            except (OSError, RuntimeError) as error:
                reason = f"{source.path}: cannot be watched ({error}); it is scanned every minute instead"
                self._shift.log("warning", source=source.name, error=reason)
                await asyncio.sleep(_UNWATCHED_EVERY)
            finally:
                watching.cancel()

    async def _watch_one(self, source: Folder, mark: tuple[str, int, int]) -> None:
        """Read files when they change; return when the folder was replaced."""
        from watchfiles import awatch

        replaced = asyncio.Event()
        looking = asyncio.create_task(self._wait_for_replacement(source.path, mark, replaced))
        try:
            async for changes in awatch(
                source.path,
                # The library's filter would skip folders that may contain posts.
                watch_filter=None,
                step=_QUIET_TIME,
                debounce=_LONGEST_WAIT,
                stop_event=replaced,
                # An unreadable subfolder is reported by the scan, and must not end the watcher.
                ignore_permission_denied=True,
            ):
                await self._read_paths(
                    source, frozenset(_make_relative(source.path, mark[0], path) for _, path in changes)
                )
        finally:
            looking.cancel()

    async def _wait_for_replacement(
        self, root: Path, mark: tuple[str, int, int], replaced: asyncio.Event
    ) -> None:
        """Set ``replaced`` when a folder was replaced, moved or unmounted: its watcher would see nothing any more."""
        while _identify_folder(root) == mark:
            await asyncio.sleep(_CHECK_EVERY)
        replaced.set()

    async def _read_paths(self, source: Folder, paths: frozenset[str]) -> None:
        await self._shift.run_in_store_thread(self._read, source, paths)
        self._shift.wants_publishing.set()
        # The list page of a section decides about posts that have not changed, so all of them are parsed again.
        if any(path.rpartition("/")[2].startswith("_index.") for path in paths):
            self._reload()

    def _read(self, source: Folder, paths: frozenset[str]) -> None:
        report, started = Ingested(), time.monotonic()
        try:
            # A moved folder is one event for all its files, so the whole source is scanned.
            if any((source.path / path).is_dir() for path in paths):
                ingest_folder(self._shift.session, source, report)
            else:
                ingest_paths(self._shift.session, source, paths, report)
        except UsageError as error:
            report.troubles.append(f"source {source.name}: {error}")
        self._log_report(report, source.name, started)

    def _log_report(self, report: Ingested, source: str, started: float) -> None:
        log, ms = self._shift.log, round(1000 * (time.monotonic() - started))
        if report.new or report.changed:
            log(
                "read", source=source, new=report.new, changed=report.changed, repaired=report.repaired, ms=ms
            )
        if report.gone:
            log("gone", source=source, posts=report.gone)
        for file in report.rejected:
            log("rejected", source=source, file=file["path"], reason=file["reason"])
        self._shift.log_problems(report.troubles)


def _identify_folder(root: Path) -> tuple[str, int, int] | None:
    """Return what identifies a folder (path, device, inode); None if the folder is missing."""
    try:
        real = os.path.realpath(root)
        stat = os.stat(real)
    except OSError:
        return None
    # Device and inode change when a folder is replaced or unmounted under the same path.
    return (real, stat.st_dev, stat.st_ino) if root.is_dir() else None


def _make_relative(root: Path, real: str, path: str) -> str:
    """Return a path of the watcher, relative to the folder."""
    # The watcher resolves links in the path of the folder.
    for base in (str(root), real):
        if path.startswith(base + os.sep):
            return path[len(base) + 1 :].replace(os.sep, "/")
    return path
