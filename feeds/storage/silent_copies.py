"""Insert new copies of stored posts that change nothing of what is shown, without loading the other copies.

Hundreds of upstream feeds may have the same article. Recomputing its post loads every copy, for each feed that is
read, which takes quadratic time. A copy that shares keys with only one post, and comes after the copy whose body is
shown, only needs its own rows. They equal those of :mod:`feeds.storage.sightings` and :mod:`feeds.storage.posts`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from feeds.identity import Sighting, list_related_keys
from feeds.post_ids import is_silent_copy
from feeds.storage.neighbourhood import PostRow, load_keys, load_posts
from feeds.storage.records import Context, ItemReading
from feeds.storage.serialization import encode_sighting, read_shown, read_sighting
from feeds.storage.sqlite import Database


class _Copy(NamedTuple):
    document: bytes
    sighting: Sighting
    post: int


def insert_silent_copies(
    db: Database, context: Context, readings: Sequence[ItemReading]
) -> tuple[int, list[ItemReading]]:
    """Insert the new entries of a batch that are silent copies. Call it inside a transaction.

    Returns:
        The number of inserted entries, and the other readings.
    """
    candidates = [] if context.rekey else _select_new_entries(db, context, readings)
    posts = _find_posts(db, candidates) if candidates else {}
    shown = _load_shown(db, context, set(posts.values())) if posts else {}
    copies = {}
    for reading, sighting in candidates:
        number = posts.get(sighting.item)
        if number in shown and is_silent_copy(sighting, shown[number]):
            copies[sighting.item] = _Copy(reading.document, sighting, number)
    if copies:
        _write(db, context.source, list(copies.values()))
    return len(copies), [entry for entry in readings if entry[1].item not in copies]


def _select_new_entries(db: Database, context: Context, readings: Sequence[ItemReading]) -> list[ItemReading]:
    """Return the entries that are new, state a date, and share no key with each other or with the past."""
    keys = Counter(key for _, sighting in readings for key in list_related_keys(sighting))
    items = Counter(name for r, s in readings for name in {s.item, r.replaces} if name)
    db.scope(items)
    known = {row[0] for row in db.rows("items_of_source", (context.source,))}
    renamed = {name for name, _ in db.rows("ledger_of_kind", ("renamed",))}
    return [
        (reading, sighting)
        for reading, sighting in readings
        if not (sighting.place or reading.replaces or reading.guessed or sighting.item in known)
        and items[sighting.item] == 1
        and f"{sighting.source}/{sighting.item}" not in renamed
        and all(keys[key] == 1 and key not in context.blocked for key in list_related_keys(sighting))
    ]


def _find_posts(db: Database, candidates: Sequence[ItemReading]) -> dict[str, int]:
    """Find the post of each entry whose keys all belong to one post, or to none."""
    related = {s.item: list_related_keys(s) | {s.strong} - {""} for _, s in candidates}
    found: dict[str, set[int]] = defaultdict(set)
    # 0 is not the number of a post: what has the page of a file as its address is decided in the general way.
    db.scope(key for keys in related.values() for key in keys)
    for (key,) in db.rows("pages_reserved"):
        found[key].add(0)
    for key, post in (*db.rows("posts_of_keys"), *db.rows("posts_of_strong"), *db.rows("key_owners")):
        found[key].add(0 if key.startswith("page:") else post)
    posts = {item: set().union(*(found[key] for key in keys)) for item, keys in related.items()}
    return {item: next(iter(numbers)) for item, numbers in posts.items() if len(numbers) == 1}


def _load_shown(db: Database, context: Context, posts: set[int]) -> dict[int, Sighting]:
    """Load the sighting whose body each post shows, if the post is published or will be."""
    rows = {number: row for number, row in load_posts(db, posts).items() if _is_live(row)}
    bodies = {read_shown(row.shown).body: number for number, row in rows.items()}
    keys = load_keys(db, list(bodies))
    db.scope(bodies)
    found = {
        row[7]: read_sighting(row, context.sources, *keys[row[0]]) for row in db.rows("sightings_by_number")
    }
    return {number: s for number, s in found.items() if number in rows and s.strong == rows[number].strong}


def _is_live(post: PostRow) -> bool:
    return post.state == "live" and not post.withdrawn and post.merged_into is None


def _write(db: Database, source: int, copies: Sequence[_Copy]) -> None:
    """Write the sightings with their keys and documents; a published post owns the keys of its copies."""
    last = db.value("last_sighting")
    numbered = list(enumerate(copies, last + 1))
    db.many(
        "sighting_add",
        [
            (number, source, s.item, s.place, s.strong, s.digest, encode_sighting(s), post)
            for number, (_, s, post) in numbered
        ],
    )
    db.many("sighting_key_add", [(key, number) for number, copy in numbered for key in copy.sighting.own])
    db.many("payload_add", [(number, copy.document) for number, copy in numbered])
    db.scope({copy.post for copy in copies})
    published = {row[0] for row in db.rows("posts_minted")}
    db.many("key_put", [(key, c.post) for c in copies if c.post in published for key in c.sighting.weak])
    # The prepared id contains the keys of its post.
    for copy in copies:
        db.namings.pop(copy.post, None)
