"""Rename stored keys and items that an older rule for addresses made, according to the present rule.

Keys of a sighting only grow, so an address that a former rule made of a page would continue to join unrelated items.
It is replaced once, before anything is read. Posts that it had joined are split, and published ids stay with their
posts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from feeds.errors import build_damage_error
from feeds.item_keys import build_item_key
from feeds.storage.neighbourhood import Change, load_keys
from feeds.storage.posts import recompute_posts
from feeds.storage.records import Circumstances
from feeds.storage.sqlite import Database
from feeds.values.urls import CANONICAL_RULE, canonicalise, canonicalise_by_rule_2, is_root

_META = "address_rule"
# Batches bound the memory, because a store may have millions of sightings.
_AT_ONCE = 5000


class _Moved(NamedTuple):
    """A sighting whose address has another key by the present rule."""

    number: int
    source: int
    item: str
    post: int | None
    old: str
    new: str


def follow_address_rule(db: Database, sources: dict[int, tuple[str, int]], now: datetime) -> int:
    """Apply the present rule for addresses to keys that an older rule made.

    Returns:
        The number of sightings whose address has another key now.

    Raises:
        StoreError: a sighting is damaged.
    """
    # Every run gets here, so a store that follows the rule costs one query.
    if db.value("meta_get", (_META,)) == str(CANONICAL_RULE):
        return 0
    with db.transaction():
        moved = list(_find_moved(db))
        if moved:
            # Keys come before ids: ids are found again by the new keys.
            _replace(db, sources, moved)
            _keep_ids(db, moved)
            blocked = frozenset(row[0] for row in db.rows("burnt_all"))
            recompute_posts(
                db,
                sources,
                [sighting.number for sighting in moved],
                Change(Circumstances(False, now, blocked, None)),
            )
        db.run("meta_put", (_META, str(CANONICAL_RULE)))
    return len(moved)


def _find_moved(db: Database) -> Iterator[_Moved]:
    last = 0
    while rows := db.rows("sightings_after", (last, _AT_ONCE)):
        last = rows[-1][0]
        for number, source, item, data, post in rows:
            link = _read_link(data)
            if (link.isascii() and "%" not in link) or is_root(link):
                continue  # nearly all: no rule has changed anything for them
            old, new = canonicalise_by_rule_2(link), canonicalise(link)
            if old and new and old != new:
                yield _Moved(number, source, item, post, f"url:{old}", f"url:{new}")


def _read_link(data: str) -> str:
    try:
        return str(json.loads(data)[1])
    except (ValueError, TypeError, LookupError) as error:
        raise build_damage_error("the store", error) from error


def _replace(db: Database, sources: dict[int, tuple[str, int]], moved: Sequence[_Moved]) -> None:
    """Give the sightings their new keys, and their items the new names if those came from an address."""
    blocked = {row[0] for row in db.rows("burnt_all")}
    keys = load_keys(db, [sighting.number for sighting in moved])
    taken = _items_taken(db, moved)
    for sighting in moved:
        every, own = keys[sighting.number]
        # The address may also be the name of the item, which other tables refer to.
        renamed = {sighting.old: sighting.new}
        if sighting.item == sighting.old and (sighting.source, sighting.new) not in taken:
            name = sources[sighting.source][0]
            renamed[build_item_key(name, sighting.old)] = build_item_key(name, sighting.new)
            db.run("sighting_rename", (sighting.new, sighting.number))
        for old, new in renamed.items():
            if old in every:
                db.run("sighting_key_drop", (old, sighting.number))
                db.run("sighting_key_put", (new, sighting.number, old in own))
        # A person blocked the address, whichever way it is written.
        if sighting.old in blocked:
            db.run("burnt_add", (sighting.new,))
            db.run("ledger_put", ("burnt", sighting.new, ""))


def _items_taken(db: Database, moved: Sequence[_Moved]) -> set[tuple[int, str]]:
    """Return source and name of the items that have a new name already: the address was also written in ASCII."""
    taken = set()
    for source in {sighting.source for sighting in moved}:
        db.scope(sighting.new for sighting in moved if sighting.source == source)
        taken |= {(source, row[0]) for row in db.rows("items_of_source", (source,))}
    return taken


def _keep_ids(db: Database, moved: Sequence[_Moved]) -> None:
    """Have posts recognised by the new keys alone, unless another sighting of theirs still has the old key."""
    for sighting in moved:
        # A key that another sighting still has keeps the two together, as before.
        if sighting.post is None or db.value("key_held", (sighting.old, sighting.post)):
            continue
        uid = db.value("post_uid", (sighting.post,))
        db.run("key_drop", (sighting.old, sighting.post))
        db.run("post_mint_key", (sighting.new, sighting.post, sighting.old))
        # The line of the ledger follows its key; otherwise a rebuild would give the post another id.
        if uid and db.value("ledger_get", ("id", sighting.old)) == uid:
            db.run("ledger_drop", ("id", sighting.old))
            db.run("ledger_put", ("id", sighting.new, uid))
