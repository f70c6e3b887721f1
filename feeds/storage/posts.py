"""Update the posts after sightings changed.

Only posts that are connected with the change by keys are recomputed, with the pure functions of
:mod:`feeds.identity`. Only the difference is written.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from feeds import identity
from feeds.identity import Group, Known, Shown, Sighting
from feeds.item_keys import ITEM, to_page_key
from feeds.post_ids import choose_id_key, derive_id
from feeds.protocols import Version
from feeds.storage.bodies import NO_BODY, load_bodies
from feeds.storage.feed_membership import add_tombstones, join_feeds, leave_feeds
from feeds.storage.ledger import build_appearance_line, determine_change_times
from feeds.storage.neighbourhood import (
    Change,
    PostRow,
    find_held_outside,
    load_blocked_keys,
    load_keys,
    load_neighbourhood,
    load_owners,
    load_owners_of_blocked,
    load_posts,
    load_reserved_pages,
)
from feeds.storage.records import Circumstances
from feeds.storage.serialization import encode_shown, read_shown, read_sighting
from feeds.storage.sqlite import Database


def update_posts(db: Database, sources: dict[int, tuple[str, int]], change: Change) -> int:
    """Recompute the posts around ``change``, write the difference and return the number of changed posts."""
    sightings, holders = load_neighbourhood(db, sources, change)
    # Nothing but the rename connects the new sighting with its post.
    holders |= change.inherited
    reserved = load_reserved_pages(db, sightings.values()) - {to_page_key(k) for k in change.context.blocked}
    groups = identity.group(sightings.values(), change.context.blocked, reserved)
    hidden = {id(post) for post in groups if identity.is_hidden(post, reserved)}
    owners = load_owners_of_blocked(db, sightings.values(), change.context.blocked)
    # After the owners of blocked keys, because a key that is still valid is better evidence.
    owners |= load_owners(db, groups, change.context.blocked)
    posts = load_posts(db, {*owners.values(), *(h for h in holders.values() if h), *change.posts})
    # Their keys may have changed, so the prepared ids may be wrong.
    for number in posts:
        db.namings.pop(number, None)
    outside = find_held_outside(db, list(posts), sightings)
    # Only a change of the rules for keys can split many posts at once; then the body decides who keeps the post.
    split = _count_groups(groups, holders) if change.context.rekey else {}
    change.parted += sum(split.values()) - len(split)
    known = {
        p.number: Known(
            p.number, p.assigned, p.strong, p.id_key, read_shown(p.shown).body if p.number in split else 0
        )
        for p in posts.values()
        if p.assigned is not None and p.number not in outside
    }
    claimed = identity.claim(groups, owners, holders, known, change.context.blocked)
    # Rows are chosen before anything is written, since groups may exchange their rows.
    numbers = _choose_numbers(db, groups, claimed, posts, holders, outside)
    # Posts come before keys and retirements, which refer to their rows.
    changed = _write_posts(db, change, groups, numbers, posts, known, holders, hidden)
    _write_keys(db, groups, numbers, known, owners, change.context.blocked)
    _retire_posts(db, change, groups, numbers, posts, outside, owners, holders)
    return changed


def _count_groups(groups: Sequence[Group], holders: dict[int, int | None]) -> dict[int, int]:
    """Return the posts whose sightings are in several groups, each with the number of its groups."""
    held = Counter(
        number for post in groups for number in {holders.get(s.number) for s in post.sightings} if number
    )
    return {number: count for number, count in held.items() if count > 1}


def _choose_numbers(
    db: Database,
    groups: Sequence[Group],
    claimed: Sequence[int | None],
    posts: dict[int, PostRow],
    holders: dict[int, int | None],
    outside: set[int],
) -> list[int]:
    """Choose the row of each group: the claimed row, else a row of its own without an id, else a new row."""
    taken = {number for number in claimed if number is not None}
    # Numbers are assigned here, because later rows of the same transaction refer to them.
    last = db.value("last_post")
    result = []
    for post, known in zip(groups, claimed, strict=True):
        number = known
        if number is None:
            held = {holders.get(s.number) for s in post.sightings}
            free = [
                h for h in held if h and h not in taken and h not in outside and posts[h].assigned is None
            ]
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
    posts: dict[int, PostRow],
    known: dict[int, Known],
    holders: dict[int, int | None],
    hidden: Collection[int],
) -> int:
    """Write the changed posts with their feeds and lines of the ledger; return how many had a row before."""
    rows, moves, changed, rejoin = [], [], 0, []
    lines: list[tuple[str, str, str]] = []
    after, blocked = {sighting.number for sighting in change.after}, change.context.blocked
    for post, number in zip(groups, numbers, strict=True):
        old = posts.get(number)
        held = (s.number for s in post.sightings)
        moves += [(number, n) for n in held if n in after or holders.get(n) != number]
        # A machine that reads only the present sightings would derive another id.
        uid = old.uid if old and number in known else None
        if uid and derive_id(post, blocked, lambda _: False) != uid:
            lines.append(("id", choose_id_key(post, blocked), uid))
        shown = identity.merge(post.sightings)
        row = _build_row(db, change, post, number, shown, old)
        if id(post) in hidden and row["state"] != "withdrawn":
            row["state"] = "hidden"
        # Equal digests mean that no document would change.
        if old and old.digest == row["digest"] and old.state == row["state"] and old.strong == row["strong"]:
            continue
        rows.append(row)
        rejoin.append((number, row, shown))
        # No source states this time, so only the ledger can restore it.
        if old and old.uid and row["updated"] > _find_stated_change(shown):
            lines.append(build_appearance_line(old.uid, row["surfaced"], row["updated"]))
        # New posts are counted as new, and must not count as changed too.
        changed += old is not None
    db.many("ledger_drop", _list_left_keys(db, change, {uid for kind, _, uid in lines if kind == "id"}))
    # Readers that have such a post must remove it.
    add_tombstones(db, [row["id"] for row in rows if row["state"] == "hidden"], change.context.now)
    db.many("post_put", rows)
    db.many("ledger_put", lines)
    db.many("sighting_settle", moves)
    join_feeds(db, rejoin, {number: post.updated for number, post in posts.items()})
    return changed


def _list_left_keys(db: Database, change: Change, uids: Collection[str]) -> list[tuple[str, str]]:
    """List the lines of ids under paths that their files have left: another file may be there later."""
    if not uids:
        return []
    kept = {key for sighting in change.after for key in sighting.own}
    left = {key for sighting in change.before for key in sighting.own if key.startswith(ITEM)} - kept
    return [("id", key) for key in sorted(left) if db.value("ledger_get", ("id", key)) in uids]


def build_first_row(change: Change, number: int, strong: str, shown: Shown, digest: bytes) -> dict[str, Any]:
    """Build the row of a new post. ``digest`` is the digest of the document with its body."""
    text = encode_shown(shown)
    published = int(shown.published.timestamp()) if shown.published else 0
    now = int(change.context.now.timestamp())
    return {
        "id": number,
        "strong": strong,
        "state": "waiting" if published > now and not change.context.future else "live",
        "published": published,
        "updated": _find_stated_change(shown) if shown.updated else published,
        "surfaced": published if change.context.early else now,
        "early": change.context.early,
        "shown": text,
        # Covers what the post shows and its body, so that any visible change is found.
        "digest": hashlib.blake2b(text.encode() + digest, digest_size=16).digest(),
    }


def _build_row(
    db: Database, change: Change, post: Group, number: int, shown: Shown, old: PostRow | None
) -> dict[str, Any]:
    """Build the row of a post, with the times of its last version (identity rule 6)."""
    # The body of one sighting is shown; changes in the others are not visible.
    body = next(s for s in post.sightings if s.number == shown.body)
    row = build_first_row(change, number, post.strong, shown, body.digest)
    if old is None:
        return row
    now, updated = int(change.context.now.timestamp()), row["updated"]
    early = change.context.early or old.early
    appeared = row["published"] if early else old.appeared
    # Only a post with an id was published, so only its dates must not move.
    if old.assigned is not None:
        early, appeared, updated = old.early, old.appeared, max(old.updated, updated)
        is_back = old.state == "hidden" or (old.state == "gone" and not old.merged_into)
        if is_back or (old.digest != row["digest"] and _is_really_changed(db, change, old, shown, body)):
            # Newer than its tombstone; and each version has its own place in the logs.
            appeared, seen = determine_change_times(db, old.uid, old.appeared, now)
            updated = updated if updated > old.updated and not is_back else max(seen, updated)
    if old.withdrawn:
        row["state"] = "withdrawn"  # until a person undoes it, whatever the sources have
    # The strong key that its id was derived from stays with the post, even without a sighting that has it.
    strong = post.strong or (old.strong if old.strong == old.id_key else "")
    return row | {"strong": strong, "updated": updated, "surfaced": appeared, "early": early}


def _find_stated_change(shown: Shown) -> int:
    """Return the last change that a source states, in seconds since 1970 (identity rule 6)."""
    dates = [int(date.timestamp()) for date in (shown.published, shown.updated) if date]
    return max(dates, default=0)


def _is_really_changed(db: Database, change: Change, old: PostRow, shown: Shown, body: Sighting) -> bool:
    """Return whether title or body changed for a reader, and keep the old version if ``history`` is set.

    A change that only bytes show does not count (identity rule 6, docs/reference/identity.md).
    """
    if change.context.judge is None:
        return False
    before = read_shown(old.shown)
    bodies = load_bodies(db, (before.body, body.number))
    old_body = change.old_bodies.get(before.body) or bodies.get(before.body, NO_BODY)
    new_body = bodies.get(body.number, NO_BODY)
    # Comparing means cleaning both bodies, so it is done only for posts whose digest differs.
    changed = change.context.judge(Version(before.title, *old_body), Version(shown.title, *new_body))
    if changed and change.context.history:
        until = int(change.context.now.timestamp())
        db.run("revision_put", (old.number, until, before.title, *old_body))
        db.run("revisions_thin", {"post": old.number, "keep": change.context.history})
    return changed


def _write_keys(
    db: Database,
    groups: Sequence[Group],
    numbers: Sequence[int],
    known: dict[int, Known],
    owners: dict[str, int],
    blocked: frozenset[str],
) -> None:
    """Make every published post the owner of its keys, except the keys of posts merged into it.

    So a merged post that is split off later has its old id, even if all its keys are blocked by then.
    """
    if not known:
        return
    # Posts that lost all their sightings: they keep their keys to be recognised later.
    idle = known.keys() - set(numbers)
    db.many(
        "key_put",
        [
            (key, number)
            for post, number in zip(groups, numbers, strict=True)
            if number in known
            for key in post.collect_keys(blocked)
            if owners.get(key) not in idle
        ],
    )


def _retire_posts(
    db: Database,
    change: Change,
    groups: Sequence[Group],
    numbers: Sequence[int],
    posts: dict[int, PostRow],
    outside: set[int],
    owners: dict[str, int],
    holders: dict[int, int | None],
) -> None:
    """Delete posts without sightings. A post with an id stays, as merged into another post or as gone."""
    live = set(numbers)
    idle = {p.number: p for p in posts.values() if p.number not in live and p.number not in outside}
    if not idle:
        return
    # Readers that know the id of a merged post are sent to the post that replaced it.
    heirs: dict[int, int] = {}
    for post, number in zip(groups, numbers, strict=True):
        former = [owners.get(key) for key in sorted(post.collect_keys(change.context.blocked))]
        for old in (*former, *(holders.get(s.number) for s in post.sightings)):
            if old in idle and identity.may_be(post, idle[old].strong):
                heirs.setdefault(old, number)
    # A post that is gone already needs no second tombstone.
    fresh = [p.number for p in idle.values() if p.state != "gone" or p.merged_into != heirs.get(p.number)]
    add_tombstones(db, fresh, change.context.now)
    leave_feeds(db, fresh)
    db.many("post_drop", [(number,) for number in fresh])
    db.many("post_retire", [(heirs.get(number), number) for number in fresh])


def release_pages(db: Database, sources: dict[int, tuple[str, int]], pages: set[str], now: datetime) -> None:
    """Publish the entries that were hidden because unpublished files had these pages. Call it inside a transaction."""
    if pages:
        circumstances = Circumstances(False, now, load_blocked_keys(db), None)
        update_posts(db, sources, Change(circumstances, pages=pages))


def regroup_all(
    db: Database, sources: dict[int, tuple[str, int]], now: datetime, blocked: frozenset[str]
) -> None:
    """Recompute every post, as if blocked keys had never joined posts (identity rule 3)."""
    with db.transaction():
        numbers = [row[0] for row in db.rows("sightings_numbers")]
        recompute_posts(db, sources, numbers, Change(Circumstances(False, now, blocked, None)))


def recompute_posts(
    db: Database, sources: dict[int, tuple[str, int]], numbers: Sequence[int], change: Change
) -> int:
    """Recompute the posts around sightings that did not change; return the number of changed posts."""
    keys = load_keys(db, numbers)
    db.scope(numbers)
    rows = db.rows("sightings_by_number")
    change.after.extend(read_sighting(row, sources, *keys[row[0]]) for row in rows)
    return update_posts(db, sources, change)
