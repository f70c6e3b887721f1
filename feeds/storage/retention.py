"""Remove posts from all documents when they exceed the limits of ``keep``.

Expired posts stay in the database, so that none of them is published as new again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from feeds.models import Keep
from feeds.storage.feed_membership import find_feed_numbers, leave_feeds
from feeds.storage.serialization import read_shown
from feeds.storage.sqlite import Database


def apply(db: Database, now: datetime, every: Keep, sources: Mapping[int, Keep]) -> int:
    """Expire the posts beyond the limits and return their number; revive expired posts that are within them again.

    That is so if the limits changed, or if newer posts were removed. A post of several sources expires when it is
    beyond the limits of each of them.
    """
    # Sorted, so that the order of the configuration does not look like a change.
    limits = repr((every, sorted(sources.items())))
    old_limits = db.value("meta_get", ("keep",)) or repr((Keep(), []))
    # Without limits there is nothing to do, and no lock is needed.
    if limits == old_limits and every == Keep() and not sources:
        return 0
    with db.transaction():
        # Wider limits would otherwise never show a post again that narrower limits had expired.
        if limits != old_limits:
            db.run("meta_put", ("keep", limits))
        beyond = _find_expired_of_sources(db, now, sources) | _find_expired(db, now, every)
        before = db.rows("posts_expired")
        _revive(db, [row for row in before if row[0] not in beyond])
        expired = beyond.difference(row[0] for row in before)
        if expired:
            leave_feeds(db, expired)
            db.many("post_expire", [(number,) for number in expired])
    return len(expired)


def _revive(db: Database, posts: Sequence[tuple[int, str, int]]) -> None:
    """Show expired posts again, at their old place in their feeds."""
    for number, shown, appeared in posts:
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
        # Newest first, so that the place of a row is its rank within the source.
        for place, (number, published) in enumerate(rows):
            if (limit is not None and published < limit) or (keep.posts and place >= keep.posts):
                beyond.setdefault(number, set()).add(source)
    db.scope(beyond)
    holders: dict[int, set[int]] = {number: set() for number in beyond}
    for number, source in db.rows("sources_of_posts"):
        holders[number].add(source)
    return {number for number, by in beyond.items() if holders[number] <= by}
