"""Find the site generator that a folder of posts belongs to, by the files that its programs keep beside the posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from feeds.models import Generator

HUGO_SETTINGS: Final = tuple(
    f"{stem}.{ending}" for stem in ("hugo", "config") for ending in ("toml", "yaml", "yml", "json")
)
"""Names of a configuration of Hugo; Zola's is ``config.toml`` too."""
ELEVENTY_SETTINGS: Final = (
    ".eleventy.js",
    "eleventy.config.js",
    "eleventy.config.mjs",
    "eleventy.config.cjs",
    "eleventy.config.ts",
)
_HUGO_KEYS: Final = frozenset(
    ("baseurl", "languagecode", "defaultcontentlanguage", "contentdir", "hugoversion")
)
_LARGEST: Final = 256 * 1024
_MOST_FOLDERS: Final = 5
"""Folders above the posts that may be the root of their site."""
_HEXO = re.compile(r'"hexo"\s*:')


def find_generator(folder: Path) -> Generator:
    """Return the generator of a folder of posts; empty if nothing shows it."""
    if found := _find_by_posts(folder):
        return found
    for place in (folder, *list(folder.parents)[:_MOST_FOLDERS]):
        if found := _find_by_settings(place):
            return found
    # Hugo, Zola and Pelican all read `content`.
    return "content" if "content" in folder.parts[-3:] else ""


def _find_by_posts(folder: Path) -> Generator:
    """Return Jekyll or Hexo for a folder ``_posts``, or with one, or with ``_config.yml``."""
    in_posts = folder.name == "_posts"
    above = folder.parent if in_posts else folder
    if (folder / "source" / "_posts").is_dir():
        return "hexo" if _is_hexo(folder) else "jekyll"
    if not (in_posts or (above / "_posts").is_dir() or (above / "_config.yml").is_file()):
        return ""
    return "hexo" if _is_hexo(above.parent if above.name == "source" else above) else "jekyll"


def _is_hexo(root: Path) -> bool:
    return (root / "scaffolds").is_dir() or bool(_HEXO.search(read_text(root / "package.json")))


def _find_by_settings(place: Path) -> Generator:
    if any((place / name).is_file() for name in ELEVENTY_SETTINGS):
        return "eleventy"
    if (place / "pelicanconf.py").is_file():
        return "pelican"
    if (place / "zola.toml").is_file():
        return "zola"
    for name in HUGO_SETTINGS:
        if not (place / name).is_file():
            continue
        settings = read_settings(place / name)
        if "base_url" in settings:
            return "zola"
        if name.startswith("hugo.") or _HUGO_KEYS & settings.keys():
            return "hugo"
    return "hugo" if (place / "config" / "_default").is_dir() else ""


def find_settings(folder: Path) -> Mapping[str, object]:
    """Return the configuration of the site of Hugo or Zola that a folder of posts belongs to; empty if there is none."""
    for place in (folder, *list(folder.parents)[:_MOST_FOLDERS]):
        for inner in (place, place / "config" / "_default"):
            for name in HUGO_SETTINGS:
                if (inner / name).is_file():
                    return read_settings(inner / name)
    return {}


def read_text(path: Path) -> str:
    """Return the beginning of a file as text; empty if it cannot be read."""
    try:
        # Only files: opening a pipe would wait for its writer.
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def read_settings(path: Path) -> Mapping[str, object]:
    """Return a configuration with its keys in lower case; empty if it is missing or malformed."""
    text = read_text(path)
    values = _parse(path.suffix, text) if text else {}
    return {str(key).lower(): value for key, value in values.items()} if values else {}


def _parse(suffix: str, text: str) -> Mapping[str, object] | None:
    from feeds.parser.posts.front_matter_values import load_json, load_toml, load_yaml

    loaders = {".toml": load_toml, ".json": load_json}
    return loaders.get(suffix, load_yaml)(text)
