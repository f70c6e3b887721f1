"""Readings that nobody knows and that meet nobody: each becomes a post by itself, many at once.

That is what nearly every file of a first reading is, and every new post later. Nothing has to be
computed again around such a sighting, so what it says, its post and the post's feeds are written as
they come; the rows are those that :mod:`feeds.storage.sightings` and :mod:`feeds.storage.posts` write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from feeds.identity import Group, Shown, Sighting, merge, naming
from feeds.storage.feed_membership import join_feeds
from feeds.storage.posts import Change, first_row
from feeds.storage.records import Reading, Said, item_of_path
from feeds.storage.serialization import sighting_data
from feeds.storage.sqlite import Database


class _Candidate(NamedTuple):
    reading: Reading
    said: Sighting
    item: str
    keys: tuple[str, ...]


def take_alone(
    db: Database,
    source: int,
    change: Change,
    readings: Sequence[Reading],
    renamed: Mapping[str, str] | None,
) -> tuple[dict[str, int], list[Said]]:
    """Take those readings of a batch that are posts by themselves.

    Args:
        db: The store, in a transaction.
        source: Number of the source that was read.
        change: What a batch is taken with.
        readings: Of that source.
        renamed: As in :func:`feeds.storage.sightings.take`.

    Returns:
        The number of the sighting of each path taken, and the readings that are left.
    """
    moved = renamed or {}
    every = [
        _candidate(one, one.sighting, moved.get(one.path)) for one in readings if one.sighting is not None
    ]
    alone = _unknown_items(db, source, every, moved)
    alone = _unmet(db, change.given.burnt, every, alone)
    if alone and renamed is not None:
        db.scope(one.said.place for one in alone)
        lying = {row[0] for row in db.rows("places_met", (source,))}
        alone = [one for one in alone if one.said.place not in lying]
    numbers = _write(db, source, change, alone) if alone else {}
    return numbers, [(one.reading, one.said) for one in every if one.reading.path not in numbers]


def _candidate(reading: Reading, said: Sighting, old_path: str | None) -> _Candidate:
    keys = (said.strong, *said.own) if said.strong else (*said.own,)
    return _Candidate(reading, said, said.item or item_of_path(old_path or reading.path), keys)


def _repeated(values: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    repeated: set[str] = set()
    for one in values:
        (repeated if one in seen else seen).add(one)
    return repeated


def _unknown_items(
    db: Database, source: int, every: Sequence[_Candidate], moved: Mapping[str, str]
) -> list[_Candidate]:
    """Those of items that the store does not know, no other reading names, and whose date is stated."""
    names = [one.item for one in every] + [one.reading.replaces for one in every if one.reading.replaces]
    db.scope(names)
    known = {row[0] for row in db.rows("items_of_source", (source,))} | _repeated(names)
    return [
        one
        for one in every
        if one.item not in known
        and one.reading.path not in moved
        and not one.reading.replaces
        and not one.reading.guessed
    ]


def _unmet(
    db: Database, burnt: frozenset[str], every: Sequence[_Candidate], unknown: list[_Candidate]
) -> list[_Candidate]:
    """Those whose keys nobody has, neither in the store nor in the batch nor in the ledger."""
    if not unknown:
        return []
    told = dict(db.rows("ledger_of_kind", ("keys",)))
    met = _repeated(key for one in every for key in one.keys) | burnt
    met.update(*(keys.split("\n") for keys in told.values()))
    db.scope(key for one in unknown for key in one.keys)
    for name in ("keys_met", "strong_met", "key_owners"):
        met.update(row[0] for row in db.rows(name))
    return [
        one
        for one in unknown
        if met.isdisjoint(one.keys) and not (told and f"{one.said.source}/{one.said.place}" in told)
    ]


def _write(db: Database, source: int, change: Change, alone: list[_Candidate]) -> dict[str, int]:
    """Write the sightings with all that belongs to them; the number of each path."""
    alone.sort(key=lambda one: (one.item, one.said.place))
    number, post = db.value("last_sighting"), db.value("last_post")
    numbers: dict[str, int] = {}
    sightings, keys, payloads = [], [], []
    posts: list[tuple[int, dict[str, Any], Shown]] = []
    for reading, read, item, _ in alone:
        number += 1
        post += 1
        said = Sighting(number, read.source, read.rank, item, *read[4:])
        shown = merge((said,))
        row = first_row(change, post, said.strong, shown, said.digest)
        db.namings[post] = naming(post, Group(said.strong, (said,)), change.given.burnt)
        numbers[reading.path] = number
        sightings.append(
            (number, source, item, said.place, said.strong, said.digest, sighting_data(said), post)
        )
        keys += [(key, number) for key in said.own]
        payloads.append((number, reading.payload))
        posts.append((post, row, shown))
    db.many("sighting_add", sightings)
    db.many("sighting_key_add", keys)
    db.many("payload_add", payloads)
    db.many("post_add", [tuple(row.values()) for _, row, _ in posts])
    join_feeds(db, posts, {})
    return numbers
