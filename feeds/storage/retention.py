"""Remove posts from all documents when they exceed the limits of ``keep``.

Expired posts stay in the database, so that none of them is published as new again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from feeds.models import Keep
from feeds.storage.feed_membership import find_feed_numbers, leave_feeds
from feeds.storage.serialization import read_shown
from feeds.storage.sqlite import Database


def apply(db: Database, now: datetime, every: Keep, sources: Mapping[int, Keep]) -> int:
    """Expire the posts beyond the limits and return their number.

    If the limits changed, revive the posts that the old limits had expired first. A post of several
    sources expires when it is beyond the limits of each of them.
    """
    limits = repr((every, sorted(sources.items())))
    old_limits = db.value("meta_get", ("keep",)) or repr((Keep(), []))
    if limits == old_limits and every == Keep() and not sources:
        return 0
    with db.transaction():
        if limits != old_limits:
            _revive(db)
            db.run("meta_put", ("keep", limits))
        expired = _find_expired_of_sources(db, now, sources) | _find_expired(db, now, every)
        if expired:
            leave_feeds(db, expired)
            db.many("post_expire", [(number,) for number in expired])
    return len(expired)


def _revive(db: Database) -> None:
    """Show every expired post again, at its old place in its feeds."""
    for number, shown, appeared in db.rows("posts_expired"):
        feeds = find_feed_numbers(db, read_shown(shown))
        db.many("member_put", [(feed, appeared, number) for feed in feeds])
        db.many("feed_touch", [(feed,) for feed in feeds])
        db.run("post_revive", (number,))


def _find_expired(db: Database, now: datetime, keep: Keep) -> set[int]:
    found: set[int] = set()
    if keep.seconds:
        found.update(row[0] for row in db.rows("posts_too_old", (int(now.timestamp()) - keep.seconds,)))
    if keep.posts:
        found.update(row[0] for row in db.rows("posts_too_many", (keep.posts,)))
    return found


def _find_expired_of_sources(db: Database, now: datetime, sources: Mapping[int, Keep]) -> set[int]:
    """Return the posts that are beyond the limits of each of their sources."""
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
