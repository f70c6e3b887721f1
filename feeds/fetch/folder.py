"""A folder of posts: which files there are, which of them changed, and their bytes.

Skipping happens in layers: size and mtime of a file against what is known, then the digest of its
bytes. Symbolic links inside the folder are followed only to places inside it; files that others name are refused.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from feeds.errors import UsageError
from feeds.ports import FileState

_SUFFIXES = (".md", ".markdown", ".mkd", ".mkdown", ".html", ".htm")
_POST_FOLDERS = frozenset(("_posts", "_drafts"))
_PASSED_OVER = frozenset(("_site", "node_modules"))
_LARGEST = 16 * 1024 * 1024
_MORE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at a folder shows, against what is known of it."""

    changed: tuple[tuple[str, int, int], ...]
    """Path, size and mtime (nanoseconds) of each file that is new or may have changed, in order of path."""
    unchanged: int
    vanished: tuple[str, ...]


def scan(root: Path, jekyll: bool, known: Mapping[str, FileState], everything: bool = False) -> Scan:
    """Look at every post file below ``root``; ``everything`` takes unchanged ones too.

    In a Jekyll tree these are the files in ``_posts`` and ``_drafts`` folders.

    Raises:
        UsageError: the folder is missing or cannot be read.
    """
    _expect(root)
    files = list(_every_file(root, jekyll))
    changed = [
        (path, size, mtime)
        for path, size, mtime in files
        if everything
        or (state := known.get(path)) is None
        or state.vanished
        or state.mtime != mtime
        or state.size != size
    ]
    missing = known.keys() - {path for path, _, _ in files}
    vanished = tuple(sorted(path for path in missing if not known[path].vanished))
    return Scan(tuple(sorted(changed)), len(files) - len(changed), vanished)


def glance(root: Path, jekyll: bool, paths: Iterable[str], known: Mapping[str, FileState]) -> Scan:
    """:func:`scan` for these paths only; those that are no post files are passed over.

    Raises:
        UsageError: the folder is missing, or one in it cannot be read.
    """
    _expect(root)
    try:
        return _glance(root, jekyll, paths, known)
    except OSError as error:
        raise _unreadable(root, error) from error


def _glance(root: Path, jekyll: bool, paths: Iterable[str], known: Mapping[str, FileState]) -> Scan:
    changed, vanished = [], []
    for named in sorted(set(paths)):
        place, path = root / named, _printable(named)
        state = known.get(path)
        if place.is_file():
            if _takes(root, named, jekyll):
                outside = place.is_symlink() and not _inside(os.path.realpath(root), str(place))
                stat = _stat(place, follow=not outside)
                if stat is None:
                    continue  # it went meanwhile, and the watcher will say so
                if state is None or state.vanished or state[:2] != (stat.st_size, stat.st_mtime_ns):
                    changed.append((path, stat.st_size, stat.st_mtime_ns))
        elif state is not None and not state.vanished:
            vanished.append(path)
    return Scan(tuple(changed), 0, tuple(vanished))


def _expect(root: Path) -> None:
    try:
        there = root.is_dir()
    except OSError as error:
        raise _unreadable(root, error) from error
    if not there:
        raise UsageError(f"{root}: no such folder; correct the source's `path` or create it")


def _unreadable(root: Path, error: OSError) -> UsageError:
    """What is in a folder that cannot be read is not gone: nothing of the source is taken away."""
    return UsageError(
        f"{error.filename or root}: cannot be read ({error.strerror}); correct its permissions, until then the "
        "source's posts stay as they are"
    )


def _stat(place: Path | os.DirEntry[str], follow: bool) -> os.stat_result | None:
    """Of a file that may vanish at any moment."""
    try:
        return place.stat(follow_symlinks=follow)
    except FileNotFoundError:
        return None


def _takes(root: Path, path: str, jekyll: bool) -> bool:
    """Whether :func:`scan` would look at this path."""
    *folders, name = path.split("/")
    if not name.lower().endswith(_SUFFIXES):
        return False
    place = root
    for one in folders:
        place = place / one
        if one.startswith(".") or one in _PASSED_OVER or place.is_symlink():
            return False
    return not jekyll or bool(_POST_FOLDERS & {root.name, *folders})


def is_jekyll(root: Path) -> bool:
    """Whether the folder is a Jekyll tree (it has a ``_posts`` folder or a ``_config.yml``)."""
    return (root / "_posts").is_dir() or (root / "_config.yml").is_file()


def _every_file(root: Path, jekyll: bool) -> Iterator[tuple[str, int, int]]:
    try:
        yield from _files(root, jekyll)
    except OSError as error:
        raise _unreadable(root, error) from error


def _files(root: Path, jekyll: bool) -> Iterator[tuple[str, int, int]]:
    """Relative path, size and mtime of each post file; hidden folders are passed over."""
    real_root = os.path.realpath(root)
    todo = [("", root.name in _POST_FOLDERS or not jekyll)]
    while todo:
        relative, takes = todo.pop()
        with os.scandir(root / relative if relative else root) as listing:
            for one in listing:
                path = f"{relative}/{one.name}" if relative else one.name
                if one.is_dir():
                    if not one.name.startswith(".") and not one.is_symlink() and one.name not in _PASSED_OVER:
                        todo.append((path, takes or one.name in _POST_FOLDERS))
                elif takes and one.name.lower().endswith(_SUFFIXES) and (state := _state(one, real_root)):
                    yield _printable(path), state.st_size, state.st_mtime_ns


def _state(one: os.DirEntry[str], real_root: str) -> os.stat_result | None:
    """Size and mtime of a file; of a symbolic link that leads out or nowhere, its own; None for what is no file."""
    state: os.stat_result | None
    try:
        state = one.stat(follow_symlinks=not one.is_symlink() or _inside(real_root, one.path))
    except OSError:
        state = _stat(one, follow=False)
    return state if state and (S_ISREG(state.st_mode) or S_ISLNK(state.st_mode)) else None


def _printable(path: str) -> str:
    r"""A path as text that can be stored and told: bytes of another encoding as ``\xff``."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def _inside(real_root: str, path: str) -> bool:
    return os.path.realpath(path).startswith(real_root + os.sep)


def read(root: Path, path: str) -> bytes:
    """The bytes of one file.

    Raises:
        OSError: it cannot be read, or is larger than 16 MiB, or its name is no text.
    """
    try:
        file = _opened(root, path)
    except FileNotFoundError as error:
        if "\\x" in path:
            raise OSError(errno.EILSEQ, "its name is not in UTF-8; rename it") from error
        raise
    try:
        # Asking for the bound itself would reserve that much memory for every file.
        size = os.fstat(file).st_size
        if size > _LARGEST:
            raise OSError(errno.EFBIG, "larger than 16 MiB")
        data = os.read(file, size + 1)
        while len(data) != size and (more := os.read(file, _MORE)):  # it grows meanwhile, or has no size
            data += more
        return data
    finally:
        os.close(file)


def _opened(root: Path, path: str) -> int:
    """A descriptor of a file, which a symbolic link may name only inside the folder."""
    place = f"{root}/{path}"
    try:
        return os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    if not _inside(os.path.realpath(root), place):
        raise OSError(errno.ELOOP, "a symbolic link that leads out of the folder; put the file there itself")
    return os.open(place, os.O_RDONLY | os.O_CLOEXEC)


def read_inside(root: Path, path: str) -> bytes:
    """:func:`read`, for a path that a post names: it must not lead out of the folder.

    Raises:
        OSError: it does, or cannot be read.
    """
    if "\0" in path or not _inside(os.path.realpath(root), str(root / path)):
        raise OSError(errno.ENOENT, "no file of this folder")
    return read(root, path)


def digest(data: bytes) -> bytes:
    """The digest that two files with the same bytes share."""
    return hashlib.sha256(data).digest()[:16]


def renames(vanished: Mapping[str, bytes], appeared: Mapping[str, bytes]) -> dict[str, str]:
    """New path to old path of each file that appeared with the bytes of one that vanished."""
    by_digest: dict[bytes, list[str]] = {}
    for path, mark in sorted(vanished.items(), reverse=True):
        by_digest.setdefault(mark, []).append(path)
    found = {}
    for path, mark in sorted(appeared.items()):
        if by_digest.get(mark):
            found[path] = by_digest[mark].pop()
    return found
