"""Bulk insert for new items that share no key with any stored item.

Nearly every file of a first build is such an item, and so is every new post later. Each becomes a post by
itself, and no other post has to be recomputed. So the rows of the sighting, its post and its feeds are
written at once. They equal those of :mod:`feeds.storage.sightings` and :mod:`feeds.storage.posts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from feeds.identity import Group, Shown, Sighting, list_related_keys, merge
from feeds.post_ids import prepare_id
from feeds.storage.feed_membership import join_feeds
from feeds.storage.neighbourhood import Change
from feeds.storage.posts import build_first_row
from feeds.storage.records import ItemReading, Reading, derive_item_from_path
from feeds.storage.serialization import encode_sighting
from feeds.storage.sqlite import Database


class _Candidate(NamedTuple):
    reading: Reading
    sighting: Sighting
    item: str
    keys: tuple[str, ...]
    """The keys by which other items would join it, and those by which it would join a stored item."""


def insert_new_items(
    db: Database,
    source: int,
    change: Change,
    readings: Sequence[Reading],
    renamed: Mapping[str, str] | None,
) -> tuple[dict[str, int], list[ItemReading]]:
    """Insert the readings of a batch that are new posts and share no key with any other item.

    Args:
        db: The store, in a transaction.
        source: Number of the source that was read.
        change: The change with the settings of the batch.
        readings: The readings of that source.
        renamed: Maps the path of a renamed file to its old path; None if the readings are not files.

    Returns:
        The number of the new sighting of each path, and the readings that were not inserted.
    """
    moved = renamed or {}
    candidates = [
        _build_candidate(reading, reading.sighting, moved.get(reading.path))
        for reading in readings
        if reading.sighting is not None
    ]
    # Cheap conditions first: each later step queries the store for what is left.
    new = _select_new_items(db, source, candidates, moved)
    new = _select_without_shared_keys(db, change.context.blocked, candidates, new)
    if new and renamed is not None:
        # A file whose item changed replaces a stored sighting, so its path is known though its item is new.
        db.scope(candidate.sighting.place for candidate in new)
        known_paths = {row[0] for row in db.rows("places_met", (source,))}
        new = [candidate for candidate in new if candidate.sighting.place not in known_paths]
    numbers = _write(db, source, change, new) if new else {}
    return numbers, [
        (candidate.reading, candidate.sighting)
        for candidate in candidates
        if candidate.reading.path not in numbers
    ]


def _build_candidate(reading: Reading, sighting: Sighting, old_path: str | None) -> _Candidate:
    related = list_related_keys(sighting)
    keys = (sighting.strong, *related) if sighting.strong else (*related,)
    return _Candidate(
        reading, sighting, sighting.item or derive_item_from_path(old_path or reading.path), keys
    )


def _find_repeated(values: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    repeated: set[str] = set()
    for value in values:
        (repeated if value in seen else seen).add(value)
    return repeated


def _select_new_items(
    db: Database, source: int, candidates: Sequence[_Candidate], moved: Mapping[str, str]
) -> list[_Candidate]:
    """Return the candidates that state a date and whose item is neither stored nor repeated in the batch.

    A guessed date is left out because the ledger may have an earlier guess.
    """
    names = [candidate.item for candidate in candidates]
    # The item that a reading replaces must not be inserted here as if it were new.
    names += [candidate.reading.replaces for candidate in candidates if candidate.reading.replaces]
    db.scope(names)
    known = {row[0] for row in db.rows("items_of_source", (source,))} | _find_repeated(names)
    return [
        candidate
        for candidate in candidates
        if candidate.item not in known
        and candidate.reading.path not in moved
        and not candidate.reading.replaces
        and not candidate.reading.guessed
    ]


def _select_without_shared_keys(
    db: Database, blocked: frozenset[str], candidates: Sequence[_Candidate], new: list[_Candidate]
) -> list[_Candidate]:
    """Return the new items that share no key with the store, the batch or the ledger."""
    if not new:
        return []
    # A file with past keys may belong to a post that another machine has published.
    past = dict(db.rows("ledger_of_kind", ("keys",)))
    renamed = dict(db.rows("ledger_of_kind", ("renamed",)))
    # Two new items with a common key are one post, which the general way has to merge.
    shared = _find_repeated(key for candidate in candidates for key in candidate.keys) | blocked
    shared.update(*(keys.split("\n") for keys in past.values()))
    db.scope(key for candidate in new for key in candidate.keys)
    # Keys of sightings, strong keys, keys of posts whose sightings are gone, and pages of unpublished files.
    for name in ("keys_met", "strong_met", "key_owners", "pages_reserved"):
        shared.update(row[0] for row in db.rows(name))
    return [
        candidate
        for candidate in new
        if shared.isdisjoint(candidate.keys)
        and not (past and f"{candidate.sighting.source}/{candidate.sighting.place}" in past)
        and not (renamed and f"{candidate.sighting.source}/{candidate.item}" in renamed)
    ]


def _write(db: Database, source: int, change: Change, new: list[_Candidate]) -> dict[str, int]:
    """Write the sightings with their posts, keys and documents; return the number of each path."""
    # Sorted, so that every order of reading gives the same rows.
    new.sort(key=lambda candidate: (candidate.item, candidate.sighting.place))
    # Numbers are assigned here: reading each back from the database would cost a query per row.
    number, post = db.value("last_sighting"), db.value("last_post")
    numbers: dict[str, int] = {}
    sightings, keys, documents = [], [], []
    posts: list[tuple[int, dict[str, Any], Shown]] = []
    for reading, read, item, _ in new:
        number += 1
        post += 1
        # `_replace` takes longer, and this runs once for each new post.
        sighting = Sighting(number, read.source, read.rank, item, *read[4:])
        shown = merge((sighting,))
        row = build_first_row(change, post, sighting.strong, shown, sighting.digest)
        # Kept for the assignment of ids, which would otherwise load each sighting again.
        db.namings[post] = prepare_id(post, Group(sighting.strong, (sighting,)), change.context.blocked)
        numbers[reading.path] = number
        sightings.append(
            (
                number,
                source,
                item,
                sighting.place,
                sighting.strong,
                sighting.digest,
                encode_sighting(sighting),
                post,
            )
        )
        # A first version has no past keys, so its own keys are all.
        keys += [(key, number) for key in sighting.own]
        documents.append((number, reading.document))
        posts.append((post, row, shown))
    db.many("sighting_add", sightings)
    db.many("sighting_key_add", keys)
    db.many("payload_add", documents)
    db.many("post_add", [tuple(row.values()) for _, row, _ in posts])
    # New posts are in no feed yet, so nothing has to be removed first.
    join_feeds(db, posts, {})
    return numbers
