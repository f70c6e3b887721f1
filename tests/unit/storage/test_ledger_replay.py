"""Lines that come with a ledger are applied to posts that are stored already."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.storage import ledger
from feeds.storage.ledger_replay import apply_dates, apply_lines
from feeds.storage.withdrawal import withdraw_post
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("a", link="https://up.example/a", tags="[x]")
    made.post("b", date="2024-04-02 10:00:00")
    made.build()
    return made


def load(world: World, *lines: str, restored: bool = False) -> None:
    """Read a ledger with these lines and apply them."""
    if restored:
        world.db.run("meta_put", (ledger.RESTORED, "1"))
    file = world.session.publishing.ledger
    file.write_text("".join(f"{line}\n" for line in lines))
    ledger.load_ledger(world.db, file)
    apply_lines(world.db, world.session.sources, NOON)
    apply_dates(world.db)
    assert ledger.load_pending_kinds(world.db) <= {"slug"}


def get_uid(world: World, name: str) -> str:
    return next(u for u, shown in world.rows("SELECT uid, shown FROM post") if shown.startswith(f'["{name}"'))


def get_state(world: World, uid: str) -> tuple[str, int, int]:
    return world.rows(f"SELECT state, surfaced, updated FROM post WHERE uid = '{uid}'")[0]


def test_withdrawals_are_repeated(world: World) -> None:
    uid = get_uid(world, "a")
    load(
        world,
        f'{{"withdrawn": "{uid}", "value": "2024-04-20T00:00:00Z"}}',
        '{"withdrawn": "urn:x:1", "value": "2024-04-20T00:00:00Z"}',
    )
    assert get_state(world, uid)[0] == "withdrawn"
    assert world.rows("SELECT DISTINCT at FROM tombstone") == [(ledger.parse_time("2024-04-20T00:00:00Z"),)]


def test_after_a_restore_other_withdrawals_are_undone(world: World) -> None:
    a, b = get_uid(world, "a"), get_uid(world, "b")
    withdraw_post(world.db, a, NOON)
    withdraw_post(world.db, b, NOON)
    load(world, f'{{"withdrawn": "{b}", "value": "2024-05-01T12:00:00Z"}}', restored=True)
    assert get_state(world, a)[0] == "live"
    assert get_state(world, b)[0] == "withdrawn"


def test_past_keys_join_what_shares_them(world: World) -> None:
    assert world.rows("SELECT count(*) FROM post WHERE state = 'live'") == [(2,)]
    load(world, '{"keys": "news/b.md", "value": "url:https://up.example/a"}')
    assert world.rows("SELECT count(*) FROM post WHERE state = 'live'") == [(1,)]
    load(world, '{"burnt": "url:https://up.example/a"}')
    assert world.rows("SELECT count(*) FROM post WHERE state = 'live'") == [(2,)]


def test_a_strong_key_of_the_past_is_added(world: World) -> None:
    load(world, '{"keys": "news/b.md", "value": "!code:7\\nurl:https://old.example/"}')
    assert world.rows("SELECT strong FROM sighting WHERE place = 'b.md'") == [("!code:7",)]
    keys = {
        key
        for (key,) in world.rows(
            "SELECT key FROM sighting_key JOIN sighting ON id = sighting WHERE place = 'b.md'"
        )
    }
    assert "url:https://old.example/" in keys
    # With another strong key the file was another item later.
    load(world, '{"keys": "news/b.md", "value": "!code:8\\nurl:https://older.example/"}')
    keys = {
        key
        for (key,) in world.rows(
            "SELECT key FROM sighting_key JOIN sighting ON id = sighting WHERE place = 'b.md'"
        )
    }
    assert keys == {"url:https://older.example/"}


def test_later_dates_of_the_ledger_count(world: World) -> None:
    uid = get_uid(world, "a")
    load(world, f'{{"surfaced": "{uid}", "value": "2024-04-20T00:00:00Z 2024-04-19T00:00:00Z"}}')
    times = [ledger.parse_time(f"2024-04-{day}T00:00:00Z") for day in (20, 19)]
    assert get_state(world, uid) == ("live", *times)
    number = world.db.value("post_of_uid", (uid,))
    assert world.rows(f"SELECT DISTINCT surfaced FROM member WHERE post = {number}") == [(times[0],)]
    assert world.rows(f"SELECT * FROM entry WHERE post = {number}") == []
    load(
        world,
        f'{{"surfaced": "{get_uid(world, "b")}", "value": "2024-01-20T00:00:00Z 2024-01-19T00:00:00Z"}}',
    )
    assert get_state(world, get_uid(world, "b"))[1] == ledger.parse_time("2024-04-02T10:00:00Z")
