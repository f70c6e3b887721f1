"""Posts that are taken out: by a person, by their upstream, or because no source has them any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.storage.feed_membership import bury, feed_numbers, leave_feeds
from feeds.storage.ledger import surfaced_line
from feeds.storage.posts import Change, keys_of_numbers, settle
from feeds.storage.records import Circumstances
from feeds.storage.serialization import read_shown, read_sighting
from feeds.storage.sqlite import Database

_FORGET = ("sighting_keys_drop", "payload_drop", "sighting_drop")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a post stands: its id (None if it was never published), its state, and since when it is withdrawn."""

    uid: str | None
    state: str
    withdrawn: int
    published: int
    shown: str


def standing(db: Database, number: int) -> Standing:
    """How a post stands."""
    return Standing(*db.rows("post_standing", (number,))[0])


def withdraw(db: Database, numbers: Sequence[int], now: datetime, reason: str = "") -> None:
    """Take posts out of every document until somebody undoes it. Inside a transaction."""
    at = int(now.timestamp())
    bury(db, numbers, now)
    leave_feeds(db, numbers)
    db.many("post_withdraw", [(at, reason, number) for number in numbers])
    when = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    told = [("withdrawn", uid, when) for number in numbers if (uid := standing(db, number).uid)]
    db.many("ledger_put", told)


def restore(db: Database, number: int, now: datetime) -> bool:
    """Undo a withdrawal; False if no source has the post any more. Inside a transaction."""
    post = standing(db, number)
    here = bool(db.rows("sightings_of_post", (number,)))
    state = "gone" if not here else "waiting" if post.published > now.timestamp() else "live"
    db.run("post_restore", {"state": state, "now": int(now.timestamp()), "id": number})
    db.run("ledger_drop", ("withdrawn", post.uid))
    db.many(
        "ledger_put", [surfaced_line(post.uid, *row) for row in db.rows("post_seen", (number,)) if post.uid]
    )
    if state == "live":
        feeds = feed_numbers(db, read_shown(post.shown))
        surfaced = db.value("post_surfaced", (number,))
        db.many("member_put", [(feed, surfaced, number) for feed in feeds])
        db.many("feed_touch", [(feed,) for feed in feeds])
    return here


def let_go(
    db: Database,
    sources: dict[int, tuple[str, int]],
    numbers: Sequence[int],
    now: datetime,
    burnt: frozenset[str],
    *,
    forget: bool = False,
) -> None:
    """Have sightings gone; posts that nothing else has go with them. Inside a transaction.

    What they recognise stays known, so nothing comes back as new, unless it shall be forgotten.
    """
    keys = keys_of_numbers(db, numbers)
    db.scope(numbers)
    rows = db.rows("sightings_by_number")
    old = [read_sighting(row, sources, *keys[row[0]]) for row in rows]
    posts = {row[7] for row in rows if row[7]}
    for statement in _FORGET if forget else ("sighting_gone",):
        db.many(statement, [(one,) for one in numbers])
    settle(db, sources, Change(Circumstances(False, now, burnt, None), before=old, posts=posts))


def take_back(
    db: Database,
    sources: dict[int, tuple[str, int]],
    source: int,
    ids: Collection[str],
    now: datetime,
    burnt: frozenset[str],
) -> int:
    """Obey an upstream's tombstones; how many items went. Inside a transaction.

    A post that only this upstream has is withdrawn; from another one its sighting goes, for good.
    """
    db.scope([f"id:{one}" for one in ids])
    alone, shared = set(), []
    for number, post in db.rows("sightings_of_guids", (source,)):
        if any(whose != source for _, whose in db.rows("sightings_of_post", (post,))):
            shared.append(number)
        elif not standing(db, post).withdrawn:
            alone.add(post)
    withdraw(db, sorted(alone), now, f"taken back by {sources[source][0]}")
    if shared:
        let_go(db, sources, shared, now, burnt)
    return len(alone) + len(shared)
