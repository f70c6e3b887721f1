"""Withdrawn posts leave every feed until the withdrawal is undone; feeds take back only their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.storage.withdrawal import (
    apply_tombstones,
    load_post_state,
    remove_sightings,
    restore_post,
    set_withdrawn,
    withdraw_post,
)
from tests.rigs.memory_world import NOON, UPSTREAM, World, build_rss

SECOND = int(NOON.timestamp())


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, more=UPSTREAM)
    made.post("a", link="https://up.example/one", tags="[x]")
    made.ingest()
    made.ingest_feed(build_rss("one", "two"))
    made.publish()
    return made


def get_uid(world: World, title: str) -> str:
    return next(
        uid for uid, shown in world.rows("SELECT uid, shown FROM post") if json.loads(shown)[0] == title
    )


def count_members(world: World, uid: str) -> int:
    return world.rows(f"SELECT count(*) FROM member JOIN post ON post.id = post WHERE uid = '{uid}'")[0][0]


def read_ledger(world: World, kind: str) -> dict[str, str]:
    return dict(world.db.rows("ledger_of_kind", (kind,)))


def test_a_withdrawal_and_its_end(world: World) -> None:
    uid = get_uid(world, "a")
    assert count_members(world, uid) == 2
    assert withdraw_post(world.db, uid, NOON) is True
    assert withdraw_post(world.db, uid, NOON) is None
    assert withdraw_post(world.db, "urn:x", NOON) is None
    assert count_members(world, uid) == 0
    assert read_ledger(world, "withdrawn") == {uid: "2024-05-01T12:00:00Z"}
    assert world.rows("SELECT count(*), min(at) FROM tombstone") == [(2, SECOND)]
    state = load_post_state(world.db, world.db.value("post_of_uid", (uid,)))
    assert (state.uid, state.state, state.withdrawn) == (uid, "withdrawn", SECOND)
    assert restore_post(world.db, get_uid(world, "Entry two"), NOON) is None
    assert restore_post(world.db, uid, NOON) is True
    assert restore_post(world.db, uid, NOON) is None
    assert count_members(world, uid) == 2
    assert read_ledger(world, "withdrawn") == {}
    assert uid in read_ledger(world, "surfaced")
    assert load_post_state(world.db, world.db.value("post_of_uid", (uid,))).withdrawn == 0


def test_a_post_is_withdrawn_and_restored_once(world: World) -> None:
    uid = get_uid(world, "a")
    assert set_withdrawn(world.db, uid, False, NOON) is None
    assert set_withdrawn(world.db, uid, True, NOON) is True
    assert set_withdrawn(world.db, uid, True, NOON) is None
    assert set_withdrawn(world.db, uid, False, NOON) is True
    assert set_withdrawn(world.db, "urn:x", True, NOON) is None


def test_a_restored_post_without_a_source_is_gone(world: World) -> None:
    uid = get_uid(world, "Entry two")
    withdraw_post(world.db, uid, NOON)
    (number,) = world.rows("SELECT id FROM sighting WHERE item = 'id:two'")[0]
    with world.db.transaction():
        remove_sightings(world.db, world.session.sources, [number], NOON, frozenset())
    assert restore_post(world.db, uid, NOON) is False
    assert load_post_state(world.db, world.db.value("post_of_uid", (uid,))).state == "gone"


def test_a_removed_sighting_keeps_its_keys_unless_it_is_deleted(world: World) -> None:
    (number,) = world.rows("SELECT id FROM sighting WHERE item = 'id:two'")[0]
    uid = get_uid(world, "Entry two")
    for delete, left in ((False, 1), (True, 0)):
        with world.db.transaction():
            remove_sightings(world.db, world.session.sources, [number], NOON, frozenset(), delete=delete)
        assert world.rows(f"SELECT count(*) FROM sighting WHERE id = {number}") == [(left,)]
        assert load_post_state(world.db, world.db.value("post_of_uid", (uid,))).state == "gone"


def test_tombstones_of_a_feed_spare_what_others_have(world: World) -> None:
    with world.db.transaction():
        removed = apply_tombstones(
            world.db, world.session.sources, world.get_source("up"), ["one", "two", "none"], NOON, frozenset()
        )
    assert removed == (2, {"id:one", "id:two"})
    shared, alone = (
        load_post_state(world.db, world.db.value("post_of_uid", (get_uid(world, title),)))
        for title in ("a", "Entry two")
    )
    assert (shared.state, shared.withdrawn) == ("live", 0)
    assert (alone.state, alone.withdrawn) == ("withdrawn", SECOND)
    assert world.rows("SELECT reason FROM post WHERE withdrawn > 0") == [("taken back by up",)]
    with world.db.transaction():
        again = apply_tombstones(
            world.db, world.session.sources, world.get_source("up"), ["two"], NOON, frozenset()
        )
    assert again == (0, {"id:two"})
