"""Find a post by what users know of it: the path of its file, its URL, its id or the value of an identity key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from feeds.config import Config
from feeds.errors import UsageError
from feeds.identity import derive_keys
from feeds.storage.left_out import REASONS, find_left_out
from feeds.storage.payload import dumps
from feeds.storage.serialization import read_shown
from feeds.storage.sqlite import Database
from feeds.values.urls import canonicalise, is_address


class NoPost(NamedTuple):
    """A file or an entry that is known, but is not a post."""

    source: str
    path: str
    state: str
    """``ignored``, ``unpublished``, ``rejected`` or ``left out``."""
    reason: str
    title: str = ""
    address: str = ""


def find_post(db: Database, config: Config, wanted: str) -> int:
    """Return the number of a post in the database.

    Raises:
        UsageError: no post matches, or only a file or an entry that is not a post.
    """
    found = _find(db, config, wanted)
    if found is None:
        raise _build_error(wanted)
    if isinstance(found, NoPost):
        raise UsageError(f"{found.source}: {found.path or wanted}: {found.state}: {found.reason}")
    return found


def find_item(db: Database, config: Config, wanted: str) -> int | NoPost:
    """Return the number of a post, or the file or entry that is known but is not a post; a title is enough.

    Raises:
        UsageError: nothing matches.
    """
    found = _find(db, config, wanted)
    if found is None:
        found = _find_by_title(db, wanted)
    if found is None:
        raise _build_error(wanted)
    return found


def _build_error(wanted: str) -> UsageError:
    return UsageError(f"{wanted}: no post has this path, URL or id; `feedd status` lists the sources")


def _find(db: Database, config: Config, wanted: str) -> int | NoPost | None:
    number = db.value("post_of_uid", (wanted,)) or db.value("strong_like", (wanted.removeprefix("NW"),))
    if number is None and is_address(wanted):
        number = _find_by_url(db, config, wanted)
    if number is not None:
        return int(number)
    found = _find_file(db, config, wanted)
    return found if found is not None else _find_by_guid(db, wanted)


def _find_file(db: Database, config: Config, wanted: str) -> int | NoPost | None:
    rows = db.rows("file_of_path", {"path": _make_relative(config, wanted)})
    for source, path, outcome, reason, sighting, _vanished in rows:
        if sighting is None or outcome != "item":
            return NoPost(source, path, outcome, reason)
        db.scope([sighting])
        return int(db.rows("sightings_by_number")[0][7])
    return None


def _find_by_guid(db: Database, wanted: str) -> int | None:
    return next((int(row[0]) for row in db.rows("posts_of_guid", {"guid": wanted})), None)


def _find_by_title(db: Database, wanted: str) -> int | NoPost | None:
    for number, shown in db.rows("posts_titled", {"start": f"[{dumps(wanted)},%"}):
        if read_shown(shown).title == wanted:
            return int(number)
    for source, entry in find_left_out(db, wanted):
        reason = REASONS[entry.reason] + (f" ({entry.detail})" if entry.detail else "")
        return NoPost(source, "", "left out", reason, entry.title, entry.address)
    return None


def _find_by_url(db: Database, config: Config, wanted: str) -> int | None:
    rules = [(rule.name, re.compile(rule.pattern)) for rule in config.identity]
    keys = derive_keys("", "", "", wanted, rules, lambda: "")
    for key in (keys.strong, "url:" + canonicalise(wanted)):
        number = db.value("posts_of_key", {"key": key}) if key else None
        if number is not None:
            return int(number)
    return None


def _make_relative(config: Config, wanted: str) -> str:
    full = Path(wanted).absolute()
    for source in config.folders:
        if full.is_relative_to(source.path):
            return full.relative_to(source.path).as_posix()
    return wanted
