"""The output tree: documents are written only if they changed, and always completely.

New documents are staged in a folder inside the tree, forced to disk once per batch, and renamed into place.
``.feedd`` lists path and digest of every file that feedd wrote. A file that it does not list, or whose
digest differs, is unmanaged: feedd neither overwrites nor removes it. The same holds for symbolic links.
A journal lists the renames before they happen, so that an interrupted run recognises its own files.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from feeds.errors import OutputError
from feeds.models import Written
from feeds.output.safe_paths import Blocked, SafeFolder, is_inside
from feeds.output.single_files import clear_beside_in, remove_file, replace_in

MANIFEST = ".feedd"
_STAGING = (".feedd-tmp", *(f".feedd-tmp-{number}" for number in range(1, 10)))
"""Folders to stage documents in; the first that no unmanaged file blocks is used."""
_JOURNAL = "journal"
JOURNAL = f"{_STAGING[0]}/{_JOURNAL}"
"""List of the renames under way, in the form of the manifest."""
# One sync for a batch is much cheaper than one for each document; the limits bound disk space and memory.
_BATCH_BYTES = 64 * 1024 * 1024
_BATCH_FILES = 512
# Above this number, syncing the whole file system is faster than syncing each file.
_SINGLE_SYNCS = 16
_UNMANAGED = "exists and was not written by feedd"
_OUTSIDE = "is not inside the output folder, so nothing is written or removed there; restore another backup, or move the store away"


@dataclass(slots=True)
class Tree:
    """One output folder and the documents in it.

    Attributes:
        folder: The output folder.
        known: Documents that the store has recorded, by path.
        full: Write documents even if they are unchanged.
        dry: Write nothing, only count.
        written: Documents that this run wrote.
        removed: Documents that this run removed.
        unmanaged: Unmanaged files in the way, each with the reason why it stays.
        refused: Documents that were not written because of an unmanaged file.
        opened: Whether :meth:`open` was called.
    """

    folder: Path
    known: dict[str, Written]
    full: bool = False
    dry: bool = False
    written: dict[str, Written] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    unmanaged: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    opened: bool = False
    _own_digests: dict[str, set[str]] = field(default_factory=dict)
    _real_folders: dict[str, bool] = field(default_factory=dict)
    _queued: list[tuple[str, str, str]] = field(default_factory=list)
    _queued_bytes: int = 0
    _serial: int = 0
    _staging: str = _STAGING[0]

    def open(self) -> None:
        """Read the lists of own files, and remove what an interrupted run left behind.

        Raises:
            OutputError: The folder cannot be created or read.
        """
        self.opened = True
        with self._report_errors():
            if not self.dry:
                # The first build creates the folder.
                self.folder.mkdir(parents=True, exist_ok=True)
            elif not self.folder.is_dir():
                return
            with SafeFolder(self.folder) as below:
                for name in (MANIFEST, *(f"{staging}/{_JOURNAL}" for staging in _STAGING)):
                    for path, digest in self._read_digest_lines(below, name):
                        self._own_digests.setdefault(path, set()).add(digest)
                if not self.dry:
                    for staging in _STAGING:
                        # A run that was killed leaves staged documents, which no run would use again.
                        _clear_staging(below, staging)
                    clear_beside_in(below, MANIFEST)

    def again(self) -> Tree:
        """Reset the tree for the next publication by the same process."""
        self.written, self.removed, self.unmanaged = {}, [], {}
        self.refused, self._real_folders = set(), {}
        self._serial = 0
        return self

    @contextmanager
    def _report_errors(self) -> Iterator[None]:
        """Turn errors of the system into errors that explain what they mean for publishing."""
        try:
            yield
        except Blocked as blocked:
            raise OutputError(f"{self.folder / blocked.path}: {blocked.reason}, then run again") from blocked
        except OSError as error:
            raise OutputError(
                f"{error.filename or self.folder}: cannot be written ({error.strerror}); "
                "check free space and permissions, then run again: what was published before is untouched"
            ) from error

    def _read_digest_lines(self, below: SafeFolder, name: str) -> list[tuple[str, str]]:
        """Read ``(path, digest)`` pairs of an own list; what is not a file is reported as unmanaged."""
        try:
            return _parse_digest_lines(below.read(name)) if below.status(name) else []
        except Blocked as blocked:
            self.unmanaged[blocked.path] = blocked.reason
            return []

    def is_intact(self, path: str) -> bool:
        """Return whether the document is on disk as it was written, by size and mtime."""
        known = self.known.get(path)
        if known is None or not self._is_real(path.rpartition("/")[0]):
            return False
        try:
            # A link in place of a document is not the document, even if its target has the same size and time.
            found = os.stat(f"{self.folder}/{path}", follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        return stat.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime_ns) == known[1:]

    def is_up_to_date(self, path: str) -> bool:
        """Return whether nothing must be done for a path: it is intact, or it has neither record nor file."""
        return self.is_intact(path) or (
            path not in self.known and not os.path.lexists(f"{self.folder}/{path}")
        )

    def _is_real(self, folder: str) -> bool:
        """Return whether a folder below the output exists without a symbolic link on the way.

        The answer is kept for one publication, because every document needs it.
        Writing and removing check again.
        """
        # The top folder may be a link, because its place is the operator's choice.
        if not folder:
            return True
        known = self._real_folders.get(folder)
        if known is None:
            real = is_inside(folder) and self._is_real(folder.rpartition("/")[0])
            known = real and _is_folder(f"{self.folder}/{folder}")
            self._real_folders[folder] = known
        return known

    def list_damaged(self) -> list[str]:
        """Return the documents that are missing or changed on disk."""
        return [path for path in self.known if not self.is_intact(path)]

    def is_published(self, path: str) -> bool:
        """Return whether our document is in place, or would be after a dry run."""
        return (
            path not in self.unmanaged
            and path not in self.refused
            and (path in self.known or path in self.written)
        )

    def are_published(self, paths: Iterable[str]) -> bool:
        """Return whether all of these documents are in place, or would be after a dry run."""
        return all(self.is_published(path) for path in paths)

    def put(self, path: str, data: bytes) -> bool:
        """Queue a document for writing if it differs from the file on disk.

        Returns:
            Whether it is in place or queued. False if an unmanaged file is in the way.
        """
        digest = hashlib.sha256(data).hexdigest()
        known = self.known.get(path)
        # Fast path: one `stat` instead of opening every folder on the way.
        if known and known.digest == digest and not self.full and self.is_intact(path):
            return True
        if not is_inside(path):
            return self._refuse(path, path, _OUTSIDE)
        with self._report_errors(), SafeFolder(self.folder) as below:
            try:
                there = self._compute_digest(below, path, known)
            except Blocked as blocked:
                return self._refuse(path, blocked.path, blocked.reason)
            if there is not None and not self._is_ours(path, there):
                return self._refuse(path, path, _UNMANAGED)
            # The bytes are right, only size or time were unknown: record them without writing.
            if there == digest and not self.full:
                self._record(below, path, digest)
                return True
            if self.dry:
                self.written[path] = Written(digest, len(data), 0)
                return True
            self._stage(below, path, data, digest)
        if self._queued_bytes > _BATCH_BYTES or len(self._queued) >= _BATCH_FILES:
            self.flush()
        return True

    def _refuse(self, path: str, place: str, reason: str) -> bool:
        """Leave a document unwritten because of ``place``, which is reported once for all documents."""
        self.refused.add(path)
        self.unmanaged[place] = reason
        return False

    def read(self, path: str) -> bytes:
        """Return the bytes of a document on disk.

        Raises:
            OutputError: It cannot be read, or is not a file any more.
        """
        with self._report_errors(), SafeFolder(self.folder) as below:
            return below.read(path)

    def _compute_digest(self, below: SafeFolder, path: str, known: Written | None) -> str | None:
        """Return the digest of the file at ``path``; None if it is missing."""
        there = below.status(path)
        if there is None:
            return None
        if known and stat.S_ISREG(there.st_mode) and (there.st_size, there.st_mtime_ns) == known[1:]:
            self._own_digests.setdefault(path, set()).add(known.digest)
            return known.digest
        return below.digest(path)

    def _is_ours(self, path: str, digest: str) -> bool:
        return digest in self._own_digests.get(path, ())

    def _stage(self, below: SafeFolder, path: str, data: bytes, digest: str) -> None:
        if not self._serial:
            self._staging = self._choose_staging(below)
            below.folder(self._staging, create=True)
        # The process number keeps the files of two processes apart, and marks them as ours after a crash.
        self._serial += 1
        temporary = f"{self._staging}/{os.getpid()}-{self._serial}"
        below.create(temporary, data)
        self._queued.append((path, temporary, digest))
        self._queued_bytes += len(data)

    def _choose_staging(self, below: SafeFolder) -> str:
        """Choose the first staging folder that is ours or does not exist; report those that are unmanaged."""
        for staging in _STAGING:
            try:
                below.is_folder(staging)
                _refuse_hard_link(below, f"{staging}/{_JOURNAL}")
            except Blocked as blocked:
                self.unmanaged[blocked.path] = blocked.reason
                continue
            return staging
        raise Blocked(_STAGING[0], "and nine others of its name are in the way; remove them")

    def flush(self) -> None:
        """Put every queued document in place: sync, list in the journal, rename.

        Raises:
            OutputError: The disk is full or refuses writing; the old documents stay.
        """
        waiting, self._queued, self._queued_bytes = self._queued, [], 0
        if not waiting:
            return
        with self._report_errors(), SafeFolder(self.folder) as below:
            # Bytes before names: after a power cut no path may lead to an empty file.
            _sync(below, [temporary for _, temporary, _ in waiting])
            lines = "".join(f"{digest}  {path}\n" for path, _, digest in waiting)
            below.append(f"{self._staging}/{_JOURNAL}", lines.encode())
            for path, temporary, digest in waiting:
                below.rename(temporary, path)
                self._own_digests.setdefault(path, set()).add(digest)
                self._record(below, path, digest)
            _sync(below, {path.rpartition("/")[0] for path, _, _ in waiting})

    def _record(self, below: SafeFolder, path: str, digest: str) -> None:
        there = below.status(path)
        if there and not self.dry:
            self.written[path] = self.known[path] = Written(digest, there.st_size, there.st_mtime_ns)

    def find_unknown(self) -> list[str]:
        """Return the documents that feedd wrote here and that the store does not know, in a fixed order."""
        return sorted(self._own_digests.keys() - self.known.keys() - self.written.keys() - self.refused)

    def remove(self, path: str) -> None:
        """Remove a document that is not published any more, unless it is unmanaged."""
        if not is_inside(path):
            self.unmanaged[path] = _OUTSIDE
        else:
            with self._report_errors(), SafeFolder(self.folder) as below:
                try:
                    self._remove(below, path)
                except Blocked as blocked:
                    self.unmanaged[blocked.path] = blocked.reason
        self.known.pop(path, None)
        self._own_digests.pop(path, None)
        self.removed.append(path)

    def _remove(self, below: SafeFolder, path: str) -> None:
        there = self._compute_digest(below, path, self.known.get(path))
        if there is not None and not self._is_ours(path, there):
            self.unmanaged[path] = "differs from what feedd wrote, so it is not removed"
        elif there is not None and not self.dry:
            below.remove(path)
            if "/" in path:
                below.remove_folder(path.rpartition("/")[0])

    def close(self, documents: Mapping[str, str]) -> None:
        """Write ``.feedd`` (path to digest) if it changed, and remove the journal."""
        if self.dry:
            return
        listed = sorted((path, digest) for path, digest in documents.items() if is_inside(path))
        text = "".join(f"{digest}  {path}\n" for path, digest in listed).encode()
        with self._report_errors(), SafeFolder(self.folder) as below:
            try:
                # Rewriting an unchanged list would change its time, and mirrors would copy it again.
                if not below.is_file(MANIFEST) or below.read(MANIFEST) != text:
                    replace_in(below, MANIFEST, text)
            except Blocked as blocked:
                self.unmanaged[blocked.path] = blocked.reason
            for staging in _STAGING:
                _clear_staging(below, staging, journal=True)


def _clear_staging(below: SafeFolder, staging: str, *, journal: bool = False) -> None:
    """Remove staged documents; with ``journal`` also the journal and the folder if it is empty."""
    with suppress(Blocked):
        for name in below.names(staging):
            process, _, serial = name.partition("-")
            if (process.isdecimal() and serial.isdecimal()) or (journal and name == _JOURNAL):
                remove_file(below, f"{staging}/{name}")
        if journal:
            below.remove_folder(staging)


def _refuse_hard_link(below: SafeFolder, path: str) -> None:
    """Raise Blocked for a file with a second name (hard link): appending would change somebody's file."""
    found = below.status(path)
    if below.is_file(path) and found and found.st_nlink > 1:
        raise Blocked(path, "is a hard link, and what has its other name would change with it; remove it")


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _parse_digest_lines(data: bytes) -> list[tuple[str, str]]:
    """Parse ``(path, digest)`` from each complete line; a torn last line is ignored."""
    lines = data.decode("utf-8", "replace").split("\n")[:-1]
    return [(name, digest) for digest, mark, name in (line.partition("  ") for line in lines) if mark]


def _sync(below: SafeFolder, paths: Collection[str]) -> None:
    """Force files or folders to disk: each by itself if there are few, the whole system's writes if many."""
    if len(paths) > _SINGLE_SYNCS:
        os.sync()
        return
    for path in paths:
        below.sync(path)
