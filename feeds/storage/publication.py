"""The steps of a publication that change the store before documents are written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from feeds.models import Keep
from feeds.storage import feed_membership, feeds, files, ledger, ledger_replay, retention
from feeds.storage.sqlite import Database


def update_due_posts(db: Database, sources: dict[int, tuple[str, int]], now: datetime) -> int:
    """Publish posts whose date has come and remove expired posts; return the number of both."""
    return files.remove_expired_files(db, sources, now) + feed_membership.publish_due_posts(db, now)


def begin_publication(
    db: Database, now: datetime, keep: Keep, limits: Mapping[int, Keep], is_slug: Callable[[str], bool] | None
) -> dict[int, int]:
    """Expire posts and load the wanted revision of each feed whose documents may be out of date.

    It is loaded before ids are assigned: only what was there then is marked as published afterwards.

    Args:
        db: The store.
        now: The present time.
        keep: The limits of all posts.
        limits: The limits of sources, by number.
        is_slug: Returns whether a slug stays in its folder, to check all slugs; None if they were checked before.
    """
    if is_slug is not None:
        feeds.drop_unfit_slugs(db, is_slug)
    # Before the revisions are read, so that expired posts are removed in this run.
    retention.apply(db, now, keep, limits)
    return feeds.load_wanted_revisions(db)


def name_feeds(
    db: Database, slug: Callable[[str], str], distinct: Callable[[str, str, Collection[str]], tuple[str, str]]
) -> None:
    """Assign slug and id to every new feed, and record in the ledger what cannot be derived again.

    ``slug`` and ``distinct`` are those of :func:`feeds.storage.feeds.assign_feed_slugs`. Call it when all new
    posts have ids.
    """
    # Dates of the ledger apply to posts, which have ids only now, and decide the order of new feeds.
    ledger_replay.apply_dates(db)
    feeds.assign_feed_slugs(db, slug, distinct)
    ledger.update_ledger(db)
