"""Posts beyond the limits of ``keep`` leave every feed, and come back when the limits change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.models import Keep
from feeds.storage.retention import apply
from tests.rigs.memory_world import NOON, World

DAY = 86400


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    for days in (1, 5, 10):
        made.post(f"{days:02}", date=f"{NOON - timedelta(days=days):%Y-%m-%d %H:%M:%S}", tags="[x]")
    made.build()
    return made


def list_states(world: World) -> dict[str, str]:
    rows = world.rows("SELECT shown, state FROM post ORDER BY published DESC")
    return {shown[2:4]: state for shown, state in rows}


def count_members(world: World) -> int:
    return world.rows("SELECT count(*) FROM member")[0][0]


def test_old_posts_and_posts_beyond_the_number_expire(world: World) -> None:
    assert apply(world.db, NOON, Keep(), {}) == 0
    assert apply(world.db, NOON, Keep(seconds=10 * DAY), {}) == 0
    assert apply(world.db, NOON, Keep(seconds=10 * DAY - 1), {}) == 1
    assert list_states(world) == {"01": "live", "05": "live", "10": "expired"}
    assert count_members(world) == 4
    assert apply(world.db, NOON, Keep(seconds=10 * DAY - 1), {}) == 0
    assert apply(world.db, NOON, Keep(posts=1), {}) == 1
    assert list_states(world) == {"01": "live", "05": "expired", "10": "expired"}


def test_changed_limits_bring_posts_back(world: World) -> None:
    apply(world.db, NOON, Keep(posts=1), {})
    before = world.rows("SELECT wanted FROM feed WHERE kind = 'all'")
    assert apply(world.db, NOON, Keep(), {}) == 0
    assert set(list_states(world).values()) == {"live"}
    assert count_members(world) == 6
    assert world.rows("SELECT wanted FROM feed WHERE kind = 'all'") != before


def test_a_removed_post_makes_room_for_an_expired_post(world: World) -> None:
    apply(world.db, NOON, Keep(posts=1), {})
    world.db._connection.execute("UPDATE post SET state = 'gone' WHERE shown LIKE '[\"01%'")
    assert apply(world.db, NOON, Keep(posts=1), {}) == 0
    assert list_states(world) == {"01": "gone", "05": "live", "10": "expired"}


def test_a_post_of_two_sources_stays_while_one_keeps_it(world: World) -> None:
    number = world.get_source("news")
    assert apply(world.db, NOON, Keep(), {number: Keep(posts=2)}) == 1
    assert list_states(world)["10"] == "expired"
    apply(world.db, NOON, Keep(), {number: Keep(seconds=5 * DAY)})
    assert list_states(world) == {"01": "live", "05": "live", "10": "expired"}
    apply(world.db, NOON, Keep(), {})
    world.db.run("source_add", ("other",))
    (second,) = world.rows("SELECT id FROM source WHERE name = 'other'")[0]
    (post, data) = world.rows("SELECT post, data FROM sighting WHERE place = '10.md'")[0]
    world.db._connection.execute(
        "INSERT INTO sighting (source, item, place, strong, digest, data, post) VALUES (?, 'i', '', '', x'', ?, ?)",
        (second, data, post),
    )
    assert apply(world.db, NOON, Keep(), {number: Keep(posts=2)}) == 0
    assert apply(world.db, NOON, Keep(), {number: Keep(posts=2), second: Keep(seconds=DAY)}) == 1
