"""The log of a feed: older versions leave it unless an archive has them, and withdrawn posts make archives stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.storage import archives
from feeds.storage.archives import find_archived_versions
from feeds.storage.feeds import find_feed
from feeds.storage.withdrawal import withdraw_post
from tests.rigs.memory_world import NOON, World


@pytest.mark.parametrize(
    ("rows", "stay"),
    [
        ([(1, 1, -1), (2, 2, 5)], []),
        ([(1, 1, -1), (2, 2, 5), (3, 3, 5)], [1]),
        ([(1, 1, -1), (2, 1, 5), (3, 2, 5), (4, 3, 5)], []),
        ([(1, 1, -1), (2, 2, -1), (3, 3, 5), (4, 1, 6), (5, 2, 6)], [1, 2]),
        ([(1, 1, 5), (2, 2, -1), (3, 3, 5), (4, 4, 5), (5, 5, 5)], [2]),
    ],
)
def test_older_versions_stay_where_an_archive_was_closed_before_the_newer_came(
    rows: list[tuple[int, int, int]], stay: list[int]
) -> None:
    assert find_archived_versions(rows, 2) == stay


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, entries=2, output="archive = []")
    for number in range(1, 5):
        made.post(f"p{number}", date=f"2024-04-0{number} 10:00:00")
    made.ingest()
    made.publish()
    return made


def get_all(world: World) -> int:
    number = find_feed(world.db, "all", "")
    assert number is not None
    return number


def test_a_log_is_closed_into_archives(world: World) -> None:
    db, feed = world.db, get_all(world)
    archives.append_versions(db, 2)
    archives.append_versions(db, 2)
    rows = archives.load_unarchived(db, feed)
    assert [row.published for row in rows] == sorted(row.published for row in rows)
    assert len(rows) == 4
    assert archives.find_long_logs(db, [feed], 3) == {feed}
    assert archives.find_long_logs(db, [feed], 4) == set()
    archives.close_archives(db, [(feed, 1, rows[:2])], [("archive/1.atom.xml", feed, "d", 1, 2)])
    assert archives.load_newest_archives(db) == {feed: 1}
    assert [row.post for row in archives.load_archive(db, feed, 1)] == [row.post for row in rows[:2]]
    assert archives.load_unarchived(db, feed) == rows[2:]
    assert world.rows("SELECT digest FROM document WHERE path = 'archive/1.atom.xml'") == [("d",)]


def test_a_withdrawn_post_makes_its_archive_stale(world: World) -> None:
    db, feed = world.db, get_all(world)
    archives.append_versions(db, 2)
    rows = archives.load_unarchived(db, feed)
    archives.close_archives(db, [(feed, 1, rows[:2])], [])
    withdraw_post(db, rows[0].uid, NOON)
    withdraw_post(db, rows[3].uid, NOON)
    archives.append_versions(db, 2)
    assert archives.find_archives_to_repair(db, "").stale == [(feed, 1)]
    assert archives.load_archive(db, feed, 1) == [archives.Archived(*rows[1][1:])]
    assert archives.load_unarchived(db, feed) == [rows[2]]
    archives.mark_archives_clean(db, [(feed, 1)], [("archive/1.atom.xml", feed, "e", 1, 2)])
    assert archives.find_archives_to_repair(db, "").stale == []
    assert world.rows("SELECT digest FROM document WHERE path = 'archive/1.atom.xml'") == [("e",)]


def test_a_changed_post_is_archived_anew_and_its_old_place_recorded(world: World) -> None:
    db, feed = world.db, get_all(world)
    archives.append_versions(db, 2)
    rows = archives.load_unarchived(db, feed)
    archives.close_archives(db, [(feed, 1, rows[:2])], [])
    world.post("p1", "Another text", date="2024-04-01 10:00:00")
    world.ingest()
    archives.append_versions(db, 2)
    after = archives.load_unarchived(db, feed)
    assert [row.post for row in after] == [rows[2].post, rows[3].post, rows[0].post]
    assert len(archives.load_archive(db, feed, 1)) == 2
    assert dict(db.rows("ledger_of_kind", ("sealed",))) == {rows[0].uid: "2024-04-01T10:00:00Z"}


def test_feeds_without_posts_lose_their_logs(world: World) -> None:
    db, feed = world.db, get_all(world)
    archives.append_versions(db, 2)
    archives.close_archives(db, [(feed, 1, archives.load_unarchived(db, feed)[:2])], [])
    archives.complete_logs(db, 2)
    assert archives.load_newest_archives(db) == {feed: 1}
    for (uid,) in world.rows("SELECT uid FROM post"):
        withdraw_post(db, uid, NOON)
    archives.complete_logs(db, 2)
    assert archives.load_newest_archives(db) == {}


def test_the_revision_of_the_archives() -> None:
    from tests.rigs.memory_store import open_memory_store

    db = open_memory_store()
    assert archives.find_archives_to_repair(db, "1").is_older
    archives.save_revision(db, "1")
    assert not archives.find_archives_to_repair(db, "1").is_older
