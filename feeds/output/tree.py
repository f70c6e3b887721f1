"""The output tree: a document is written only if it changed, and never half.

Beside, synced, renamed: new documents are written into a folder of their own inside the tree,
forced to disk once per batch and then renamed into place. ``.feedd`` lists what feedd wrote, path
and digest; a file that it does not list, or whose digest differs, is foreign and stays as it is.
So does a symbolic link wherever it lies, with all that it leads to. A journal names what is about
to be renamed, so that an interrupted run is not taken for foreign.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from feeds.errors import OutputError
from feeds.output.safe_paths import Blocked, SafeFolder, is_inside

MANIFEST = ".feedd"
_STAGING = (".feedd-tmp", *(f".feedd-tmp-{number}" for number in range(1, 10)))
"""Where documents are written before they are renamed: the first of these that nothing foreign lies in place of."""
_JOURNAL = "journal"
JOURNAL = f"{_STAGING[0]}/{_JOURNAL}"
"""What is about to be renamed into place, in the form of the manifest."""
_BATCH_BYTES = 64 * 1024 * 1024
_BATCH_FILES = 512
_SINGLE_SYNCS = 16
_FOREIGN = "exists and was not written by feedd"
_OUTSIDE = "is no place below the output folder, so nothing is written or removed there; restore another backup, or move the store away"


class Written(NamedTuple):
    """A document as it lies on disk: its digest (hex) and the cheap signs that it is still ours."""

    digest: str
    size: int
    mtime: int


@dataclass(slots=True)
class Tree:
    """One output folder and what feedd wrote there.

    ``known`` is what the store remembers of each path; ``full`` writes even what is unchanged;
    ``dry`` writes nothing and only counts. ``foreign`` names what is in the way, and why it stays:
    a document, or a folder or list of feedd's that something else lies in place of. ``refused`` are the
    documents that are not written because of that.
    """

    folder: Path
    known: dict[str, Written]
    full: bool = False
    dry: bool = False
    written: dict[str, Written] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    foreign: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    opened: bool = False
    _ours: dict[str, set[str]] = field(default_factory=dict)
    _real: dict[str, bool] = field(default_factory=dict)
    _waiting: list[tuple[str, str, str]] = field(default_factory=list)
    _waiting_bytes: int = 0
    _serial: int = 0
    _staging: str = _STAGING[0]

    def open(self) -> None:
        """Read what is ours and clear away what an interrupted run left.

        Raises:
            OutputError: the folder cannot be made or read.
        """
        self.opened = True
        with self._telling():
            if not self.dry:
                self.folder.mkdir(parents=True, exist_ok=True)
            elif not self.folder.is_dir():
                return
            with SafeFolder(self.folder) as below:
                for name in (MANIFEST, *(f"{staging}/{_JOURNAL}" for staging in _STAGING)):
                    for path, digest in self._read_list(below, name):
                        self._ours.setdefault(path, set()).add(digest)
                if not self.dry:
                    for staging in _STAGING:
                        _clear_staging(below, staging)
                    _clear_beside(below, MANIFEST)

    def again(self) -> Tree:
        """This tree for the next time that the same process publishes."""
        self.written, self.removed, self.foreign = {}, [], {}
        self.refused, self._real = set(), {}
        self._serial = 0
        return self

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say of an error of the system what it means for what is published."""
        try:
            yield
        except Blocked as blocked:
            raise OutputError(f"{self.folder / blocked.path}: {blocked.reason}, then run again") from blocked
        except OSError as error:
            raise OutputError(
                f"{error.filename or self.folder}: cannot be written ({error.strerror}); "
                "check free space and permissions, then run again: what was published before is untouched"
            ) from error

    def _read_list(self, below: SafeFolder, name: str) -> list[tuple[str, str]]:
        """``(path, digest)`` of each whole line of a list of ours; what is no file is named as foreign."""
        try:
            return _parse_list(below.read(name)) if below.status(name) else []
        except Blocked as blocked:
            self.foreign[blocked.path] = blocked.reason
            return []

    def intact(self, path: str) -> bool:
        """Whether the document lies there as it was written, by size and mtime."""
        known = self.known.get(path)
        if known is None or not self._is_real(path.rpartition("/")[0]):
            return False
        try:
            found = os.stat(f"{self.folder}/{path}", follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        return stat.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime_ns) == known[1:]

    def settled(self, path: str) -> bool:
        """Whether there is nothing to do at a place that may have a document: it is intact, or nothing lies there."""
        return self.intact(path) or (path not in self.known and not os.path.lexists(f"{self.folder}/{path}"))

    def _is_real(self, folder: str) -> bool:
        """Whether a folder below the output is one, without a link on the way.

        It is asked for every document, so each folder is looked at once for each publishing. That is
        enough where nothing is written or removed by the answer.
        """
        if not folder:
            return True
        known = self._real.get(folder)
        if known is None:
            real = is_inside(folder) and self._is_real(folder.rpartition("/")[0])
            known = real and _is_folder(f"{self.folder}/{folder}")
            self._real[folder] = known
        return known

    def published(self, path: str) -> bool:
        """Whether our document lies there, or would after a dry run."""
        return (
            path not in self.foreign
            and path not in self.refused
            and (path in self.known or path in self.written)
        )

    def put(self, path: str, data: bytes) -> bool:
        """Queue a document for writing if it differs from what lies there; whether it is in place then.

        False means that something foreign is in the way; it is named in ``foreign``.
        """
        digest = hashlib.sha256(data).hexdigest()
        known = self.known.get(path)
        if known and known.digest == digest and not self.full and self.intact(path):
            return True
        if not is_inside(path):
            return self._refuse(path, path, _OUTSIDE)
        with self._telling(), SafeFolder(self.folder) as below:
            try:
                there = self._digest_there(below, path, known)
            except Blocked as blocked:
                return self._refuse(path, blocked.path, blocked.reason)
            if there is not None and not self._is_ours(path, there):
                return self._refuse(path, path, _FOREIGN)
            if there == digest and not self.full:
                self._remember(below, path, digest)
                return True
            if self.dry:
                self.written[path] = Written(digest, len(data), 0)
                return True
            self._write_beside(below, path, data, digest)
        if self._waiting_bytes > _BATCH_BYTES or len(self._waiting) >= _BATCH_FILES:
            self.flush()
        return True

    def _refuse(self, path: str, place: str, reason: str) -> bool:
        """Leave a document unwritten because of what lies at ``place``, which is named once for all documents."""
        self.refused.add(path)
        self.foreign[place] = reason
        return False

    def read(self, path: str) -> bytes:
        """The bytes of a document that lies there.

        Raises:
            OutputError: it cannot be read, or is no file any more.
        """
        with self._telling(), SafeFolder(self.folder) as below:
            return below.read(path)

    def _digest_there(self, below: SafeFolder, path: str, known: Written | None) -> str | None:
        """Digest of the file that lies at ``path``; None if there is none."""
        there = below.status(path)
        if there is None:
            return None
        if known and stat.S_ISREG(there.st_mode) and (there.st_size, there.st_mtime_ns) == known[1:]:
            self._ours.setdefault(path, set()).add(known.digest)
            return known.digest
        return below.digest(path)

    def _is_ours(self, path: str, digest: str) -> bool:
        return digest in self._ours.get(path, ())

    def _write_beside(self, below: SafeFolder, path: str, data: bytes, digest: str) -> None:
        if not self._serial:
            self._staging = self._choose_staging(below)
            below.folder(self._staging, create=True)
        self._serial += 1
        temporary = f"{self._staging}/{os.getpid()}-{self._serial}"
        below.create(temporary, data)
        self._waiting.append((path, temporary, digest))
        self._waiting_bytes += len(data)

    def _choose_staging(self, below: SafeFolder) -> str:
        """The first folder to write in that is ours or not there yet; what lies in place of others is named."""
        for staging in _STAGING:
            try:
                below.is_folder(staging)
                _require_own(below, f"{staging}/{_JOURNAL}")
            except Blocked as blocked:
                self.foreign[blocked.path] = blocked.reason
                continue
            return staging
        raise Blocked(_STAGING[0], "and nine others of its name are in the way; remove them")

    def flush(self) -> None:
        """Bring every queued document into place: synced, named in the journal, renamed.

        Raises:
            OutputError: the disk is full or refuses; the old documents stay.
        """
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        with self._telling(), SafeFolder(self.folder) as below:
            _sync(below, [temporary for _, temporary, _ in waiting])
            lines = "".join(f"{digest}  {path}\n" for path, _, digest in waiting)
            below.append(f"{self._staging}/{_JOURNAL}", lines.encode())
            for path, temporary, digest in waiting:
                below.rename(temporary, path)
                self._ours.setdefault(path, set()).add(digest)
                self._remember(below, path, digest)
            _sync(below, {path.rpartition("/")[0] for path, _, _ in waiting})

    def _remember(self, below: SafeFolder, path: str, digest: str) -> None:
        there = below.status(path)
        if there and not self.dry:
            self.written[path] = self.known[path] = Written(digest, there.st_size, there.st_mtime_ns)

    def remove(self, path: str) -> None:
        """Take a document away that nothing names any more, unless it is foreign."""
        if not is_inside(path):
            self.foreign[path] = _OUTSIDE
        else:
            with self._telling(), SafeFolder(self.folder) as below:
                try:
                    self._remove(below, path)
                except Blocked as blocked:
                    self.foreign[blocked.path] = blocked.reason
        self.known.pop(path, None)
        self._ours.pop(path, None)
        self.removed.append(path)

    def _remove(self, below: SafeFolder, path: str) -> None:
        there = self._digest_there(below, path, self.known.get(path))
        if there is not None and not self._is_ours(path, there):
            self.foreign[path] = "differs from what feedd wrote, so it is not removed"
        elif there is not None and not self.dry:
            below.remove(path)
            if "/" in path:
                below.remove_folder(path.rpartition("/")[0])

    def close(self, documents: Mapping[str, str]) -> None:
        """Write ``.feedd`` (path to digest) if it differs, and forget the journal."""
        if self.dry:
            return
        listed = sorted((path, digest) for path, digest in documents.items() if is_inside(path))
        text = "".join(f"{digest}  {path}\n" for path, digest in listed).encode()
        with self._telling(), SafeFolder(self.folder) as below:
            try:
                if not below.is_file(MANIFEST) or below.read(MANIFEST) != text:
                    _replace(below, MANIFEST, text)
            except Blocked as blocked:
                self.foreign[blocked.path] = blocked.reason
            for staging in _STAGING:
                _clear_staging(below, staging, journal=True)


def replace_file(target: Path, data: bytes) -> None:
    """Write a single file whole or not at all (beside, fsync, rename, fsync the folder).

    What a killed process left beside it is for :func:`clear_beside`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with SafeFolder(target.parent) as below:
        _replace(below, target.name, data)


def _replace(below: SafeFolder, name: str, data: bytes) -> None:
    temporary = f".{name}.new-{os.getpid()}"
    _remove_file(below, temporary)
    try:
        below.create(temporary, data)
        below.sync(temporary)
        below.rename(temporary, name)
    finally:
        _remove_file(below, temporary)
    below.sync("")


@contextmanager
def alone(target: Path) -> Iterator[None]:
    """Hold off other processes that want to read, change and replace a file in the same folder."""
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def clear_beside(target: Path) -> None:
    """Take away what killed processes left of :func:`replace_file`; no other may be writing ``target``."""
    with SafeFolder(target.parent) as below:
        _clear_beside(below, target.name)


def _clear_beside(below: SafeFolder, name: str) -> None:
    start = f".{name}.new-"
    for left in below.names(""):
        if left.startswith(start) and left[len(start) :].isdecimal():
            _remove_file(below, left)


def _clear_staging(below: SafeFolder, staging: str, *, journal: bool = False) -> None:
    """Take away the documents that were not renamed; with the ``journal`` the folder too, unless it has files of others."""
    with suppress(Blocked):
        for name in below.names(staging):
            process, _, serial = name.partition("-")
            if (process.isdecimal() and serial.isdecimal()) or (journal and name == _JOURNAL):
                _remove_file(below, f"{staging}/{name}")
        if journal:
            below.remove_folder(staging)


def _remove_file(below: SafeFolder, path: str) -> None:
    """Remove a file of ours; anything else of its name stays."""
    with suppress(Blocked):
        if below.is_file(path):
            below.remove(path)


def _require_own(below: SafeFolder, path: str) -> None:
    """Raises Blocked unless a file can be added to: with a second name (a hard link) it may be somebody's too."""
    found = below.status(path)
    if below.is_file(path) and found and found.st_nlink > 1:
        raise Blocked(path, "is a hard link, and what has its other name would change with it; remove it")


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _parse_list(data: bytes) -> list[tuple[str, str]]:
    """``(path, digest)`` of each whole line; a torn last line is none."""
    lines = data.decode("utf-8", "replace").split("\n")[:-1]
    return [(name, digest) for digest, mark, name in (line.partition("  ") for line in lines) if mark]


def _sync(below: SafeFolder, paths: Collection[str]) -> None:
    """Force files or folders to disk: one by one if few, all of the system's writes at once if many."""
    if len(paths) > _SINGLE_SYNCS:
        os.sync()
        return
    for path in paths:
        below.sync(path)
