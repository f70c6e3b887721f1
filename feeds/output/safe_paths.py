"""Files below a folder, reached from folder to folder so that no symbolic link is followed.

Each folder on the way is opened in the one above it (``openat`` with ``O_NOFOLLOW``), and files are
opened, renamed and removed in a folder that is open. So nobody can put a link in the way between a
check and what follows it. The folder at the top may be a link: where it lies is the operator's choice.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not make us wait
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_OPENED = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK, errno.ENXIO, errno.EISDIR)
"""What systems answer where a link, or something else than was wanted, is in the way."""
_LONGEST_NAME = 255


class Blocked(OSError):  # noqa: N818 - a state of the disk, which callers report in their own words
    """Something that is not what was wanted lies at ``path``; ``reason`` says what it is and what to do."""

    def __init__(self, path: str, reason: str, number: int = errno.EEXIST) -> None:
        super().__init__(number, os.strerror(number), path)
        self.path = path
        self.reason = reason


def is_inside(path: str) -> bool:
    """Whether a relative path stays below its folder: printable names, none of them empty, ``.`` or ``..``."""
    return path.isprintable() and all(
        name not in ("", ".", "..") and len(name.encode()) <= _LONGEST_NAME for name in path.split("/")
    )


class Below:
    """Files below a folder, by their paths relative to it; a context manager, at whose end all is closed.

    Every method raises OSError with the whole path as its file name, and Blocked if a link is in the way.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()

    def folder(self, path: str, *, create: bool = False) -> int:
        """The descriptor of a folder, which stays open; empty for the folder at the top.

        Raises:
            FileNotFoundError: there is no such folder, and it is not to be created.
            Blocked: a link or a file lies there, or in the place of a folder above it.
        """
        known = self._open.get(path)
        if known is not None:
            return known
        if not path:
            descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        else:
            above, _, name = path.rpartition("/")
            parent = self.folder(above, create=create)
            with self._naming(path):
                descriptor = _open_folder(name, parent, create)
        self._open[path] = descriptor
        return descriptor

    def status(self, path: str) -> os.stat_result | None:
        """What lies there, without following a link; None if nothing does."""
        try:
            folder, name = self._place(path)
            with self._naming(path):
                return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def is_folder(self, path: str) -> bool:
        """Whether a folder lies there: False if nothing does.

        Raises:
            Blocked: something else does.
        """
        with suppress(FileNotFoundError):
            self.folder(path)
            return True
        return False

    def is_file(self, path: str) -> bool:
        """Whether a regular file lies there: False if nothing does.

        Raises:
            Blocked: something else does.
        """
        found = self.status(path)
        if found and not stat.S_ISREG(found.st_mode):
            raise Blocked(path, self._reason(path))
        return found is not None

    def read(self, path: str) -> bytes:
        """The bytes of a regular file."""
        with self._opened(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            return file.read()

    def digest(self, path: str) -> str:
        """The SHA-256 of a regular file, in hex."""
        with self._opened(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def create(self, path: str, data: bytes) -> None:
        """Write a file that is not there yet; a link in its place is an error, even one that leads nowhere."""
        folder, name = self._place(path)
        with self._naming(path), open(os.open(name, _CREATE, 0o666, dir_fd=folder), "wb") as file:
            file.write(data)

    def append(self, path: str, lines: bytes) -> None:
        """Add whole lines to a file and force them to disk, on a new line if the last one is torn."""
        with self._opened(path, _APPEND) as descriptor, open(descriptor, "ab", closefd=False) as file:
            size = os.fstat(file.fileno()).st_size
            torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
            file.write(b"\n" + lines if torn else lines)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, old: str, new: str) -> None:
        """Move a file to another place, in one step and over what lies there; missing folders are created."""
        source, source_name = self._place(old)
        target, target_name = self._place(new, create=True)
        with self._naming(new):
            os.replace(source_name, target_name, src_dir_fd=source, dst_dir_fd=target)

    def remove(self, path: str) -> None:
        """Remove a file; of a link the link itself."""
        folder, name = self._place(path)
        with self._naming(path):
            os.unlink(name, dir_fd=folder)

    def remove_folder(self, path: str) -> None:
        """Remove a folder if it is empty."""
        folder, name = self._place(path)
        with suppress(OSError):
            os.rmdir(name, dir_fd=folder)

    def names(self, path: str) -> list[str]:
        """The names of what lies in a folder; none if there is no such folder."""
        try:
            return os.listdir(self.folder(path))
        except FileNotFoundError:
            return []

    def sync(self, path: str) -> None:
        """Force a file, or a folder that is open, to disk."""
        if path in self._open:
            os.fsync(self._open[path])
            return
        with self._opened(path) as descriptor:
            os.fsync(descriptor)

    def _place(self, path: str, *, create: bool = False) -> tuple[int, str]:
        """The folder of a file, open, and the file's name in it."""
        above, _, name = path.rpartition("/")
        return self.folder(above, create=create), name

    @contextmanager
    def _opened(self, path: str, flags: int = _READ) -> Iterator[int]:
        folder, name = self._place(path)
        with self._naming(path):
            descriptor = os.open(name, flags, 0o666, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Blocked(path, self._reason(path))
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _naming(self, path: str) -> Iterator[None]:
        """Name the whole path in an error of the system, which knows only the last part of it."""
        try:
            yield
        except OSError as error:
            if error.errno in _NOT_OPENED:
                raise Blocked(path, self._reason(path), error.errno) from error
            error.filename = os.fspath(self.root / path)
            raise

    def _reason(self, path: str) -> str:
        folder, name = self._place(path)
        try:
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return "was replaced while feedd was using it; run again"
        if stat.S_ISLNK(mode):
            return (
                "is a symbolic link, which feedd did not write and never follows; remove it or move it away"
            )
        kind = "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "special file"
        return f"is a {kind} that feedd did not write, in the way of what belongs there; remove it or move it away"


def _open_folder(name: str, parent: int, create: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except FileNotFoundError:
        if not create:
            raise
    with suppress(FileExistsError):  # another process was faster, or it is a link: opening it tells
        os.mkdir(name, dir_fd=parent)
    return os.open(name, _FOLDER, dir_fd=parent)
