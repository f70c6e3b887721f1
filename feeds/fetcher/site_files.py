"""Read the files of a site that its posts may use: ``_config.yml``, ``_includes`` and ``_data`` of Jekyll.

Links are not followed, and the number and size of files are limited. The texts are part of the settings of a
source, so a changed file causes its posts to be parsed again.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from feeds.fetcher.folder import is_jekyll
from feeds.fetcher.site_generator import ELEVENTY_SETTINGS, find_generator
from feeds.models import Dialect
from feeds.parser.posts.file_encoding import decode
from feeds.parser.posts.front_matter_values import load_yaml
from feeds.parser.posts.jekyll import JekyllSite, read_site_config


@dataclass(frozen=True, slots=True)
class Limits:
    """How many files are read, and how many bytes: their texts are sent to every worker process."""

    files: int = 1000
    file: int = 256 * 1024
    site: int = 4 * 1024 * 1024


_USUAL = Limits()


def find_site_root(folder: Path) -> Path:
    """Return the root of a site for a folder of posts, which may be its ``_posts``."""
    # Jekyll keeps includes and data beside the folder of posts.
    return folder.parent if folder.name == "_posts" else folder


def needs_liquid(folder: Path) -> bool:
    """Return whether the generator of a tree renders posts with Liquid: Jekyll does, and Eleventy."""
    # Hexo has the folders of Jekyll too, and its own tags.
    if find_generator(folder) == "hexo":
        return False
    root = find_site_root(folder)
    if folder.name == "_posts" or (root / "_posts").is_dir() or (root / "_config.yml").is_file():
        return True
    return any((place / name).is_file() for place in (root, root.parent) for name in ELEVENTY_SETTINGS)


def read_includes(folder: Path, limits: Limits = _USUAL) -> dict[str, str]:
    """Return the texts of ``_includes``, by path relative to it."""
    return {path: decode(data)[0] for path, data in _read_tree(find_site_root(folder) / "_includes", limits)}


def read_site_data(folder: Path) -> dict[str, object]:
    """Return the values of ``_data`` by name; a folder becomes a mapping, and unreadable files are left out."""
    found: dict[str, object] = {}
    for path, data in _read_tree(find_site_root(folder) / "_data", _USUAL):
        *folders, name = path.split("/")
        stem, _, ending = name.rpartition(".")
        value = _read_value(decode(data)[0], ending.lower())
        place = found
        for part in folders:
            inner = place.setdefault(part, {})
            # A file and a folder may have the same name; the values of only one of them are kept.
            place = inner if isinstance(inner, dict) else {}
        if stem and value is not None:
            place[stem] = value
    return found


def _read_value(text: str, ending: str) -> object:
    try:
        if ending in ("yml", "yaml"):
            return _load_yaml(text)
        if ending == "json":
            return json.loads(text)
        if ending in ("csv", "tsv"):
            rows = csv.DictReader(io.StringIO(text), delimiter="\t" if ending == "tsv" else ",")
            return [dict(row) for row in rows]
    # A damaged data file must not keep the posts from being published.
    except (ValueError, csv.Error, RecursionError):
        return None
    return None


def _load_yaml(text: str) -> object:
    """Return the value of a YAML document; a document that is a list is read under a name."""
    values = load_yaml(text)
    if values is not None:
        return values
    # load_yaml returns mappings only, so a list is wrapped in one.
    indented = "".join(f" {line}\n" for line in text.split("\n") if not line.startswith(("---", "%")))
    wrapped = load_yaml(f"list:\n{indented}")
    return wrapped.get("list") if wrapped else None


def _read_tree(root: Path, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of each file below a folder, in order, without following links."""
    total = count = 0
    for path in _list_tree(root, ""):
        count += 1
        try:
            # O_NONBLOCK: opening a pipe without a writer would block forever.
            file = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue
        with os.fdopen(file, "rb") as stream:
            # One byte more than the limit shows that the file is too large.
            data = stream.read(limits.file + 1)
        total += len(data)
        if count > limits.files or total > limits.site:
            return
        if len(data) <= limits.file:
            yield path, data


def _list_tree(root: Path, below: str) -> Iterator[str]:
    try:
        # Sorted, because the texts are part of the digest of the settings.
        entries = sorted(os.scandir(root / below), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _list_tree(root, path)
        elif entry.is_file(follow_symlinks=False):
            yield path


def find_dialect(folder: Path, site: JekyllSite) -> Dialect:
    """Return the dialect of a folder that no setting states: that of its generator."""
    return site.dialect if is_jekyll(folder) or folder.name == "_posts" else "commonmark"


def read_site(folder: Path) -> JekyllSite:
    """Read the ``_config.yml`` of a folder, or of the folder above a ``_posts``; empty settings if there is none."""
    for place in (folder, folder.parent) if folder.name == "_posts" else (folder,):
        file = place / "_config.yml"
        if file.is_file():
            return read_site_config(decode(file.read_bytes())[0])
    return JekyllSite()
