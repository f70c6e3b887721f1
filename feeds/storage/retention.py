"""Posts that are kept only for a while: out of every document, but still known, so that none comes back as new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from feeds.storage.feed_membership import feed_numbers, leave_feeds
from feeds.storage.serialization import read_shown
from feeds.storage.sqlite import Database


class Keep(NamedTuple):
    """How long posts are kept: so many seconds after publication, or so many of the newest; 0 for no bound."""

    seconds: int = 0
    posts: int = 0


def apply(db: Database, now: datetime, every: Keep, sources: Mapping[int, Keep]) -> int:
    """Take out what is kept no longer, and bring back what other settings had taken out; how many went.

    A post that several sources have is kept as long as one of them keeps it.
    """
    wish = repr((every, sorted(sources.items())))
    before = db.value("meta_get", ("keep",)) or repr((Keep(), []))
    if wish == before and every == Keep() and not sources:
        return 0
    with db.transaction():
        if wish != before:
            _revive(db)
            db.run("meta_put", ("keep", wish))
        going = _of_sources(db, now, sources) | _beyond(db, now, every)
        if going:
            leave_feeds(db, going)
            db.many("post_expire", [(number,) for number in going])
    return len(going)


def _revive(db: Database) -> None:
    for number, shown, surfaced in db.rows("posts_expired"):
        feeds = feed_numbers(db, read_shown(shown))
        db.many("member_put", [(feed, surfaced, number) for feed in feeds])
        db.many("feed_touch", [(feed,) for feed in feeds])
        db.run("post_revive", (number,))


def _beyond(db: Database, now: datetime, keep: Keep) -> set[int]:
    found: set[int] = set()
    if keep.seconds:
        found.update(row[0] for row in db.rows("posts_too_old", (int(now.timestamp()) - keep.seconds,)))
    if keep.posts:
        found.update(row[0] for row in db.rows("posts_too_many", (keep.posts,)))
    return found


def _of_sources(db: Database, now: datetime, sources: Mapping[int, Keep]) -> set[int]:
    """The posts that each of their sources keeps no longer."""
    beyond: dict[int, set[int]] = {}
    for source, keep in sources.items():
        rows = db.rows("posts_of_source", (source,))
        limit = int(now.timestamp()) - keep.seconds if keep.seconds else None
        for place, (number, published) in enumerate(rows):
            if (limit is not None and published < limit) or (keep.posts and place >= keep.posts):
                beyond.setdefault(number, set()).add(source)
    db.scope(beyond)
    holders: dict[int, set[int]] = {number: set() for number in beyond}
    for number, source in db.rows("sources_of_posts"):
        holders[number].add(source)
    return {number for number, by in beyond.items() if holders[number] <= by}
