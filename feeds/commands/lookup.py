"""Find a post by what users know of it: the path of its file, its URL, its id or the value of an identity key."""

from __future__ import annotations

import re
from pathlib import Path

from feeds.config import Config
from feeds.errors import UsageError
from feeds.identity import derive_keys
from feeds.storage.sqlite import Database
from feeds.values.urls import canonicalise, is_address


def find_post(db: Database, config: Config, wanted: str) -> int:
    """Return the number of a post in the database.

    Raises:
        UsageError: no post matches, or only a file that is not a post.
    """
    number, remark = _find(db, config, wanted)
    if number is None:
        raise UsageError(
            remark or f"{wanted}: no post has this path, URL or id; `feedd status` lists the sources"
        )
    return number


def _find(db: Database, config: Config, wanted: str) -> tuple[int | None, str]:
    number = db.value("post_of_uid", (wanted,)) or db.value("strong_like", (wanted.removeprefix("NW"),))
    if number is None and is_address(wanted):
        number = _find_by_url(db, config, wanted)
    if number is not None:
        return number, ""
    for source, path, outcome, reason, sighting, _vanished in db.rows(
        "file_of_path", {"path": _make_relative(config, wanted)}
    ):
        if sighting is None or outcome != "item":
            return None, f"{source}: {path}: {outcome}: {reason}"
        db.scope([sighting])
        return int(db.rows("sightings_by_number")[0][7]), ""
    return None, ""


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
