"""Replace single files outside the output tree, such as the ledger and the configuration."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from feeds.output.safe_paths import Blocked, SafeFolder


def replace_file(target: Path, data: bytes) -> None:
    """Replace a file completely or not at all: write a temporary file, sync, rename, sync the folder.

    :func:`clear_beside` removes what a killed process left.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with SafeFolder(target.parent) as below:
        replace_in(below, target.name, data)


def replace_in(below: SafeFolder, name: str, data: bytes) -> None:
    """Replace a file of an open folder; see :func:`replace_file`."""
    # In the same folder, because a rename works only within one file system.
    temporary = f".{name}.new-{os.getpid()}"
    remove_file(below, temporary)
    try:
        below.create(temporary, data)
        # Without it, a power cut after the rename could leave an empty file.
        below.sync(temporary)
        below.rename(temporary, name)
    finally:
        remove_file(below, temporary)
    below.sync("")


@contextmanager
def lock_folder(target: Path) -> Iterator[None]:
    """Lock the folder of a file against other processes that read, change and replace it."""
    # The folder, not the file: replacing the file gives it a new inode, whose lock would be another.
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        # Waits: two `feedd add` at the same time must both succeed.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def clear_beside(target: Path) -> None:
    """Remove what killed processes left of :func:`replace_file`; no process may be writing ``target``."""
    with SafeFolder(target.parent) as below:
        clear_beside_in(below, target.name)


def clear_beside_in(below: SafeFolder, name: str) -> None:
    """Remove what killed processes left beside a file of an open folder."""
    start = f".{name}.new-"
    for left in below.names(""):
        # Only names that feedd gives, so that no file of a person is removed.
        if left.startswith(start) and left[len(start) :].isdecimal():
            remove_file(below, left)


def remove_file(below: SafeFolder, path: str) -> None:
    """Remove an own file; leave anything else of its name."""
    # A link or folder of that name is not ours.
    with suppress(Blocked):
        if below.is_file(path):
            below.remove(path)
