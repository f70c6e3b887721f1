"""Ingest folders: scan the files, parse those that changed, and store what the scan means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from feeds.errors import UsageError
from feeds.fetcher import folder
from feeds.identity import FILE_KEYS
from feeds.ingest.pending_batches import READINGS_PER_BATCH, PendingBatches
from feeds.protocols import FileState
from feeds.reports import Ingested
from feeds.session import Session
from feeds.sources import Folder
from feeds.storage import files
from feeds.storage.records import Context, Reading
from feeds.storage.sightings import SourceBatch
from feeds.values.document_paths import split_into_chunks
from feeds.workers.ingest_tasks import READ_FILES

# Each step runs over a whole piece before the next, so that its code stays in the processor's caches.
_FILES_PER_PIECE = 64


def ingest_folders(session: Session, report: Ingested) -> None:
    """Scan every folder and read the files that changed; a folder that cannot be read is reported."""
    pending = PendingBatches(session.db, report)
    for source in session.folders:
        try:
            _ingest_folder(session, source, report, pending)
        except UsageError as error:
            report.troubles.append(f"source {source.name}: {error}")
    pending.flush()


def ingest_folder(session: Session, source: Folder, report: Ingested) -> None:
    """Scan every file of one folder and read those that changed.

    Raises:
        UsageError: the folder cannot be read.
    """
    pending = PendingBatches(session.db, report)
    _ingest_folder(session, source, report, pending)
    pending.flush()


def _ingest_folder(session: Session, source: Folder, report: Ingested, pending: PendingBatches) -> None:
    """Read a folder; what was read waits in ``pending``, so that copies in several folders are stored together."""
    number, _, settings, complete, _ = session.db.load_sources()[source.name]
    # Changed settings may change every post, so unchanged files are parsed too.
    rederive = settings not in ("", session.settings_digest)
    present = session.db.load_present_files(number)
    seen = folder.scan(source.path, folder.is_jekyll(source.path), present, everything=rederive)
    report.unchanged += seen.unchanged
    # Only of changed and missing files: a folder may have a hundred thousand unchanged files.
    known = session.db.load_file_states(number, [path for path, _, _ in seen.changed], seen.vanished)
    # The setting decides which address a post gets, so it is a part of the rule.
    keys = f"{FILE_KEYS} {source.source_line}"
    rekey = rederive and session.db.load_file_keys_version(number) != keys
    context = session.build_context(
        number, early=not complete, judge=not rederive, future=source.future, rekey=rekey
    )
    _FolderReader(session, source, context, known, report, pending).read(seen, rederive, keys)


def ingest_paths(session: Session, source: Folder, paths: Collection[str], report: Ingested) -> None:
    """Read only these files of a folder, because the watcher has seen them change.

    Raises:
        UsageError: the folder cannot be read.
    """
    stored = session.db.load_sources()[source.name]
    known = session.db.load_file_states(stored.number, sorted(paths), ())
    seen = folder.scan_paths(source.path, folder.is_jekyll(source.path), paths, known)
    context = session.build_context(stored.number, early=not stored.complete, future=source.future)
    pending = PendingBatches(session.db, report)
    _FolderReader(session, source, context, known, report, pending).read(seen, rederive=False, keys="")
    pending.flush()


@dataclass(slots=True)
class _FolderReader:
    """Reads the files of one scan in batches; an interrupted run keeps the batches that were stored."""

    session: Session
    source: Folder
    context: Context
    known: Mapping[str, FileState]
    report: Ingested
    pending: PendingBatches

    def read(self, seen: folder.Scan, rederive: bool, keys: str) -> None:
        """Parse the changed files, store them, and finish the scan."""
        # Before anything is stored, because a renamed file is recognised by what vanished.
        lost = find_lost_files(self.known, seen.vanished)
        pieces = [
            (self.source.name, piece, {} if rederive else select_digests(self.known, piece))
            for piece in split_into_chunks(seen.changed, _FILES_PER_PIECE)
        ]
        batch: list[Reading] = []
        done = 0
        for (_, piece, _), results in zip(
            pieces, self.session.workers.process(READ_FILES, pieces), strict=False
        ):
            batch += self._select_readings(results)
            done += len(piece)
            self.session.progress("reading", done, len(seen.changed))
            if len(batch) >= READINGS_PER_BATCH:
                self._store(batch, lost)
                batch = []
        if batch:
            self._store(batch, lost)
        # The removals wait too: a copy in another folder may keep the post alive.
        self.pending.then(partial(self._finish, seen, lost, keys))

    def _select_readings(self, results: Iterable[Reading | tuple[str, int, int]]) -> list[Reading]:
        """Return the files that were parsed; of the others only size and mtime are stored."""
        readings, touched = [], []
        for result in results:
            if isinstance(result, Reading):
                readings.append(result)
            else:
                touched.append(result)
        self.report.unchanged += len(touched)
        self.session.db.touch_files(self.context.source, touched)
        return readings

    def _store(self, batch: Sequence[Reading], lost: dict[str, bytes]) -> None:
        """Store a batch; a new file with the bytes of a lost file takes over its item."""
        batch = [reading.apply_expiry(self.context.now) for reading in batch]
        appeared = {r.path: r.digest for r in batch if r.path not in self.known and r.outcome == "item"}
        renamed = folder.match_renames(lost, appeared) if lost else {}
        for old in renamed.values():
            # Each lost file is renamed at most once.
            del lost[old]
        self.pending.add(SourceBatch(self.context, batch, renamed))
        report = self.report
        report.repaired += sum(reading.repairs > 0 for reading in batch)
        report.rejected += [
            {"path": reading.path, "reason": reading.reason}
            for reading in batch
            if reading.outcome == "rejected"
        ]

    def _finish(self, seen: folder.Scan, lost: Collection[str], keys: str) -> None:
        """Remove the posts of vanished files, according to ``on_remove`` of the source, and mark it as read."""
        session = self.session
        scan = files.FolderScan(
            lost={path for path in seen.vanished if path in lost},
            missing_without_post=[path for path in seen.vanished if not self.known[path].sighting],
            keep=self.source.keeps_removed,
            most_removals=session.most_removals,
            settings=session.settings_digest,
            keys=keys,
        )
        removals = session.db.finish_scan(replace(self.context, now=session.clock()), scan)
        self.report.gone += removals.removed
        if removals.refused:
            self.report.troubles.append(
                f"source {self.source.name}: {removals.refused}; they stay published; "
                "check that its folder is complete, or run `feedd build --allow-removals`"
            )


def find_lost_files(known: Mapping[str, FileState], vanished: Sequence[str]) -> dict[str, bytes]:
    """Return the digests of missing files with a post: a new file with equal bytes is a renamed file."""
    gone = set(vanished)
    return {p: s.digest for p, s in known.items() if s.sighting and (s.vanished or p in gone)}


def select_digests(
    known: Mapping[str, FileState], present: Sequence[tuple[str, int, int]]
) -> dict[str, bytes]:
    """Return the known digests of files that are present."""
    states = {path: known[path] for path, _, _ in present if path in known}
    return {path: state.digest for path, state in states.items() if not state.vanished}
