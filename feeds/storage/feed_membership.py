"""Add posts to feeds and remove them, and keep the counts and tombstones of the feeds."""

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
    """Write the feeds of each post, and mark every feed that gains, loses or changes a post.

    ``known`` maps the posts that may be in feeds already to the time of their last change, in seconds
    since 1970.
    """
    changes: dict[int, _Change] = defaultdict(_Change)
    # A changed post leaves all feeds first, because its terms may have changed.
    old = [number for number, _, _ in posts if number in known]
    for number, feed in _leave(db, old) if old else ():
        changes[feed].add_left(known[number])
    members = []
    for number, row, shown in posts:
        # Scheduled, withdrawn and invalid posts have a row, but are in no feed.
        if row["state"] == "live":
            for feed in find_feed_numbers(db, shown):
                changes[feed].add_joined(row["updated"])
                members.append((feed, row["surfaced"], number))
    db.many("member_put", members)
    db.many("feed_change", [change.to_parameters(feed) for feed, change in changes.items()])


# Below every time in seconds, and still within the 64 bits of an integer of SQLite.
_NEVER = -9_000_000_000_000_000_000


class _Change:
    """The change of the number of posts of a feed, and of the time of its last change.

    So the feed does not have to be counted again when posts come and go.
    """

    __slots__ = ("joined", "left", "more")

    def __init__(self) -> None:
        self.more, self.joined, self.left = 0, _NEVER, _NEVER

    def add_joined(self, updated: int) -> None:
        self.more += 1
        self.joined = max(self.joined, updated)

    def add_left(self, updated: int) -> None:
        self.more -= 1
        self.left = max(self.left, updated)

    def to_parameters(self, feed: int) -> dict[str, int]:
        return {"feed": feed, "more": self.more, "joined": self.joined, "left": self.left}


def add_tombstones(db: Database, numbers: Iterable[int], now: datetime) -> None:
    """Add a tombstone for each of these posts to every feed that has it (RFC 6721)."""
    db.scope(numbers)
    db.run("tombstones_put", (int(now.timestamp()),))


def leave_feeds(db: Database, numbers: Iterable[int]) -> set[int]:
    """Remove posts from all feeds, drop their entries, and mark the feeds to be counted and written again.

    Return the feeds.
    """
    feeds = {feed for _, feed in _leave(db, list(numbers))}
    db.many("feed_touch", [(feed,) for feed in feeds])
    return feeds


def _leave(db: Database, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Remove posts from all feeds and drop their entries; return pairs of post and feed."""
    db.scope(numbers)
    left: list[tuple[int, int]] = db.rows("members_of_posts")
    db.many("members_drop", [(number,) for number in numbers])
    db.many("entry_drop", [(number,) for number in numbers])
    return left


def find_feed_numbers(db: Database, shown: Shown) -> list[int]:
    """Return the numbers of the feeds of a post. A new name becomes a feed, without a slug at first."""
    # Categories keep the order of the post, so that the numbers of new feeds do not depend on a set.
    names = [("all", ""), *(("category", c) for c in shown.categories), *(("tag", t) for t in shown.tags)]
    return [_find_feed_number(db, kind, name) for kind, name in dict.fromkeys(names)]


def _find_feed_number(db: Database, kind: str, name: str) -> int:
    # Thousands of posts share a few terms, so each number is queried once a run.
    number = db.feed_numbers.get((kind, name))
    if number is None:
        db.run("feed_add", (kind, name))
        number = int(db.value("feed_number", (kind, name)))
        db.feed_numbers[kind, name] = number
    return number


def publish_due_posts(db: Database, now: datetime) -> int:
    """Publish the posts whose date of publication has come, and return their number."""
    with db.transaction():
        due = db.rows("posts_due", (int(now.timestamp()),))
        touched: set[int] = set()
        for number, published, text in due:
            feeds = find_feed_numbers(db, read_shown(text))
            db.many("member_put", [(feed, published, number) for feed in feeds])
            # A scheduled post appears at its own date, so that every machine has the same order.
            db.run("post_surface", (published, number))
            touched.update(feeds)
        db.many("feed_touch", [(feed,) for feed in touched])
    return len(due)
