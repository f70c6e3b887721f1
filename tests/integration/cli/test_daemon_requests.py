"""Requests for a running daemon are left in the store; the lock shows whether a daemon runs."""

from __future__ import annotations

from pathlib import Path

from feeds.cli.daemon_requests import add_request, reload_daemon
from feeds.storage.control import load_requests
from feeds.storage.sqlite import lock_store
from feeds.storage.store import Store
from tests.rigs.memory_world import World, save_store


def list_requests(world: World) -> list[tuple[str, str]]:
    db = Store.open(world.config.store)
    try:
        return [(request.kind, request.value) for request in load_requests(db)]
    finally:
        db.close()


def test_requests_are_stored_for_the_daemon_that_has_the_lock(tmp_path: Path) -> None:
    world = World(tmp_path)
    save_store(world)
    assert not reload_daemon(world.config)
    assert list_requests(world) == []
    with lock_store(world.config.store):
        assert reload_daemon(world.config)
    assert add_request(world.config, "forget", "news") == 2
    assert list_requests(world) == [("reload", ""), ("forget", "news")]
