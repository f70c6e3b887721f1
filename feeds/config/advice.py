"""Advice on valid values that cannot mean what they were written for. Each function returns the end of a message or "".

Unlike :mod:`feeds.config.checks`, nothing here refuses a configuration.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from feeds.parser.posts.permalinks import PLACEHOLDERS, STYLES, find_unknown_placeholder, names_a_post

_LONGEST_CODE = 3
"""ISO 639 has codes of two and three letters."""
_HIGHEST_PORT = 65535
_FEED = re.compile(r"(?:category|tag)/[^/]+")


def advise_language(value: str) -> str:
    """Advise on a value that is the name of a language, such as `German`, instead of its tag."""
    if len(value.partition("-")[0]) <= _LONGEST_CODE:
        return ""
    return f"{value[:80]!r} is not the code of a language; write a code such as `en` or `zh-CN`"


def advise_permalink(value: str) -> str:
    """Advise on a pattern with unknown placeholders, or with the same URL for all posts of a day."""
    if value == "jekyll" or value in STYLES:
        return ""
    if "://" in value:
        return 'must be a path, such as "/:year/:title.html"; the host belongs to `base`'
    if unknown := find_unknown_placeholder(value):
        from difflib import get_close_matches  # needed only after a mistake

        similar = get_close_matches(unknown.lower(), PLACEHOLDERS, 1)
        advice = f"did you mean `:{similar[0]}`?" if similar else f"known are :{', :'.join(PLACEHOLDERS)}"
        return f"unknown placeholder `:{unknown}`; {advice}"
    return "" if names_a_post(value) else "gives many posts the same URL; add `:title`"


def advise_folder(path: Path) -> str:
    """Advise on a folder of posts that cannot be read. An empty path is the default of a wrong value."""
    if not path or path.is_dir():
        readable = not path or os.access(path, os.R_OK | os.X_OK)
        return "" if readable else f"{path}: is not readable; check its permissions"
    if path.exists():
        return f"{path}: is a file; give the folder that it is in"
    if re.search(r"/https?:/", str(path)):
        return 'is a URL; for an upstream feed write kind = "upstream" and `url`'
    if any(part.startswith("~") for part in path.parts):
        return f"{path}: no such folder; `~` is not replaced, so write the whole path"
    return f"{path}: no such folder; correct the path or create the folder"


def advise_file(path: Path | None) -> str:
    """Advise on a file that cannot be read."""
    if not path or (path.is_file() and os.access(path, os.R_OK)):
        return ""
    if not path.exists():
        return f"{path}: no such file; correct the path"
    return (
        f"{path}: is a folder; give a file"
        if path.is_dir()
        else f"{path}: is not readable; check its permissions"
    )


def advise_writable(folder: Path) -> str:
    """Advise on a folder that cannot be written or created."""
    if not folder:
        return ""
    place = next(place for place in (folder, *folder.parents) if place.exists())
    if not place.is_dir():
        return f"{place} is a file, so it cannot be a folder; choose another folder"
    return "" if os.access(place, os.W_OK) else f"{place} is not writable; check its permissions"


def advise_listen(value: str) -> str:
    """Advise on an address that no server can listen at."""
    if not value.startswith("unix:"):
        return advise_port(value)
    folder = Path(value.removeprefix("unix:")).parent
    return "" if folder.is_dir() else f"{folder}: no such folder; correct the path or create the folder"


def advise_port(value: str) -> str:
    """Advise on a host with a port that does not exist."""
    port = value.rpartition(":")[2]
    if not port.isascii() or not port.isdigit() or int(port) <= _HIGHEST_PORT:
        return ""
    return f"{value[:80]!r} has a port above {_HIGHEST_PORT}; correct it"


def advise_feed(value: str) -> str:
    """Advise on the folder of a feed that no feed can have."""
    if _FEED.fullmatch(value) and not value.endswith("/.."):
        return ""
    return f'{value[:80]!r} is not a folder of a feed; write one such as "tag/inside" or "category/inside"'
