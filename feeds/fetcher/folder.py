"""List the post files of a folder, find those that changed, and read them.

A file is skipped if its size and mtime are known, then if the digest of its bytes is known. Symbolic links
are followed only to files inside the folder. A file outside it that a post names is refused.
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
from feeds.parser.posts.visibility import UNREAD_FORMATS
from feeds.protocols import FileState

_SUFFIXES = (
    *(".md", ".markdown", ".mkd", ".mkdown", ".html", ".htm"),
    *UNREAD_FORMATS,  # listed so that they are counted as ignored
)
_POST_FOLDERS = frozenset(("_posts", "_drafts"))
# Output of a generator and packages of other people: their HTML files are not posts.
_SKIPPED_FOLDERS = frozenset(("_site", "node_modules"))
# A post is text written by people; larger files are more likely media with a wrong ending.
_LARGEST = 16 * 1024 * 1024
_CHUNK = 64 * 1024
FileStamp = tuple[str, int, int]
"""Path, size and mtime (nanoseconds) of a file, as a scan of the folder finds it."""


@dataclass(frozen=True, slots=True)
class Scan:
    """Difference between a folder and what is known of it."""

    changed: tuple[FileStamp, ...]
    """Each file that is new or may have changed, in order of path."""
    unchanged: int
    vanished: tuple[str, ...]


def scan(root: Path, jekyll: bool, known: Sequence[FileStamp], everything: bool = False) -> Scan:
    """List every post file below ``root``; ``everything`` returns unchanged files too.

    In a Jekyll tree these are the files in ``_posts`` and ``_drafts`` folders. ``known`` are the files of the
    last scan, in order of path.

    Raises:
        UsageError: the folder is missing or cannot be read.
    """
    _require_folder(root)
    found = _list_files(root, jekyll)
    changed, vanished = compare_files(found, known)
    return Scan(tuple(found if everything else changed), len(found) - len(changed), vanished)


def compare_files(
    found: Sequence[FileStamp], known: Sequence[FileStamp]
) -> tuple[list[FileStamp], tuple[str, ...]]:
    """Compare two lists of files; return the changed files and the paths that are known but not found.

    Both are in order of path, and usually equal except for a few neighbours. The equal parts before and after
    these are skipped by plain comparison.
    """
    # The usual case, decided at the speed of a tuple comparison.
    if found == known:
        return [], ()
    shorter = min(len(found), len(known))
    # The iterators run in C; a loop in Python over all files would cost more than listing them.
    head = next(compress(count(), map(ne, found, known)), shorter)
    tail = next(compress(count(), map(ne, reversed(found), reversed(known))), shorter)
    # The equal parts must not overlap where one list repeats a part.
    tail = min(tail, shorter - head)
    new, old = set(found[head : len(found) - tail]), set(known[head : len(known) - tail])
    there = {path for path, _, _ in new}
    return sorted(new - old), tuple(sorted(path for path, _, _ in old - new if path not in there))


def scan_paths(root: Path, jekyll: bool, paths: Iterable[str], known: Mapping[str, FileState]) -> Scan:
    """:func:`scan` for these paths only; paths that are not post files are ignored.

    Raises:
        UsageError: the folder is missing, or a folder in it cannot be read.
    """
    _require_folder(root)
    try:
        return _scan_paths(root, jekyll, paths, known)
    except OSError as error:
        raise _build_error(root, error) from error


def _scan_paths(root: Path, jekyll: bool, paths: Iterable[str], known: Mapping[str, FileState]) -> Scan:
    changed, vanished = [], []
    # Resolved once for all links of the folder.
    real_root = os.path.realpath(root)
    for named in set(paths):
        # Stored in its escaped form, because SQLite's driver refuses text that is not valid Unicode.
        path = _escape_path(named)
        state = known.get(path)
        stat = _check_file(f"{root}/{named}", real_root) if _is_post_path(root, named, jekyll) else None
        if stat is None:
            if state is not None and not state.vanished:
                vanished.append(path)
        elif state is None or state.vanished or state[:2] != (stat.st_size, stat.st_mtime_ns):
            changed.append((path, stat.st_size, stat.st_mtime_ns))
    return Scan(tuple(sorted(changed)), 0, tuple(sorted(vanished)))


def _require_folder(root: Path) -> None:
    try:
        there = root.is_dir()
    except OSError as error:
        raise _build_error(root, error) from error
    if not there:
        raise UsageError(f"{root}: no such folder; correct the source's `path` or create it")


def _build_error(root: Path, error: OSError) -> UsageError:
    """Build the error for an unreadable folder; its posts stay, because unreadable files are not gone."""
    return UsageError(
        f"{error.filename or root}: cannot be read ({error.strerror}); correct its permissions, until then the "
        "source's posts stay as they are"
    )


def _is_post_path(root: Path, path: str, jekyll: bool) -> bool:
    """Return whether :func:`scan` would list this path."""
    *folders, name = path.split("/")
    # The cheapest test first: most changed paths under watch are not posts.
    if not name.lower().endswith(_SUFFIXES):
        return False
    place = root
    for folder in folders:
        place = place / folder
        # A linked folder may lead outside, or into a circle.
        if folder.startswith(".") or folder in _SKIPPED_FOLDERS or place.is_symlink():
            return False
    return not jekyll or bool(_POST_FOLDERS & {root.name, *folders})


def is_jekyll(root: Path) -> bool:
    """Return whether the folder is a Jekyll tree (it has a ``_posts`` folder or a ``_config.yml``)."""
    return (root / "_posts").is_dir() or (root / "_config.yml").is_file()


def _list_files(root: Path, jekyll: bool) -> list[FileStamp]:
    """List each post file below ``root``, in order of path, without hidden folders."""
    found: list[FileStamp] = []
    try:
        real_root = os.path.realpath(root)
        todo = [("", root.name in _POST_FOLDERS or not jekyll)]
        while todo:
            relative, has_posts = todo.pop()
            prefix = f"{relative}/" if relative else ""
            place = f"{root}/{relative}" if relative else str(root)
            todo += [
                (prefix + name, has_posts or name in _POST_FOLDERS)
                for name in _scan_folder(place, prefix, has_posts, real_root, found)
                if not name.startswith(".") and name not in _SKIPPED_FOLDERS
            ]
    except OSError as error:
        raise _build_error(root, error) from error
    return sorted(found)


def _scan_folder(
    place: str, prefix: str, has_posts: bool, real_root: str, found: list[FileStamp]
) -> list[str]:
    """Add the post files of one folder to ``found`` if it ``has_posts``; return its subfolders.

    Files are examined by name within their open folder, because a full path takes the system longer. They are
    sorted first, so that later comparisons use memory in order.
    """
    with _open_folder(place) as folder:
        names = os.listdir(folder)
        files = sorted(name for name in names if name.lower().endswith(_SUFFIXES)) if has_posts else []
        # A folder of posts only has no subfolders, which saves the second listing.
        inner = [] if len(files) == len(names) else _list_folders(folder)
        for name in files:
            state: os.stat_result | None
            try:
                state = os.stat(name, dir_fd=folder, follow_symlinks=False)
            # The file was deleted after the folder was listed.
            except FileNotFoundError:
                continue
            except OSError as error:
                raise OSError(error.errno, error.strerror, f"{place}/{name}") from error
            if S_ISDIR(state.st_mode):
                inner.append(name)
            elif S_ISREG(state.st_mode) or (state := _check_file(f"{place}/{name}", real_root)):
                found.append((_escape_path(prefix + name), state.st_size, state.st_mtime_ns))
    # A folder may be named like a post, and is then found twice.
    return list(dict.fromkeys(inner))


@contextmanager
def _open_folder(place: str) -> Iterator[int]:
    # The descriptor keeps the folder that was opened even if its path is replaced meanwhile.
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _list_folders(folder: int) -> list[str]:
    """List the subfolders of an open folder, without symbolic links."""
    with os.scandir(folder) as listing:
        return [entry.name for entry in listing if entry.is_dir(follow_symlinks=False)]


def _check_file(place: str, real_root: str) -> os.stat_result | None:
    """Return the state of a file or of a link's target; of the link itself if it leads outside or nowhere; None otherwise."""
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
    # Reading a pipe or device behind a link could block forever.
    if not S_ISREG(target.st_mode):
        return None
    return target if _is_inside(real_root, place) else state


def _escape_path(path: str) -> str:
    r"""Return a path as text that can be stored and shown: bytes that are not UTF-8 become ``\xff``."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_inside(real_root: str, path: str) -> bool:
    # With the separator: `/posts-old` is not inside `/posts`.
    return os.path.realpath(path).startswith(real_root + os.sep)


def read(root: Path, path: str) -> bytes:
    """Read one file.

    Raises:
        OSError: it cannot be read, is larger than 16 MiB, or its name is not UTF-8.
    """
    try:
        file = _open_file(root, path)
    except FileNotFoundError as error:
        if "\\x" in path:
            raise OSError(errno.EILSEQ, "its name is not in UTF-8; rename it") from error
        raise
    try:
        # Reading up to the limit would reserve that much memory for every file.
        size = os.fstat(file).st_size
        if size > _LARGEST:
            raise OSError(errno.EFBIG, "larger than 16 MiB")
        # One byte more than expected reveals a file that has grown.
        data = os.read(file, size + 1)
        while len(data) != size and (
            more := os.read(file, _CHUNK)
        ):  # it grows while it is read, or has no size
            data += more
        return data
    finally:
        os.close(file)


def _open_file(root: Path, path: str) -> int:
    """Open a file and return its descriptor; a symbolic link must lead to a file inside the folder."""
    place = f"{root}/{path}"
    try:
        # Nearly no post is a link, so the usual file needs no resolution of its path.
        return os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    if not _is_inside(os.path.realpath(root), place):
        raise OSError(errno.ELOOP, "a symbolic link that leads outside the folder; put the file itself there")
    return os.open(place, os.O_RDONLY | os.O_CLOEXEC)


def read_inside(root: Path, path: str) -> bytes:
    """:func:`read` for a path that a post names; it must not lead outside the folder.

    Raises:
        OSError: it leads outside, or cannot be read.
    """
    # The path comes from the text of a post, which may be hostile.
    if "\0" in path or not _is_inside(os.path.realpath(root), str(root / path)):
        raise OSError(errno.ENOENT, "not a file of this folder")
    return read(root, path)


def compute_digest(data: bytes) -> bytes:
    """Compute the digest by which files with equal bytes are recognised."""
    # Half of the digest is enough for files of one folder, and is stored for each.
    return hashlib.sha256(data).digest()[:16]


def match_renames(vanished: Mapping[str, bytes], appeared: Mapping[str, bytes]) -> dict[str, str]:
    """Return the new and old path of each file that appeared with the bytes of a file that vanished."""
    by_digest: dict[bytes, list[str]] = {}
    for path, mark in sorted(vanished.items(), reverse=True):
        by_digest.setdefault(mark, []).append(path)
    found = {}
    for path, mark in sorted(appeared.items()):
        if by_digest.get(mark):
            # Of several equal files each old path is used once, in order, so that the result is stable.
            found[path] = by_digest[mark].pop()
    return found
