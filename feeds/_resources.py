"""The data files that come with the program."""

from __future__ import annotations

import os
from collections.abc import Iterator

# The standard library's way to them loads what reads archives too, a hundredth of a run that finds nothing new.
_HERE = os.path.dirname(os.path.abspath(__file__))


def packaged_text(path: str) -> str:
    """A file of the package, by its path in it."""
    with open(os.path.join(_HERE, path), encoding="utf-8") as file:
        return file.read()


def packaged_texts(folder: str) -> Iterator[tuple[str, str]]:
    """Name and text of each file of a folder of the package, in order of name."""
    for name in sorted(os.listdir(os.path.join(_HERE, folder))):
        yield name, packaged_text(f"{folder}/{name}")
