"""Requests of other commands are applied by whoever has the store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.daemon.control import apply_request, apply_requests, is_current, remove_source, withdraw
from feeds.storage.control import add_request, load_requests
from feeds.storage.sources import add_sources
from feeds.storage.withdrawal import load_post_state
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("a")
    made.build()
    return made


def get_uid(world: World) -> str:
    return world.rows("SELECT uid FROM post")[0][0]


def is_withdrawn(world: World) -> bool:
    return bool(load_post_state(world.db, 1).withdrawn)


def test_requests_that_need_no_daemon_are_applied_in_order(world: World) -> None:
    uid = get_uid(world)
    add_sources(world.db, ["old"])
    for kind, value in (
        ("withdraw", uid),
        ("restore", uid),
        ("withdraw", uid),
        ("reload", ""),
        ("forget", "old"),
    ):
        add_request(world.db, kind, value)
    (world.folder / "state" / "ledger.jsonl").write_text("bad\n")
    troubles = apply_requests(world.session)
    assert len(troubles) == 1
    assert is_withdrawn(world)
    assert [request.kind for request in load_requests(world.db)] == ["reload"]
    assert world.rows("SELECT name FROM source") == [("news",)]


def test_a_withdrawal_is_written_to_the_ledger_at_once(world: World) -> None:
    uid, file = get_uid(world), world.folder / "state" / "ledger.jsonl"
    assert withdraw(world.db, file, uid, False, NOON)
    assert uid in file.read_text()
    assert not withdraw(world.db, file, uid, False, NOON)
    assert withdraw(world.db, file, uid, True, NOON)
    assert "withdrawn" not in file.read_text()
    assert not withdraw(world.db, file, "urn:x", True, NOON)


def test_a_source_is_removed_only_if_it_is_not_configured(world: World) -> None:
    def remove(name: str) -> int:
        return remove_source(world.db, world.session.configured, name, lambda: NOON)

    assert (remove("news"), remove("unknown")) == (0, 0)
    world.session.configured = ()
    assert apply_request(world.session, "forget", "news") == 1
    assert world.rows("SELECT name FROM source") == []


@pytest.mark.parametrize(("seconds", "current"), [(0, True), (119, True), (120, False), (-1, False)])
def test_a_request_is_current_for_a_while(seconds: int, current: bool) -> None:
    when = NOON - timedelta(seconds=seconds)
    assert is_current(str(when.timestamp()), lambda: NOON) is current
