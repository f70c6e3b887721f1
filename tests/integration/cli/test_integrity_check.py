"""Damage in a store is reported in a few words, and a sound store has none."""

from __future__ import annotations

from pathlib import Path

from feeds.cli.integrity_check import find_faults
from feeds.session import build_worker_settings
from tests.rigs.memory_world import World, save_store


def find(world: World) -> list[str]:
    return find_faults(world.config.store, build_worker_settings(world.config))


def test_a_sound_store_has_no_faults(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a")
    world.build()
    save_store(world)
    assert find(world) == []


def test_what_is_damaged_is_named_with_the_store(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a")
    world.build()
    world.db._connection.execute("UPDATE payload SET data = x'00'")
    save_store(world)
    (found,) = find(world)
    assert str(world.config.store) in found


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert len(find(world)) == 1
