"""Find a post by what a person knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from feeds.item_keys import shorten_key
from feeds.storage.left_out import REASONS, find_left_out
from feeds.storage.packing import dumps
from feeds.storage.sqlite import Database


class Wanted(NamedTuple):
    """What a person knows of a post."""

    text: str
    """As it was written: an id, a guid or a title."""
    value: str
    """The same as the value of an identity key."""
    keys: Sequence[str]
    """The keys that a post with this address has, the strongest first; empty if it is not an address."""
    path: str
    """The same as a path, within its source if there is one."""
    source: str
    """Name of the source that has the path; empty if no source has it."""


class NoPost(NamedTuple):
    """A file or an entry that is known, but is not a post."""

    source: str
    path: str
    state: str
    """``ignored``, ``unpublished``, ``rejected`` or ``left out``."""
    reason: str
    title: str = ""
    address: str = ""


def find_item(db: Database, wanted: Wanted, *, by_title: bool) -> int | NoPost | None:
    """Find the number of a post, or the file or entry that is not a post; None if nothing matches.

    The exact id counts first, because a path may look like the id of another post. With ``by_title`` a title is
    enough, also that of an entry that became no item.
    """
    number = _find_by_id(db, wanted.text) or _find_by_value(db, wanted.value) or _find_by_key(db, wanted.keys)
    if number is not None:
        return number
    found = _find_file(db, wanted.path, wanted.source)
    if found is None:
        found = _find_by_guid(db, wanted.text)
    if found is None and by_title:
        found = _find_by_title(db, wanted.text)
        if found is None:
            found = _find_left_out(db, wanted.text)
    return found


def _find_by_id(db: Database, uid: str) -> int | None:
    """Find the number of the post with this id, or of the post that it was merged into; None if there is none."""
    # The last query is for a rebuilt store: of a merged post it has only the line of the ledger.
    for query in ("heir_of_uid", "post_of_uid", "post_of_alias"):
        number: int | None = db.value(query, (uid,))
        if number is not None:
            return number
    return None


def _find_by_value(db: Database, value: str) -> int | None:
    """Find the number of the post with an identity key of this value; None if there is none."""
    number: int | None = db.value("strong_like", {"value": value})
    return number


def _find_by_key(db: Database, keys: Sequence[str]) -> int | None:
    """Find the number of the post with the first of these keys that a post has; None if none has any."""
    for key in keys:
        number: int | None = db.value("posts_of_key", {"key": key})
        if number is not None:
            return number
    return None


def _find_by_guid(db: Database, guid: str) -> int | None:
    """Find the number of the post of a file or an entry with this guid; None if there is none."""
    # A long guid of an entry is stored as its digest.
    rows = db.rows("posts_of_guid", {"guid": guid, "item": shorten_key(f"id:{guid}")})
    return next((int(row[0]) for row in rows), None)


def _find_by_title(db: Database, title: str) -> int | None:
    """Find the number of the first post with this title, or of which a copy has it; None if there is none."""
    # The title is the first value of the stored list.
    start = {"start": f"[{dumps(title)},"}
    rows = chain(db.rows("posts_titled", start), db.rows("sightings_titled", start))
    return next((int(row[0]) for row in rows), None)


def _find_file(db: Database, path: str, source: str) -> int | NoPost | None:
    """Find the post of a file by its path, or by the end of its path; None if no source has such a file.

    The whole path counts before the end of a path; of several such paths, that of ``source``, then the shortest.
    """
    row = next(iter(db.rows("file_of_path", {"path": path, "source": source})), None)
    if row is None:
        return None
    source, name, outcome, reason, sighting, _ = row
    # The row of a rejected file may still name the sighting of an earlier version.
    if sighting is None or outcome != "item":
        return NoPost(source, name, outcome, reason)
    db.scope([sighting])
    post: int | None = db.rows("sightings_by_number")[0][7]
    return NoPost(source, name, outcome, reason) if post is None else post


def _find_left_out(db: Database, wanted: str) -> NoPost | None:
    """Find an entry that became no item by title, guid or address."""
    for source, entry in find_left_out(db, wanted):
        reason = REASONS[entry.reason] + (f" ({entry.detail})" if entry.detail else "")
        return NoPost(source, "", "left out", reason, entry.title, entry.address)
    return None
