"""Keep the log of each feed, and record which of its versions are archived.

A log has every version of a post, in order of arrival. Archived versions never move. Of the unarchived
versions of a post only the newest stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from feeds.storage.ledger import format_time, parse_time
from feeds.storage.sqlite import Database


class Logged(NamedTuple):
    """A version of a post in the log of a feed."""

    position: int
    post: int
    uid: str
    published: int
    updated: int


class Archived(NamedTuple):
    """A version of a post in a closed archive."""

    post: int
    uid: str
    published: int
    updated: int


def complete_logs(db: Database, entries: int) -> None:
    """Bring the logs up to date before archives are closed; see :func:`append_versions`.

    Feeds that lost all their posts lose their logs and archives too.
    """
    append_versions(db, entries)
    remove_abandoned_logs(db, [number for number, *_ in db.rows("feeds_dirty")])


def append_versions(db: Database, entries: int) -> None:
    """Append the versions since the last call to the logs, and remove withdrawn posts from them.

    An archive with a withdrawn post becomes stale. If the database was lost or restored, the ledger has the
    places of older versions. So archives of ``entries`` versions begin and end where they did before.
    """
    # Most runs append nothing, and the steps below read whole logs.
    if not db.value("log_pending"):
        return
    with db.transaction():
        db.run("ghosts_create")
        db.run("ghosts_clear")
        recorded = _load_recorded_places(db)
        db.many("ghost_put", recorded)
        db.run("log_append")
        for (feed,) in db.rows("ghost_feeds") if recorded else ():
            stay = find_archived_versions(db.rows("log_of_feed", (feed,)), entries)
            db.many("ghost_stays", [(feed, position) for position in stay])
        if recorded:
            db.run("ghosts_lay")
        # Before the purge below, because a place that left the log cannot be read any more.
        _save_places(db)
        db.run("archive_taint")
        db.run("log_purge")
        # Last, so that a run that was killed repeats all steps.
        db.run("log_done")


def _load_recorded_places(db: Database) -> list[tuple[int, int]]:
    """Load the places of older versions that only the ledger has: all, or those after the last in the log."""
    return [
        (post, place)
        for post, places, last in db.rows("ghosts_told")
        for place in map(parse_time, places.split())
        if last is None or place > last
    ]


def find_archived_versions(rows: Iterable[tuple[int, int, int]], entries: int) -> list[int]:
    """Return the positions of older versions that were archived before the newer version came.

    ``rows`` are position, post and date of change, in order of arrival. The date of an older version is -1.
    """
    unarchived: dict[int, tuple[int, bool]] = {}
    stay = []
    for position, post, updated in rows:
        # Removed and added again, because the order of the dict is the order of arrival.
        unarchived.pop(post, None)
        unarchived[post] = (position, updated == -1)
        # An archive is closed only when one more version has come: the newest document is never empty.
        if len(unarchived) > entries:
            stay += [place for place, older in list(unarchived.values())[:entries] if older]
            unarchived = dict(list(unarchived.items())[entries:])
    return stay


def _save_places(db: Database) -> None:
    """Record in the ledger the places of archived versions that newer versions replace now."""
    places: dict[str, list[str]] = {}
    # Sorted, so that the ledger has the same bytes on every machine.
    for uid, appeared in sorted(set(db.rows("versions_sealed"))):
        places.setdefault(uid, []).append(format_time(appeared))
    db.many("ledger_put", [("sealed", uid, " ".join(times)) for uid, times in places.items()])


def find_long_logs(db: Database, feeds: Iterable[int], entries: int) -> set[int]:
    """Return the feeds with more than ``entries`` unarchived versions."""
    db.scope(feeds)
    return {row[0] for row in db.rows("log_open_counts", (entries,))}


def load_unarchived(db: Database, feed: int) -> list[Logged]:
    """Load the unarchived versions of a feed, in order of arrival."""
    return [Logged(*row) for row in db.rows("log_open", (feed,))]


def close_archives(
    db: Database,
    archives: Iterable[tuple[int, int, Sequence[Logged]]],
    documents: Iterable[tuple[str, int, str, int, int]],
) -> None:
    """Record archives that were written: feed, number and versions of each, and their documents."""
    with db.transaction():
        for feed, number, held in archives:
            db.run("archive_put", (feed, number))
            db.many("log_seal", [(number, feed, version.position) for version in held])
            db.run("log_sweep", (feed, held[-1].position))
        # In the same transaction: an archive must never be recorded without its document.
        db.many("document_put", documents)


def load_newest_archives(db: Database) -> dict[int, int]:
    """Load the number of the newest archive of each feed that has archives."""
    return dict(db.rows("archives_latest"))


def save_revision(db: Database, revision: str) -> None:
    """Record that this revision of the program has written all archives."""
    with db.transaction():
        db.run("meta_put", ("archives", revision))


class ArchivesToRepair(NamedTuple):
    """What may be wrong with archives."""

    stale: list[tuple[int, int]]
    """Feed and number of each archive with a withdrawn post."""
    is_older: bool
    """Whether another revision of the program wrote archives."""


def find_archives_to_repair(db: Database, revision: str) -> ArchivesToRepair:
    """Find the archives with a withdrawn post, and whether another revision of the program wrote archives."""
    stale = [(row[0], row[1]) for row in db.rows("archives_stale")]
    return ArchivesToRepair(stale, (db.value("meta_get", ("archives",)) or "") != revision)


def load_archive(db: Database, feed: int, number: int) -> list[Archived]:
    """Load the versions of an archive, without withdrawn posts."""
    return [Archived(*row) for row in db.rows("log_of_archive", (feed, number))]


def mark_archives_clean(
    db: Database, archives: Iterable[tuple[int, int]], documents: Iterable[tuple[str, int, str, int, int]]
) -> None:
    """Record that these archives were written again, without withdrawn posts."""
    with db.transaction():
        db.many("archive_clean", list(archives))
        db.many("document_put", documents)


def remove_abandoned_logs(db: Database, feeds: Iterable[int]) -> None:
    """Remove logs and archives of the feeds that have no posts. If they get posts again, they start empty."""
    db.scope(feeds)
    abandoned = db.rows("archives_abandoned")
    if abandoned:
        with db.transaction():
            db.many("log_forget", abandoned)
            db.many("archives_forget", abandoned)
