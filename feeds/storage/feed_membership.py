"""Which feeds a post is in: joining, leaving, appearing in its time, and telling subscribers that it has gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from feeds.identity import Shown
from feeds.storage.serialization import read_shown
from feeds.storage.sqlite import Database


def join_feeds(
    db: Database, posts: Sequence[tuple[int, dict[str, Any], Shown]], known: Mapping[int, int]
) -> None:
    """Write which feeds each post is in, and mark those that it joins, leaves or changes in.

    ``known`` has the posts that may be in feeds already, with the time of their last change until now.
    """
    changes: dict[int, _Change] = defaultdict(_Change)
    old = [number for number, _, _ in posts if number in known]
    for number, feed in _leave(db, old) if old else ():
        changes[feed].leaves(known[number])
    members = []
    for number, row, shown in posts:
        if row["state"] == "live":
            for feed in feed_numbers(db, shown):
                changes[feed].joins(row["updated"])
                members.append((feed, row["surfaced"], number))
    db.many("member_put", members)
    db.many("feed_change", [one.values(feed) for feed, one in changes.items()])


_NEVER = -9_000_000_000_000_000_000


class _Change:
    """What happens to the number of a feed's posts and to the time of its last change."""

    __slots__ = ("joined", "left", "more")

    def __init__(self) -> None:
        self.more, self.joined, self.left = 0, _NEVER, _NEVER

    def joins(self, updated: int) -> None:
        self.more += 1
        self.joined = max(self.joined, updated)

    def leaves(self, updated: int) -> None:
        self.more -= 1
        self.left = max(self.left, updated)

    def values(self, feed: int) -> dict[str, int]:
        return {"feed": feed, "more": self.more, "joined": self.joined, "left": self.left}


def bury(db: Database, numbers: Iterable[int], now: datetime) -> None:
    """Have subscribers told that these posts have gone from the feeds that they are in."""
    db.scope(numbers)
    db.run("tombstones_put", (int(now.timestamp()),))


def leave_feeds(db: Database, numbers: Iterable[int]) -> None:
    """Take posts out of all feeds, which are to be written and counted again, and drop their entries."""
    db.many("feed_touch", [(feed,) for feed in {feed for _, feed in _leave(db, list(numbers))}])


def _leave(db: Database, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Take posts out of all feeds and drop their entries; which was in which."""
    db.scope(numbers)
    left: list[tuple[int, int]] = db.rows("members_of_posts")
    db.many("members_drop", [(number,) for number in numbers])
    db.many("entry_drop", [(number,) for number in numbers])
    return left


def feed_numbers(db: Database, shown: Shown) -> list[int]:
    """The feeds of a post; new names become feeds (their slug is minted later)."""
    names = [("all", ""), *(("category", c) for c in shown.categories), *(("tag", t) for t in shown.tags)]
    return [_feed_number(db, kind, name) for kind, name in dict.fromkeys(names)]


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
