"""Read the data files that are part of the package."""

from __future__ import annotations

import os
from collections.abc import Iterator

# `importlib.resources` also imports `zipfile`; every run would load it for nothing.
_HERE = os.path.dirname(os.path.abspath(__file__))


def read_packaged_text(path: str) -> str:
    """Return the text of a file, by its path in the package."""
    with open(os.path.join(_HERE, path), encoding="utf-8") as file:
        return file.read()


def read_packaged_list(path: str) -> list[str]:
    """Return the lines of a file that are neither empty nor a comment."""
    return [line for line in read_packaged_text(path).splitlines() if line and not line.startswith("#")]


def read_packaged_texts(folder: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each file in a folder of the package, sorted by name."""
    for name in sorted(os.listdir(os.path.join(_HERE, folder))):
        yield name, read_packaged_text(f"{folder}/{name}")
