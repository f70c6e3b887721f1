"""Find a post by what users know of it: the path of its file, its URL, its id or the value of an identity key."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from feeds.config import Config
from feeds.errors import UsageError
from feeds.item_keys import derive_keys
from feeds.storage.interface import Searches
from feeds.storage.left_out import REASONS
from feeds.values.patterns import compile_pattern
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


def find_post(db: Searches, config: Config, wanted: str) -> int:
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


def find_item(db: Searches, config: Config, wanted: str) -> int | NoPost:
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


def _find(db: Searches, config: Config, wanted: str) -> int | NoPost | None:
    # The exact id first; a path may look like an id of another post.
    number = db.find_post(wanted) or db.find_post_by_value(wanted.removeprefix("NW"))
    if number is None and is_address(wanted):
        number = db.find_post_by_key(_derive_keys(config, wanted))
    if number is not None:
        return number
    file = db.find_file(*_make_relative(config, wanted))
    if file is None:
        return db.find_post_by_guid(wanted)
    return NoPost(file.source, file.path, file.outcome, file.reason) if file.post is None else file.post


def _find_by_title(db: Searches, wanted: str) -> int | NoPost | None:
    number = db.find_post_by_title(wanted)
    if number is not None:
        return number
    for source, entry in db.find_left_out(wanted):
        reason = REASONS[entry.reason] + (f" ({entry.detail})" if entry.detail else "")
        return NoPost(source, "", "left out", reason, entry.title, entry.address)
    return None


def _derive_keys(config: Config, address: str) -> list[str]:
    """Return the keys of a post with this address, the strong key first."""
    rules = [(rule.name, compile_pattern(rule.pattern)) for rule in config.identity]
    strong = derive_keys("", "", "", address, rules, lambda: "").strong
    url = canonicalise(address)
    return [*([strong] if strong else []), f"url:{url}", f"page:{url}"]


def _make_relative(config: Config, wanted: str) -> tuple[str, str]:
    """Return the path within its source, and the name of the source; without a name if no source has the path."""
    # Users complete paths in the shell from any folder.
    full = Path(wanted).absolute()
    for source in config.folders:
        if full.is_relative_to(source.path):
            return full.relative_to(source.path).as_posix(), source.name
    return wanted, ""
