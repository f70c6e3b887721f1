"""Read and write files below a folder without following any symbolic link.

Each folder of a path is opened relative to its parent folder (``openat`` with ``O_NOFOLLOW``). Files are
opened, renamed and removed relative to an open folder. So an attacker cannot put a link in the way between a check
and the use. The top folder may be a link, because its place is the operator's choice.
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
# O_NONBLOCK: opening a pipe would wait for a writer.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# O_EXCL refuses whatever is there already, also a link to nowhere.
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# O_APPEND writes at the end even if another process has written meanwhile.
_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_OPENED = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK, errno.ENXIO, errno.EISDIR)
"""Errors with which systems refuse a link, or another kind of file than was requested."""
# Common file systems refuse longer names; the limit counts bytes, not characters.
_MAX_NAME = 255


class Blocked(OSError):  # noqa: N818 - a state of the disk, which callers report in their own words
    """Raised if another kind of file is at ``path``; ``reason`` states which, and what to do."""

    def __init__(self, path: str, reason: str, number: int = errno.EEXIST) -> None:
        super().__init__(number, os.strerror(number), path)
        self.path = path
        self.reason = reason


def is_inside(path: str) -> bool:
    """Return whether a relative path stays below its folder.

    Its names are printable, at most 255 bytes long, and not empty, ``.`` or ``..``.
    """
    return path.isprintable() and all(
        name not in ("", ".", "..") and len(name.encode()) <= _MAX_NAME for name in path.split("/")
    )


class SafeFolder:
    """Access to the files below a folder by relative paths; a context manager that closes all folders.

    Every method raises OSError with the whole path as its file name, and Blocked if a link is in the way.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        # Folders stay open, so that thousands of documents do not open them again.
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
        """Open a folder and return its descriptor, which stays open. An empty path is the top folder.

        Raises:
            FileNotFoundError: the folder does not exist, and ``create`` is false.
            Blocked: a link or a file is there, or in the place of a folder above it.
        """
        known = self._open.get(path)
        if known is not None:
            return known
        if not path:
            # Without O_NOFOLLOW: the operator may have linked the output folder elsewhere.
            descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        else:
            above, _, name = path.rpartition("/")
            parent = self.folder(above, create=create)
            with self._name_errors(path):
                descriptor = _open_folder(name, parent, create)
        self._open[path] = descriptor
        return descriptor

    def status(self, path: str) -> os.stat_result | None:
        """Return the status of a file, a folder or a link itself; None if nothing is there."""
        try:
            folder, name = self._open_parent(path)
            with self._name_errors(path):
                return os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def is_folder(self, path: str) -> bool:
        """Return whether a folder is there; False if nothing is.

        Raises:
            Blocked: something else is there.
        """
        with suppress(FileNotFoundError):
            self.folder(path)
            return True
        return False

    def is_file(self, path: str) -> bool:
        """Return whether a regular file is there; False if nothing is.

        Raises:
            Blocked: something else is there.
        """
        found = self.status(path)
        if found and not stat.S_ISREG(found.st_mode):
            raise Blocked(path, self._describe_obstacle(path))
        return found is not None

    def read(self, path: str) -> bytes:
        """Read the bytes of a regular file."""
        with self._open_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            return file.read()

    def digest(self, path: str) -> str:
        """Compute the SHA-256 of a regular file, in hexadecimal digits."""
        with self._open_file(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            # In pieces, because a document may be large.
            return hashlib.file_digest(file, "sha256").hexdigest()

    def create(self, path: str, data: bytes) -> None:
        """Write a new file. Anything in its place is an error, also a link with a missing target."""
        folder, name = self._open_parent(path)
        with self._name_errors(path), open(os.open(name, _CREATE, 0o666, dir_fd=folder), "wb") as file:
            file.write(data)

    def append(self, path: str, lines: bytes) -> None:
        """Append whole lines to a file and force them to disk, after a line end if the last line is torn."""
        with self._open_file(path, _APPEND) as descriptor, open(descriptor, "ab", closefd=False) as file:
            size = os.fstat(file.fileno()).st_size
            # A crash may have cut the last line, and the next line would become a part of it.
            torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
            file.write(b"\n" + lines if torn else lines)
            file.flush()
            # The lines must be on the disk before the files that they announce.
            os.fsync(file.fileno())

    def rename(self, old: str, new: str) -> None:
        """Rename a file in one step. A file in the new place is replaced, and missing folders are created."""
        source, source_name = self._open_parent(old)
        target, target_name = self._open_parent(new, create=True)
        with self._name_errors(new):
            os.replace(source_name, target_name, src_dir_fd=source, dst_dir_fd=target)

    def remove(self, path: str) -> None:
        """Remove a file, or a link itself."""
        folder, name = self._open_parent(path)
        with self._name_errors(path):
            # `unlink` removes a link itself and never its target.
            os.unlink(name, dir_fd=folder)

    def remove_folder(self, path: str) -> None:
        """Remove a folder if it is empty."""
        folder, name = self._open_parent(path)
        # A folder that is not empty contains somebody's files, so it stays.
        with suppress(OSError):
            os.rmdir(name, dir_fd=folder)

    def names(self, path: str) -> list[str]:
        """List the names in a folder; the list is empty if the folder does not exist."""
        try:
            return os.listdir(self.folder(path))
        except FileNotFoundError:
            return []

    def sync(self, path: str) -> None:
        """Force a file, or an open folder, to disk."""
        if path in self._open:
            os.fsync(self._open[path])
            return
        with self._open_file(path) as descriptor:
            os.fsync(descriptor)

    def _open_parent(self, path: str, *, create: bool = False) -> tuple[int, str]:
        """Open the folder of a file; return its descriptor and the name of the file in it."""
        above, _, name = path.rpartition("/")
        return self.folder(above, create=create), name

    @contextmanager
    def _open_file(self, path: str, flags: int = _READ) -> Iterator[int]:
        folder, name = self._open_parent(path)
        with self._name_errors(path):
            descriptor = os.open(name, flags, 0o666, dir_fd=folder)
        try:
            # The open file is checked and not its path, which may name another file by now.
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Blocked(path, self._describe_obstacle(path))
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _name_errors(self, path: str) -> Iterator[None]:
        """Put the whole path into an error of the system, which has only the last name."""
        try:
            yield
        except OSError as error:
            if error.errno in _NOT_OPENED:
                raise Blocked(path, self._describe_obstacle(path), error.errno) from error
            error.filename = os.fspath(self.root / path)
            raise

    def _describe_obstacle(self, path: str) -> str:
        folder, name = self._open_parent(path)
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
    # Another process was faster, or it is a link, which opening refuses.
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
    return os.open(name, _FOLDER, dir_fd=parent)
