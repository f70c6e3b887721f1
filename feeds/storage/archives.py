"""The log of each feed and what is sealed of it.

A log has every version of a post, in order of arrival. What an archive holds never moves; what none
holds yet is the open end, in which a newer version takes the place of an older one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from feeds.storage.ledger import iso, seconds
from feeds.storage.sqlite import Database


class Logged(NamedTuple):
    """A version of a post in the log of a feed."""

    position: int
    post: int
    uid: str
    published: int
    updated: int


class Archived(NamedTuple):
    """A version of a post in a sealed archive."""

    post: int
    uid: str
    published: int
    updated: int


def append(db: Database, entries: int) -> None:
    """Take up in the logs what is new since the last time; what was withdrawn leaves them.

    An archive that holds something withdrawn is stale from then on. After a lost or restored store the ledger tells
    which places older versions had, so that archives of ``entries`` are cut where they were cut before.
    """
    if not db.value("log_pending"):
        return
    with db.transaction():
        db.run("ghosts_create")
        db.run("ghosts_clear")
        ghosts = _told_places(db)
        db.many("ghost_put", ghosts)
        db.run("log_append")
        for (feed,) in db.rows("ghost_feeds") if ghosts else ():
            stay = plan_ghosts(db.rows("log_of_feed", (feed,)), entries)
            db.many("ghost_stays", [(feed, position) for position in stay])
        if ghosts:
            db.run("ghosts_lay")
        _note_sealed(db)
        db.run("archive_taint")
        db.run("log_purge")
        db.run("log_done")


def _told_places(db: Database) -> list[tuple[int, int]]:
    """The places of older versions that only the ledger knows: all of them, or those after the last in the log."""
    return [
        (post, place)
        for post, places, last in db.rows("ghosts_told")
        for place in map(seconds, places.split())
        if last is None or place > last
    ]


def plan_ghosts(rows: Iterable[tuple[int, int, int]], entries: int) -> list[int]:
    """The places of older versions that were sealed before the newer one came.

    ``rows`` are position, post and date of change, -1 for an older version, as they arrived one after the other.
    """
    end: dict[int, tuple[int, bool]] = {}
    stay = []
    for position, post, updated in rows:
        end.pop(post, None)
        end[post] = (position, updated == -1)
        if len(end) > entries:
            stay += [place for place, older in list(end.values())[:entries] if older]
            end = dict(list(end.items())[entries:])
    return stay


def _note_sealed(db: Database) -> None:
    """Take down the places of sealed versions that newer ones replace now."""
    places: dict[str, list[str]] = {}
    for uid, surfaced in sorted(set(db.rows("versions_sealed"))):
        places.setdefault(uid, []).append(iso(surfaced))
    db.many("ledger_put", [("sealed", uid, " ".join(one)) for uid, one in places.items()])


def long_logs(db: Database, feeds: Iterable[int], entries: int) -> set[int]:
    """Those of the feeds with more than ``entries`` versions in the open end of their logs."""
    db.scope(feeds)
    return {row[0] for row in db.rows("log_open_counts", (entries,))}


def open_end(db: Database, feed: int) -> list[Logged]:
    """What no archive of a feed holds yet, in order of arrival."""
    return [Logged(*row) for row in db.rows("log_open", (feed,))]


def seal(
    db: Database,
    archives: Iterable[tuple[int, int, Sequence[Logged]]],
    documents: Iterable[tuple[str, int, str, int, int]],
) -> None:
    """Remember archives that lie on disk now: feed, number and versions of each, and their documents."""
    with db.transaction():
        for feed, number, held in archives:
            db.run("archive_put", (feed, number))
            db.many("log_seal", [(number, feed, one.position) for one in held])
            db.run("log_sweep", (feed, held[-1].position))
        db.many("document_put", documents)


def newest(db: Database) -> dict[int, int]:
    """The number of the newest archive of each feed that has any."""
    return dict(db.rows("archives_latest"))


def stale(db: Database) -> list[tuple[int, int]]:
    """Feed and number of the archives that hold something withdrawn."""
    return [(row[0], row[1]) for row in db.rows("archives_stale")]


def held_by(db: Database, feed: int, number: int) -> list[Archived]:
    """What an archive holds, or should hold."""
    return [Archived(*row) for row in db.rows("log_of_archive", (feed, number))]


def cleaned(
    db: Database, archives: Iterable[tuple[int, int]], documents: Iterable[tuple[str, int, str, int, int]]
) -> None:
    """Remember that these archives were written without what was withdrawn."""
    with db.transaction():
        db.many("archive_clean", list(archives))
        db.many("document_put", documents)


def forget_abandoned(db: Database, feeds: Iterable[int]) -> None:
    """Those of the feeds that have no posts any more have no documents, and begin anew if they get some again."""
    db.scope(feeds)
    abandoned = db.rows("archives_abandoned")
    if abandoned:
        with db.transaction():
            db.many("log_forget", abandoned)
            db.many("archives_forget", abandoned)
