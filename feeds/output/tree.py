"""The output tree: a document is written only if it changed, and never half.

Beside, synced, renamed: new documents are written into a folder of their own inside the tree,
forced to disk once per batch and then renamed into place. ``.feedd`` lists what feedd wrote, path
and digest; a file that it does not list, or whose digest differs, is foreign and stays as it is.
A journal names what is about to be renamed, so that an interrupted run is not taken for foreign.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from feeds.errors import OutputError

MANIFEST = ".feedd"
_BESIDE = ".feedd-tmp"
_JOURNAL = "journal"
JOURNAL = f"{_BESIDE}/{_JOURNAL}"
"""What is about to be renamed into place, in the form of the manifest."""
_BATCH_BYTES = 64 * 1024 * 1024
_BATCH_FILES = 512
_SINGLE_SYNCS = 16


class Written(NamedTuple):
    """A document as it lies on disk: its digest (hex) and the cheap signs that it is still ours."""

    digest: str
    size: int
    mtime: int


@dataclass(slots=True)
class Tree:
    """One output folder and what feedd wrote there.

    ``known`` is what the store remembers of each path; ``full`` writes even what is unchanged;
    ``dry`` writes nothing and only counts.
    """

    folder: Path
    known: dict[str, Written]
    full: bool = False
    dry: bool = False
    written: dict[str, Written] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    foreign: dict[str, str] = field(default_factory=dict)
    opened: bool = False
    _ours: dict[str, set[str]] = field(default_factory=dict)
    _waiting: list[tuple[str, Path, str]] = field(default_factory=list)
    _waiting_bytes: int = 0
    _serial: int = 0

    def open(self) -> None:
        """Read what is ours and clear away what an interrupted run left.

        Raises:
            OutputError: the folder cannot be made or read.
        """
        self.opened = True
        try:
            if not self.dry:
                self.folder.mkdir(parents=True, exist_ok=True)
            for name in (MANIFEST, JOURNAL):
                for path, digest in _read_list(self.folder / name):
                    self._ours.setdefault(path, set()).add(digest)
            if not self.dry:
                self._clear_beside()
                clear_beside(self.folder / MANIFEST)
        except OSError as error:
            raise self._trouble(error) from error

    def again(self) -> Tree:
        """This tree for the next time that the same process publishes."""
        self.written, self.removed, self.foreign = {}, [], {}
        self._serial = 0
        return self

    def _clear_beside(self) -> None:
        beside = self.folder / _BESIDE
        if beside.exists():
            for file in beside.iterdir():
                if file.name != _JOURNAL:
                    file.unlink()

    def _trouble(self, error: OSError) -> OutputError:
        return OutputError(
            f"{error.filename or self.folder}: cannot be written ({error.strerror}); "
            "check free space and permissions, then run again: what was published before is untouched"
        )

    def intact(self, path: str) -> bool:
        """Whether the document lies there as it was written, by size and mtime."""
        known = self.known.get(path)
        return known is not None and self._stat(path) == known[1:]

    def _stat(self, path: str) -> tuple[int, int] | None:
        try:
            found = os.stat(f"{self.folder}/{path}", follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_size, found.st_mtime_ns

    def published(self, path: str) -> bool:
        """Whether our document lies there, or would after a dry run."""
        return path not in self.foreign and (path in self.known or path in self.written)

    def put(self, path: str, data: bytes) -> bool:
        """Queue a document for writing if it differs from what lies there; whether it is in place then.

        False means that a foreign file is in the way; it is named in ``foreign``.
        """
        digest = hashlib.sha256(data).hexdigest()
        known = self.known.get(path)
        if known and known.digest == digest and not self.full and self.intact(path):
            return True
        try:
            there = self._digest_there(path, known)
            if there is not None and not self._is_ours(path, there):
                self.foreign[path] = "exists and was not written by feedd"
                return False
            if there == digest and not self.full:
                self._remember(path, digest)
                return True
            if self.dry:
                self.written[path] = Written(digest, len(data), 0)
                return True
            self._write_beside(path, data, digest)
        except OSError as error:
            raise self._trouble(error) from error
        if self._waiting_bytes > _BATCH_BYTES or len(self._waiting) >= _BATCH_FILES:
            self.flush()
        return True

    def _digest_there(self, path: str, known: Written | None) -> str | None:
        """Digest of the file that lies at ``path``; None if there is none."""
        there = self._stat(path)
        if there is None:
            return None
        if known and there == known[1:]:
            self._ours.setdefault(path, set()).add(known.digest)
            return known.digest
        try:
            return hashlib.sha256((self.folder / path).read_bytes()).hexdigest()
        except IsADirectoryError:
            return ""

    def _is_ours(self, path: str, digest: str) -> bool:
        return digest in self._ours.get(path, ())

    def _write_beside(self, path: str, data: bytes, digest: str) -> None:
        beside = self.folder / _BESIDE
        if not self._serial:
            beside.mkdir(exist_ok=True)
        self._serial += 1
        temporary = beside / f"{os.getpid()}-{self._serial}"
        temporary.write_bytes(data)
        self._waiting.append((path, temporary, digest))
        self._waiting_bytes += len(data)

    def flush(self) -> None:
        """Bring every queued document into place: synced, named in the journal, renamed.

        Raises:
            OutputError: the disk is full or refuses; the old documents stay.
        """
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        try:
            _sync([temporary for _, temporary, _ in waiting])
            _append(self.folder / _BESIDE / _JOURNAL, ((path, digest) for path, _, digest in waiting))
            folders = set()
            for path, temporary, digest in waiting:
                target = self.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(temporary, target)
                folders.add(target.parent)
                self._ours.setdefault(path, set()).add(digest)
                self._remember(path, digest)
            _sync(folders)
        except OSError as error:
            raise self._trouble(error) from error

    def _remember(self, path: str, digest: str) -> None:
        there = self._stat(path)
        if there and not self.dry:
            self.written[path] = self.known[path] = Written(digest, *there)

    def remove(self, path: str) -> None:
        """Take a document away that nothing names any more, unless it is foreign."""
        try:
            there = self._digest_there(path, self.known.get(path))
            if there is not None and not self._is_ours(path, there):
                self.foreign[path] = "differs from what feedd wrote, so it is not removed"
            elif there is not None and not self.dry:
                (self.folder / path).unlink()
                with suppress(OSError):
                    (self.folder / path).parent.rmdir()
        except OSError as error:
            raise self._trouble(error) from error
        self.known.pop(path, None)
        self._ours.pop(path, None)
        self.removed.append(path)

    def close(self, documents: Mapping[str, str]) -> None:
        """Write ``.feedd`` (path to digest) if it differs, and forget the journal."""
        if self.dry:
            return
        text = "".join(f"{digest}  {path}\n" for path, digest in sorted(documents.items()))
        target = self.folder / MANIFEST
        try:
            if not target.exists() or target.read_bytes() != text.encode():
                replace_file(target, text.encode())
            shutil.rmtree(self.folder / _BESIDE, ignore_errors=True)
        except OSError as error:
            raise self._trouble(error) from error


def replace_file(target: Path, data: bytes) -> None:
    """Write a single file whole or not at all (beside, fsync, rename, fsync the folder).

    What a killed process left beside it is for :func:`clear_beside`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.new-{os.getpid()}")
    try:
        temporary.write_bytes(data)
        _sync([temporary])
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync([target.parent])


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
    for left in target.parent.glob(f".{target.name}.new-*"):
        left.unlink(missing_ok=True)


def _read_list(path: Path) -> list[tuple[str, str]]:
    """``(path, digest)`` of each whole line; a torn last line is none."""
    try:
        text = path.read_text("utf-8", "replace")
    except FileNotFoundError:
        return []
    lines = text.split("\n")[:-1]
    return [(name, digest) for digest, mark, name in (line.partition("  ") for line in lines) if mark]


def _append(path: Path, lines: Iterable[tuple[str, str]]) -> None:
    with path.open("a", encoding="utf-8") as file:
        if _torn(path):
            file.write("\n")
        file.writelines(f"{digest}  {name}\n" for name, digest in lines)
        file.flush()
        os.fsync(file.fileno())


def _torn(path: Path) -> bool:
    """Whether a run ended, or the disk was full, within the last line."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - 1))
        return file.read() not in (b"", b"\n")


def _sync(paths: Iterable[Path]) -> None:
    """Force files or folders to disk: one by one if few, all of the system's writes at once if many."""
    wanted = list(paths)
    if len(wanted) > _SINGLE_SYNCS:
        os.sync()
        return
    for path in wanted:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
