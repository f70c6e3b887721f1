"""Which feeds a post is in: joining, leaving, appearing in its time, and telling subscribers that it has gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from feeds.identify import Shown
from feeds.store.codec import read_shown
from feeds.store.database import Database


def join_feeds(db: Database, posts: Sequence[tuple[int, dict[str, Any], Shown]], known: set[int]) -> None:
    """Write which feeds each post is in, and mark those that it joins, leaves or changes in."""
    touched: set[int] = set()
    old = [number for number, _, _ in posts if number in known]
    if old:
        touched |= leave_feeds(db, old)
    members = []
    for number, row, shown in posts:
        if row["state"] == "live":
            feeds = feed_numbers(db, shown)
            touched.update(feeds)
            members += [(feed, row["surfaced"], number) for feed in feeds]
    db.many("member_put", members)
    db.many("feed_touch", [(feed,) for feed in touched])


def bury(db: Database, numbers: Iterable[int], now: datetime) -> None:
    """Have subscribers told that these posts have gone from the feeds that they are in."""
    db.scope(numbers)
    db.run("tombstones_put", (int(now.timestamp()),))


def leave_feeds(db: Database, numbers: Iterable[int]) -> set[int]:
    """Take posts out of all feeds and drop their entries; the feeds that they were in."""
    wanted = list(numbers)
    db.scope(wanted)
    left = {feed for _, feed in db.rows("members_of_posts")}
    db.many("members_drop", [(number,) for number in wanted])
    db.many("entry_drop", [(number,) for number in wanted])
    return left


def feed_numbers(db: Database, shown: Shown) -> list[int]:
    """The feeds of a post; new names become feeds (their slug is minted later)."""
    names = [("all", ""), *(("category", c) for c in shown.categories), *(("tag", t) for t in shown.tags)]
    return [_feed_number(db, kind, name) for kind, name in names]


def _feed_number(db: Database, kind: str, name: str) -> int:
    number = db.feed_numbers.get((kind, name))
    if number is None:
        db.run("feed_add", (kind, name))
        number = int(db.value("feed_number", (kind, name)))
        db.feed_numbers[kind, name] = number
    return number


def release(db: Database, now: datetime) -> int:
    """Let posts appear whose date of publication has come; how many."""
    with db.transaction():
        due = db.rows("posts_due", (int(now.timestamp()),))
        touched: set[int] = set()
        for number, published, text in due:
            feeds = feed_numbers(db, read_shown(text))
            db.many("member_put", [(feed, published, number) for feed in feeds])
            db.run("post_surface", (published, number))
            touched.update(feeds)
        db.many("feed_touch", [(feed,) for feed in touched])
    return len(due)
