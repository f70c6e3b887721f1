"""Posts join and leave feeds, and each feed keeps its count, its last change and its tombstones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.storage.feed_membership import (
    add_tombstones,
    find_feed_numbers,
    leave_feeds,
    publish_due_posts,
)
from feeds.storage.feeds import load_feed_figures
from feeds.storage.serialization import read_shown
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def list_feeds(world: World) -> dict[str, tuple[int, int]]:
    """Number of posts and time of the last change of each feed, as they are kept."""
    rows = world.rows("SELECT kind, name, posts, latest FROM feed")
    return {f"{kind}/{name}": (posts, latest) for kind, name, posts, latest in rows}


def test_counts_follow_posts_that_come_change_and_go(world: World) -> None:
    world.post("a", date="2024-04-01 10:00:00", tags="[x]", categories="[c]")
    world.post("b", date="2024-04-02 10:00:00", tags="[x, y]")
    world.build()
    days = [int((NOON - timedelta(days=back, hours=2)).timestamp()) for back in (30, 29)]
    load_feed_figures(world.db)
    assert list_feeds(world) == {
        "all/": (2, days[1]),
        "category/c": (1, days[0]),
        "tag/x": (2, days[1]),
        "tag/y": (1, days[1]),
    }
    world.post("b", date="2024-04-02 10:00:00", tags="[y]")
    world.build()
    assert list_feeds(world)["tag/x"] == (1, days[0])
    assert list_feeds(world)["tag/y"][0] == 1
    assert list_feeds(world)["all/"][0] == 2


def test_a_post_that_leaves_loses_its_entry_and_touches_its_feeds(world: World) -> None:
    world.post("a", tags="[x]")
    world.post("b")
    world.build()
    number = next(n for n, shown in world.rows("SELECT id, shown FROM post") if shown.startswith('["a"'))
    before = dict(world.rows("SELECT id, wanted FROM feed"))
    add_tombstones(world.db, [number], NOON)
    feeds = leave_feeds(world.db, [number])
    assert feeds == {feed for feed, _ in world.rows("SELECT feed, post FROM tombstone")}
    assert len(feeds) == 2
    assert world.rows(f"SELECT * FROM member WHERE post = {number}") == []
    assert world.rows(f"SELECT * FROM entry WHERE post = {number}") == []
    assert all(wanted > before[feed] for feed, wanted in world.rows("SELECT id, wanted FROM feed"))
    assert world.rows("SELECT DISTINCT at FROM tombstone") == [(int(NOON.timestamp()),)]
    assert leave_feeds(world.db, [number]) == set()


def test_a_name_becomes_a_feed_once(world: World) -> None:
    world.post("a", tags="[x]", categories="[x]")
    world.build()
    (shown,) = world.rows("SELECT shown FROM post")[0]
    value = read_shown(shown)
    numbers = find_feed_numbers(world.db, value)
    assert len(set(numbers)) == 3
    world.db.feed_numbers.clear()
    assert find_feed_numbers(world.db, value) == numbers
    more = find_feed_numbers(world.db, value._replace(tags=("x", "y")))
    assert more[:3] == numbers
    assert more[3] not in numbers


def test_a_post_appears_when_its_date_has_come(world: World) -> None:
    due = NOON + timedelta(hours=1)
    world.post("later", date=f"{due:%Y-%m-%d %H:%M:%S}", tags="[x]")
    world.build()
    assert world.rows("SELECT state FROM post") == [("waiting",)]
    assert publish_due_posts(world.db, due - timedelta(seconds=1)) == 0
    assert publish_due_posts(world.db, due) == 1
    assert world.rows("SELECT state FROM post") == [("live",)]
    assert world.rows("SELECT DISTINCT surfaced, count(*) FROM member") == [(int(due.timestamp()), 2)]
    assert publish_due_posts(world.db, due) == 0
