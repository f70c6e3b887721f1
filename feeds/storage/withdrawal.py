"""Withdraw posts and remove sightings, and undo withdrawals.

A post is removed by a person, by its upstream feed, or because no source has it any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.item_keys import build_guid_key
from feeds.storage.feed_membership import add_tombstones, find_feed_numbers, leave_feeds
from feeds.storage.ledger import build_appearance_line
from feeds.storage.neighbourhood import Change, load_keys
from feeds.storage.posts import update_posts
from feeds.storage.records import Circumstances
from feeds.storage.serialization import read_shown, read_sighting
from feeds.storage.sqlite import Database

_DELETE = ("sighting_keys_drop", "payload_drop", "sighting_drop")


@dataclass(frozen=True, slots=True)
class PostState:
    """The state of a post. ``uid`` is None if it was never published.

    ``withdrawn`` and ``published`` are in seconds since 1970; ``withdrawn`` is 0 if it is not withdrawn.
    """

    uid: str | None
    state: str
    withdrawn: int
    published: int
    shown: str


def load_post_state(db: Database, number: int) -> PostState:
    """Load the state of a post."""
    return PostState(*db.rows("post_standing", (number,))[0])


def set_withdrawn(db: Database, uid: str, withdrawn: bool, now: datetime) -> bool | None:
    """Withdraw or restore the post with this id for a person; None if it is unknown, or in that state already.

    Returns:
        Whether a source has the post, as far as it is known.
    """
    return withdraw_post(db, uid, now) if withdrawn else restore_post(db, uid, now)


def withdraw_post(db: Database, uid: str, now: datetime) -> bool | None:
    """Withdraw the post with this id for a person; None if no such post is published, else True."""
    with db.transaction():
        number = db.value("post_of_uid", (uid,))
        # Checked inside the transaction, because a daemon may withdraw the same post.
        if number is None or load_post_state(db, number).withdrawn:
            return None
        withdraw(db, [number], now)
    return True


def restore_post(db: Database, uid: str, now: datetime) -> bool | None:
    """Undo the withdrawal of the post with this id; None if no such post is withdrawn.

    Returns:
        Whether a source has the post.
    """
    with db.transaction():
        number = db.value("post_of_uid", (uid,))
        if number is None or not load_post_state(db, number).withdrawn:
            return None
        return restore(db, number, now)


def withdraw(db: Database, numbers: Sequence[int], now: datetime, reason: str = "") -> None:
    """Remove posts from every document until :func:`restore`. Call it inside a transaction."""
    # Whole seconds, as the ledger has them; otherwise a rebuild would differ.
    at = int(now.timestamp())
    # Before the post leaves its feeds, because afterwards nothing shows which feeds had it.
    add_tombstones(db, numbers, now)
    leave_feeds(db, numbers)
    db.many("post_withdraw", [(at, reason, number) for number in numbers])
    when = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    lines = [("withdrawn", uid, when) for number in numbers if (uid := load_post_state(db, number).uid)]
    db.many("ledger_put", lines)


def restore(db: Database, number: int, now: datetime) -> bool:
    """Undo a withdrawal and return whether a source has the post. Call it inside a transaction."""
    post = load_post_state(db, number)
    here = bool(db.rows("sightings_of_post", (number,)))
    # The sources may have dropped or postponed the post while it was withdrawn.
    state = "gone" if not here else "waiting" if post.published > now.timestamp() else "live"
    if db.value("post_hidden", {"id": number}):
        state = "hidden"
    db.run("post_restore", {"state": state, "now": int(now.timestamp()), "id": number})
    db.run("ledger_drop", ("withdrawn", post.uid))
    db.many(
        "ledger_put",
        [build_appearance_line(post.uid, *row) for row in db.rows("post_seen", (number,)) if post.uid],
    )
    if state == "live":
        feeds = find_feed_numbers(db, read_shown(post.shown))
        appeared = db.value("post_surfaced", (number,))
        db.many("member_put", [(feed, appeared, number) for feed in feeds])
        db.many("feed_touch", [(feed,) for feed in feeds])
    return here


def remove_sightings(
    db: Database,
    sources: dict[int, tuple[str, int]],
    numbers: Sequence[int],
    now: datetime,
    blocked: frozenset[str],
    *,
    delete: bool = False,
) -> None:
    """Remove sightings, and the posts that have no other sighting. Call it inside a transaction.

    The keys of the sightings stay known, so that their posts are not published as new again. With
    ``delete`` the keys are deleted too.
    """
    keys = load_keys(db, numbers)
    db.scope(numbers)
    rows = db.rows("sightings_by_number")
    old = [read_sighting(row, sources, *keys[row[0]]) for row in rows]
    # Named explicitly: a post without sightings shares no key with anything.
    posts = {row[7] for row in rows if row[7]}
    for statement in _DELETE if delete else ("sighting_gone",):
        db.many(statement, [(number,) for number in numbers])
    update_posts(db, sources, Change(Circumstances(False, now, blocked, None), before=old, posts=posts))


def apply_tombstones(
    db: Database,
    sources: dict[int, tuple[str, int]],
    source: int,
    ids: Collection[str],
    now: datetime,
    blocked: frozenset[str],
) -> tuple[int, set[str]]:
    """Apply the tombstones of an upstream feed (RFC 6721); return the number of removed items, and all items with these ids.

    A guid that several entries shared removes each of them. A post that only this source has is withdrawn. Of a post that other sources have too, only the
    sighting of this source is removed. Call it inside a transaction.
    """
    name = sources[source][0]
    # By the keys, because entries that shared a guid have longer names.
    db.scope([build_guid_key(name, guid) for guid in ids])
    alone, shared = set(), []
    found = db.rows("sightings_of_guids", (source,))
    for number, post, _ in found:
        # Another source still publishes it, so the tombstone concerns only the copy of this source.
        if any(other != source for _, other in db.rows("sightings_of_post", (post,))):
            shared.append(number)
        elif not load_post_state(db, post).withdrawn:
            alone.add(post)
    withdraw(db, sorted(alone), now, f"taken back by {name}")
    if shared:
        remove_sightings(db, sources, shared, now, blocked)
    return len(alone) + len(shared), {item for _, _, item in found}
