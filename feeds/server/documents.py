"""Read documents of the output tree: only files that feedd wrote, complete, with their metadata.

A document is served if ``.feedd`` lists its path with the digest of the bytes that were read. During a run the
journal counts too. So dotfiles, unmanaged files, links that lead outside and half-written files need no rules of
their own: they are not listed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from feeds.errors import OutputError
from feeds.output.tree import JOURNAL, MANIFEST

Form = Literal["atom", "rss", "json", ""]

# Documents are held in memory; larger files are better served by a web server.
MAX_DOCUMENT = 64 * 1024 * 1024
"""Bytes of a document; a larger one is not served."""

# A build may replace the file and the list between two reads; more often than this is not plausible.
_ATTEMPTS = 3
_ROOT = re.compile(rb"<(feed|rss|opml|html|!doctype html)[\s>]", re.IGNORECASE)
_JSON_FEED = re.compile(rb'\s*\{\s*"version"\s*:\s*"https://jsonfeed\.org/version/')
_XML_TYPES: dict[bytes, tuple[str, Form]] = {
    b"feed": ("application/atom+xml", "atom"),
    b"rss": ("application/rss+xml", "rss"),
    b"opml": ("text/x-opml; charset=utf-8", ""),
    b"html": ("text/html; charset=utf-8", ""),
    b"!doctype html": ("text/html; charset=utf-8", ""),
}
# `mimetypes` reads the tables of the system, so responses would differ between machines.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".zst": "application/zstd",
}


# A replaced file usually has another inode, even where mtime and size stay equal.
class Sign(NamedTuple):
    """Values that change when a file does: mtime, size and inode."""

    mtime: int
    size: int
    inode: int


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document. ``digest`` is hex, ``modified`` seconds since 1970, never in the future."""

    path: str
    data: bytes
    digest: str
    modified: int
    sign: Sign
    media: str
    form: Form
    """Format of a feed document; empty for other documents."""


def detect_media_type(path: str, data: bytes) -> tuple[str, Form]:
    """Detect media type and format by content, because an alias may have any file name.

    The first element decides for XML and HTML, the version for JSON Feed; else the suffix.
    """
    # The root element comes early, and a search through megabytes would cost every load.
    start = data[:1024].lstrip(b"\xef\xbb\xbf")
    # A compressed file is served as such, so its content is not looked at.
    if path.endswith((".gz", ".br", ".zst")):
        return _TYPES.get(path[path.rfind(".") :], "application/octet-stream"), ""
    if start.lstrip().startswith(b"<") and (found := _ROOT.search(start)):
        return _XML_TYPES[found[1].lower()]
    if _JSON_FEED.match(start):
        return "application/feed+json", "json"
    return _TYPES.get(path[path.rfind(".") :] if "." in path else "", "application/octet-stream"), ""


def is_safe(path: str) -> bool:
    """Return whether a relative path stays inside and has no hidden or empty segment."""
    # A leading dot covers `..` and hidden files in one test.
    return bool(path) and not any(not part or part[0] == "." for part in path.split("/"))


class OutputTree:
    """The documents of an output folder; safe to load from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = os.fspath(folder)
        self._manifest: tuple[Sign | None, bytes] = (None, b"")

    def check(self) -> None:
        """Check that there is an output tree.

        Raises:
            OutputError: The folder has no manifest of feedd.
        """
        if self._sign(MANIFEST) is None:
            raise OutputError(
                f"{self.folder}: there is nothing to serve ({MANIFEST} is missing); run `feedd build` first, "
                "or correct `dir` in [output]"
            )

    def sign(self, path: str) -> Sign | None:
        """Return the current sign of the file at ``path``; None if it is missing."""
        return self._sign(path)

    def is_current(self, document: Document) -> bool:
        """Return whether the file is unchanged since the document was read (2 µs, for each request)."""
        try:
            # A joined string: this runs for every request, and a `Path` would be built only to be converted back.
            found = os.stat(f"{self._root}/{document.path}", follow_symlinks=False)
        except OSError:
            return False
        sign = document.sign
        return found.st_mtime_ns == sign[0] and found.st_size == sign[1] and found.st_ino == sign[2]

    def _sign(self, path: str) -> Sign | None:
        try:
            found = os.stat(f"{self._root}/{path}", follow_symlinks=False)
        except (OSError, ValueError):
            return None
        # Links and devices are not documents, whatever they point to.
        return Sign(found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None

    def load(self, path: str) -> Document | None:
        """Read a document; None if there is none, or if feedd did not write these bytes.

        Raises:
            OutputError: The file exists and cannot be read.
        """
        # The lists are searched by line, so a line break could match two of them.
        if not is_safe(path) or "\n" in path:
            return None
        # Checked before the file is opened, so that unmanaged files are not even read.
        if not self._is_listed(path):
            return None
        for _ in range(_ATTEMPTS):
            read = self._read(path)
            if read is None:
                return None
            data, sign = read
            digest = hashlib.sha256(data).hexdigest()
            # A run that ends between reading the file and reading the lists is seen in the next attempt.
            if self._is_listed(path, digest):
                media, form = detect_media_type(path, data)
                # RFC 9110, 8.8.2.1: a date in the future must not be sent.
                modified = min(sign.mtime // 1_000_000_000, int(time.time()))
                return Document(path, data, digest, modified, sign, media, form)
        return None

    def _read(self, path: str) -> tuple[bytes, Sign] | None:
        # A link may lead outside the tree, and opening a pipe would block the thread.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(f"{self._root}/{path}", flags)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO):
                return None
            raise OutputError(
                f"{self.folder / path}: cannot be read ({error.strerror}); check permissions"
            ) from error
        try:
            # The descriptor is checked, because the path may name another file by now.
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_DOCUMENT:
                return None
            data = b"".join(_read_pieces(descriptor, found.st_size))
            return data, Sign(found.st_mtime_ns, found.st_size, found.st_ino)
        except OSError as error:
            raise OutputError(
                f"{self.folder / path}: cannot be read ({error.strerror}); check the disk"
            ) from error
        finally:
            os.close(descriptor)

    def _is_listed(self, path: str, digest: str = "") -> bool:
        """Return whether the journal or the manifest lists the path, with this digest if there is any.

        The journal comes first: it is removed only after the manifest lists its documents.
        """
        # Without a digest the line begins with the two blanks of the list, so that `b` does not match `a/b`.
        line = f"{digest}  {path}\n".encode()
        journal = self._read_list(JOURNAL)
        if line in journal:
            return True
        sign = self._sign(MANIFEST)
        # The manifest is long, so it is read again only after it has changed.
        if sign is None or sign != self._manifest[0]:
            self._manifest = (sign, self._read_list(MANIFEST))
        return line in self._manifest[1]

    def _read_list(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            # A journal exists only during a run, so its absence is the usual case.
            return b""


def _read_pieces(descriptor: int, size: int) -> Iterator[bytes]:
    # The size was read before: a file that grows meanwhile must not be read without end.
    while size > 0 and (piece := os.read(descriptor, size)):
        size -= len(piece)
        yield piece
