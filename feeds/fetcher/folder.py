"""A folder of posts: which files there are, which of them changed, and their bytes.

Skipping happens in layers: size and mtime of a file against what is known, then the digest of its
bytes. Symbolic links inside the folder are followed only to places inside it; files that others name are refused.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress, count
from operator import ne
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from feeds.errors import UsageError
from feeds.protocols import FileState

_SUFFIXES = (".md", ".markdown", ".mkd", ".mkdown", ".html", ".htm")
_POST_FOLDERS = frozenset(("_posts", "_drafts"))
_PASSED_OVER = frozenset(("_site", "node_modules"))
_LARGEST = 16 * 1024 * 1024
_MORE = 64 * 1024
Seen = tuple[str, int, int]
"""Path, size and mtime (nanoseconds) of a file, as a look at the folder shows them."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at a folder shows, against what is known of it."""

    changed: tuple[Seen, ...]
    """Each file that is new or may have changed, in order of path."""
    unchanged: int
    vanished: tuple[str, ...]


def scan(root: Path, jekyll: bool, known: Sequence[Seen], everything: bool = False) -> Scan:
    """Look at every post file below ``root``; ``everything`` takes unchanged ones too.

    In a Jekyll tree these are the files in ``_posts`` and ``_drafts`` folders. ``known`` is what lay there at
    the last look, in order of path.

    Raises:
        UsageError: the folder is missing or cannot be read.
    """
    _expect(root)
    found = _every_file(root, jekyll)
    changed, vanished = differences(found, known)
    return Scan(tuple(found if everything else changed), len(found) - len(changed), vanished)


def differences(found: Sequence[Seen], known: Sequence[Seen]) -> tuple[list[Seen], tuple[str, ...]]:
    """Which of the found files are not as they are known, and the paths that are known but not found.

    Both are in order of path, and nearly always the same but for a few neighbours: what is the same before and
    behind these is passed over by comparing alone.
    """
    if found == known:
        return [], ()
    shorter = min(len(found), len(known))
    head = next(compress(count(), map(ne, found, known)), shorter)
    tail = next(compress(count(), map(ne, reversed(found), reversed(known))), shorter)
    tail = min(tail, shorter - head)
    new, old = set(found[head : len(found) - tail]), set(known[head : len(known) - tail])
    there = {path for path, _, _ in new}
    return sorted(new - old), tuple(sorted(path for path, _, _ in old - new if path not in there))


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
    real_root = os.path.realpath(root)
    for named in set(paths):
        path = _printable(named)
        state = known.get(path)
        stat = _file(f"{root}/{named}", real_root) if _takes(root, named, jekyll) else None
        if stat is None:
            if state is not None and not state.vanished:
                vanished.append(path)
        elif state is None or state.vanished or state[:2] != (stat.st_size, stat.st_mtime_ns):
            changed.append((path, stat.st_size, stat.st_mtime_ns))
    return Scan(tuple(sorted(changed)), 0, tuple(sorted(vanished)))


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


def _every_file(root: Path, jekyll: bool) -> list[Seen]:
    """Each post file below ``root``, in order of path; hidden folders are passed over."""
    found: list[Seen] = []
    try:
        real_root = os.path.realpath(root)
        todo = [("", root.name in _POST_FOLDERS or not jekyll)]
        while todo:
            relative, takes = todo.pop()
            prefix = f"{relative}/" if relative else ""
            place = f"{root}/{relative}" if relative else str(root)
            todo += [
                (prefix + name, takes or name in _POST_FOLDERS)
                for name in _look(place, prefix, takes, real_root, found)
                if not name.startswith(".") and name not in _PASSED_OVER
            ]
    except OSError as error:
        raise _unreadable(root, error) from error
    return sorted(found)


def _look(place: str, prefix: str, takes: bool, real_root: str, found: list[Seen]) -> list[str]:
    """Add the post files of one folder, if they are to be taken, to what was ``found``; the folders in it.

    Files are asked for by name within their open folder, for a path takes the system longer, and in order, so
    that what is compared and sorted later lies in memory in the order in which it is used.
    """
    with _open_folder(place) as folder:
        names = os.listdir(folder)
        files = sorted(name for name in names if name.lower().endswith(_SUFFIXES)) if takes else []
        inner = [] if len(files) == len(names) else _folders(folder)
        for name in files:
            state: os.stat_result | None
            try:
                state = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise OSError(error.errno, error.strerror, f"{place}/{name}") from error
            if S_ISDIR(state.st_mode):
                inner.append(name)
            elif S_ISREG(state.st_mode) or (state := _file(f"{place}/{name}", real_root)):
                found.append((_printable(prefix + name), state.st_size, state.st_mtime_ns))
    return list(dict.fromkeys(inner))


@contextmanager
def _open_folder(place: str) -> Iterator[int]:
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _folders(folder: int) -> list[str]:
    """The folders in one that is open, but not those that symbolic links name."""
    with os.scandir(folder) as listing:
        return [one.name for one in listing if one.is_dir(follow_symlinks=False)]


def _file(place: str, real_root: str) -> os.stat_result | None:
    """A file, or what a symbolic link leads to; the link itself if it leads out or nowhere. None for anything else."""
    try:
        state = os.stat(place, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not S_ISLNK(state.st_mode):
        return state if S_ISREG(state.st_mode) else None
    try:
        target = os.stat(place)
    except OSError:
        return state
    if not S_ISREG(target.st_mode):
        return None
    return target if _inside(real_root, place) else state


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
