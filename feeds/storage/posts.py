"""Bringing the posts up to date after some sightings changed.

Only the closed neighbourhood of what changed is computed again, with the pure rules of
:mod:`feeds.identity`, and only the difference is written.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from feeds.identity import (
    Group,
    Known,
    Shown,
    Sighting,
    claim,
    derive_id,
    group,
    item_key,
    may_be,
    merge,
    mint_key,
)
from feeds.protocols import Version
from feeds.storage.feed_membership import bury, join_feeds, leave_feeds
from feeds.storage.ledger import seen_at, surfaced_line
from feeds.storage.records import Circumstances
from feeds.storage.serialization import read_shown, read_sighting, shown_data
from feeds.storage.sqlite import Database

Payload = tuple[bytes, str, str]


@dataclass(slots=True)
class Change:
    """What changed: sightings before and after, and what is needed to date the consequences."""

    given: Circumstances
    before: list[Sighting] = field(default_factory=list)
    after: list[Sighting] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    posts: set[int] = field(default_factory=set)
    """Posts that lost a sighting that is gone."""
    old_payloads: dict[int, Payload] = field(default_factory=dict)
    inherited: dict[int, int] = field(default_factory=dict)
    """The post of a file that moved, by the number of its new sighting: nothing else may recognise it."""


class _Post(NamedTuple):
    """A post as stored."""

    number: int
    uid: str | None
    minted: int | None
    mint_key: str
    strong: str
    merged_into: int | None
    state: str
    updated: int
    surfaced: int
    early: bool
    shown: str
    digest: bytes
    withdrawn: int


def settle(db: Database, sources: dict[int, tuple[str, int]], change: Change) -> int:
    """Recompute the neighbourhood of ``change`` and write the difference; the number of changed posts."""
    sightings, holder = _neighbourhood(db, sources, change)
    holder |= change.inherited
    groups = group(sightings.values(), change.given.burnt)
    owners = _owners_of_burnt(db, sightings.values(), change.given.burnt) | _owners(
        db, groups, change.given.burnt
    )
    posts = _posts(db, {*owners.values(), *(h for h in holder.values() if h), *change.posts})
    for number in posts:
        db.namings.pop(number, None)
    outside = _held_outside(db, list(posts), sightings)
    parting = _parting(groups, holder)
    known = {
        p.number: Known(
            p.number, p.minted, p.strong, p.mint_key, read_shown(p.shown).body if p.number in parting else 0
        )
        for p in posts.values()
        if p.minted is not None and p.number not in outside
    }
    claimed = claim(groups, owners, holder, known, change.given.burnt)
    numbers = _numbers(db, groups, claimed, posts, holder, outside)
    changed = _write_posts(db, change, groups, numbers, posts, known, holder)
    _own_keys(db, groups, numbers, known, owners, change.given.burnt)
    _retire(db, change, groups, numbers, posts, outside, owners, holder)
    return changed


def _parting(groups: Sequence[Group], holder: dict[int, int | None]) -> set[int]:
    """The posts whose sightings are in several groups."""
    held = Counter(
        number for one in groups for number in {holder.get(s.number) for s in one.sightings} if number
    )
    return {number for number, count in held.items() if count > 1}


def _neighbourhood(
    db: Database, sources: dict[int, tuple[str, int]], change: Change
) -> tuple[dict[int, Sighting], dict[int, int | None]]:
    """Every sighting whose post may differ, and the post that each has now."""
    found: dict[int, Sighting] = {one.number: one for one in change.after}
    holder: dict[int, int | None] = dict.fromkeys(found)
    frontier = {key for one in (*change.before, *change.after) for key in one.weak} - change.given.burnt
    strong = {one.strong for one in (*change.before, *change.after) if one.strong}
    seen_keys: set[str] = set()
    affected: set[int] = set(change.posts)

    def load(numbers: Iterable[int]) -> list[Sighting]:
        wanted = [n for n in numbers if n not in found]
        if not wanted:
            return []
        db.scope(wanted)
        rows = db.rows("sightings_by_number")
        keys = keys_of_numbers(db, [row[0] for row in rows])
        new = [read_sighting(row, sources, *keys[row[0]]) for row in rows]
        for one, row in zip(new, rows, strict=True):
            found[one.number] = one
            holder[one.number] = row[7]
            if row[7]:
                affected.add(row[7])
        return new

    if found:
        db.scope(found)
        held = dict(db.rows("posts_of_sightings"))
        holder |= held
        affected.update(held.values())
    while frontier:
        seen_keys |= frontier
        db.scope(frontier)
        new = load([row[0] for row in db.rows("sightings_by_key")])
        frontier = {key for one in new if not one.strong for key in one.weak} - seen_keys - change.given.burnt
    db.scope(strong | {one.strong for one in found.values() if one.strong})
    load([row[0] for row in db.rows("sightings_by_strong")])
    done: set[int] = set()
    while affected - done:
        db.scope(affected - done)
        done |= affected
        load([row[0] for row in db.rows("sightings_by_post")])
    return found, holder


def _owners(db: Database, groups: Sequence[Group], burnt: frozenset[str]) -> dict[str, int]:
    if not db.value("keys_owned"):
        return {}
    db.scope(key for one in groups for key in one.keys(burnt))
    return dict(db.rows("key_owners"))


def _owners_of_burnt(db: Database, sightings: Iterable[Sighting], burnt: frozenset[str]) -> dict[str, int]:
    """By item key: which post had a key of the item that was burnt since."""
    touched = [(item_key(one.source, one.item), one.weak & burnt) for one in sightings if burnt & one.weak]
    if not touched:
        return {}
    db.scope({key for _, keys in touched for key in keys})
    had = dict(db.rows("key_owners"))
    return {item: had[key] for item, keys in touched for key in sorted(keys, reverse=True) if key in had}


def _posts(db: Database, numbers: Iterable[int]) -> dict[int, _Post]:
    wanted = set(numbers)
    if not wanted:
        return {}
    db.scope(wanted)
    return {row[0]: _Post(*row) for row in db.rows("posts_by_number")}


def _held_outside(db: Database, numbers: Sequence[int], inside: dict[int, Sighting]) -> set[int]:
    """Those posts that have sightings outside the neighbourhood: nobody in it may claim them."""
    if not numbers:
        return set()
    held = set()
    db.scope(numbers)
    for number, sighting in db.rows("sightings_of_posts"):
        if sighting not in inside:
            held.add(number)
    return held


def _numbers(
    db: Database,
    groups: Sequence[Group],
    claimed: Sequence[int | None],
    posts: dict[int, _Post],
    holder: dict[int, int | None],
    outside: set[int],
) -> list[int]:
    """The row of each group: the claimed one, else an unminted one of its own, else a new one."""
    taken = {number for number in claimed if number is not None}
    last = db.value("last_post")
    result = []
    for one, known in zip(groups, claimed, strict=True):
        number = known
        if number is None:
            held = {holder.get(s.number) for s in one.sightings}
            free = [h for h in held if h and h not in taken and h not in outside and posts[h].minted is None]
            last += not free
            number = min(free, default=last)
            taken.add(number)
        result.append(number)
    return result


def _write_posts(
    db: Database,
    change: Change,
    groups: Sequence[Group],
    numbers: Sequence[int],
    posts: dict[int, _Post],
    known: dict[int, Known],
    holder: dict[int, int | None],
) -> int:
    rows, moves, changed, rejoin = [], [], 0, []
    lines: list[tuple[str, str, str]] = []
    after = {one.number for one in change.after}
    for one, number in zip(groups, numbers, strict=True):
        old = posts.get(number)
        moves += [
            (number, s.number) for s in one.sightings if s.number in after or holder.get(s.number) != number
        ]
        # A machine that knows only what is said now would give another id.
        if (
            number in known
            and old
            and old.uid
            and derive_id(one, change.given.burnt, lambda _: False) != old.uid
        ):
            lines.append(("id", mint_key(one, change.given.burnt), old.uid))
        shown = merge(one.sightings)
        row = _row(db, change, one, number, shown, old)
        if old and old.digest == row["digest"] and old.state == row["state"] and old.strong == row["strong"]:
            continue
        rows.append(row)
        rejoin.append((number, row, shown))
        if old and old.uid and row["updated"] > _stated(shown):
            lines.append(surfaced_line(old.uid, row["surfaced"], row["updated"]))
        changed += old is not None
    db.many("post_put", rows)
    db.many("ledger_put", lines)
    db.many("sighting_settle", moves)
    join_feeds(db, rejoin, {number: one.updated for number, one in posts.items()})
    return changed


def first_row(change: Change, number: int, strong: str, shown: Shown, digest: bytes) -> dict[str, Any]:
    """The row of a post that nobody knew; ``digest`` is that of the payload with its body."""
    text = shown_data(shown)
    published = int(shown.published.timestamp()) if shown.published else 0
    now = int(change.given.now.timestamp())
    return {
        "id": number,
        "strong": strong,
        "state": "waiting" if published > now and not change.given.future else "live",
        "published": published,
        "updated": _stated(shown) if shown.updated else published,
        "surfaced": published if change.given.early else now,
        "early": change.given.early,
        "shown": text,
        "digest": hashlib.blake2b(text.encode() + digest, digest_size=16).digest(),
    }


def _row(
    db: Database, change: Change, one: Group, number: int, shown: Shown, old: _Post | None
) -> dict[str, Any]:
    body = next(s for s in one.sightings if s.number == shown.body)
    row = first_row(change, number, one.strong, shown, body.digest)
    if old is None:
        return row
    now, early, updated = int(change.given.now.timestamp()), change.given.early or old.early, row["updated"]
    surfaced = row["published"] if early else old.surfaced
    if old.minted is not None:
        early, surfaced, updated = old.early, old.surfaced, max(old.updated, updated)
        back = old.state == "gone" and not old.merged_into
        if back or (old.digest != row["digest"] and _really_changed(db, change, old, shown, body)):
            # Newer than its tombstone; and each version has its own place in the logs.
            surfaced, seen = seen_at(db, old.uid, old.surfaced, now)
            updated = updated if updated > old.updated and not back else max(seen, updated)
    if old.withdrawn:
        row["state"] = "withdrawn"  # it stays out, whatever is seen of it
    strong = one.strong or (old.strong if old.strong == old.mint_key else "")
    return row | {"strong": strong, "updated": updated, "surfaced": surfaced, "early": early}


def _stated(shown: Shown) -> int:
    """The date of change that a post has by what its sources say (rule 6)."""
    dates = [int(date.timestamp()) for date in (shown.published, shown.updated) if date]
    return max(dates, default=0)


def _really_changed(db: Database, change: Change, old: _Post, shown: Shown, body: Sighting) -> bool:
    """Whether title or body differ for a reader, not only in the bytes of a file (rule 6)."""
    if change.given.judge is None:
        return False
    before = read_shown(old.shown)
    old_payload, old_source, old_place = change.old_payloads.get(before.body) or payload_of(db, before.body)
    payload, source, place = payload_of(db, body.number)
    changed = change.given.judge(
        Version(before.title, old_payload, old_source, old_place),
        Version(shown.title, payload, source, place),
    )
    if changed and change.given.history:
        until = int(change.given.now.timestamp())
        db.run("revision_put", (old.number, until, before.title, old_payload, old_source, old_place))
        db.run("revisions_thin", {"post": old.number, "keep": change.given.history})
    return changed


def payload_of(db: Database, number: int) -> Payload:
    """Compressed payload, source and place of a sighting; empty if it is gone."""
    row = db.run("payload_get", (number,)).fetchone()
    return (row[0], row[1], row[2]) if row else (b"", "", "")


def keys_of_numbers(db: Database, numbers: Sequence[int]) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
    """All and current weak keys of these sightings."""
    every: dict[int, set[str]] = {number: set() for number in numbers}
    own: dict[int, set[str]] = {number: set() for number in numbers}
    if numbers:
        db.scope(numbers)
        for number, key, current in db.rows("keys_of_sightings"):
            every[number].add(key)
            if current:
                own[number].add(key)
    return {number: (frozenset(every[number]), frozenset(own[number])) for number in numbers}


def _own_keys(
    db: Database,
    groups: Sequence[Group],
    numbers: Sequence[int],
    known: dict[int, Known],
    owners: dict[str, int],
    burnt: frozenset[str],
) -> None:
    """Published posts own the keys that they are recognised by, but not those of posts merged into them.

    So a post that parts again from the one that it was merged into is the one that it was, also if every key
    that it was recognised by is burnt by then.
    """
    if not known:
        return
    idle = known.keys() - set(numbers)
    db.many(
        "key_put",
        [
            (key, number)
            for one, number in zip(groups, numbers, strict=True)
            if number in known
            for key in one.keys(burnt)
            if owners.get(key) not in idle
        ],
    )


def _retire(
    db: Database,
    change: Change,
    groups: Sequence[Group],
    numbers: Sequence[int],
    posts: dict[int, _Post],
    outside: set[int],
    owners: dict[str, int],
    holder: dict[int, int | None],
) -> None:
    """Posts without sightings: unminted ones go, minted ones stay known, merged or gone."""
    live = set(numbers)
    idle = {p.number: p for p in posts.values() if p.number not in live and p.number not in outside}
    if not idle:
        return
    heirs: dict[int, int] = {}
    for one, number in zip(groups, numbers, strict=True):
        were = [owners.get(key) for key in sorted(one.keys(change.given.burnt))]
        for old in (*were, *(holder.get(s.number) for s in one.sightings)):
            if old in idle and may_be(one, idle[old].strong):
                heirs.setdefault(old, number)
    fresh = [p.number for p in idle.values() if p.state != "gone" or p.merged_into != heirs.get(p.number)]
    bury(db, fresh, change.given.now)
    leave_feeds(db, fresh)
    db.many("post_drop", [(number,) for number in fresh])
    db.many("post_retire", [(heirs.get(number), number) for number in fresh])


def regroup_all(
    db: Database, sources: dict[int, tuple[str, int]], now: datetime, burnt: frozenset[str]
) -> None:
    """Recompute every post: after keys were burnt, it is as if they had never joined anything (rule 3)."""
    with db.transaction():
        numbers = [row[0] for row in db.rows("sightings_numbers")]
        resettle(db, sources, numbers, Change(Circumstances(False, now, burnt, None)))


def resettle(
    db: Database, sources: dict[int, tuple[str, int]], numbers: Sequence[int], change: Change
) -> int:
    """Recompute the posts around these sightings, which themselves did not change."""
    keys = keys_of_numbers(db, numbers)
    db.scope(numbers)
    rows = db.rows("sightings_by_number")
    change.after.extend(read_sighting(row, sources, *keys[row[0]]) for row in rows)
    return settle(db, sources, change)
