"""Sources keep their numbers, what they were read with, and leave nothing behind when they are removed."""

from __future__ import annotations

from pathlib import Path

from feeds.storage.sources import add_sources, load_lists, load_sources, mark_source_read, remove_source
from tests.rigs.memory_store import open_memory_store
from tests.rigs.memory_world import World


def test_sources_are_added_once() -> None:
    db = open_memory_store()
    assert {name: source.number for name, source in add_sources(db, ["b", "a"]).items()} == {"b": 1, "a": 2}
    assert add_sources(db, ["a", "c"])["c"].number == 3
    source = load_sources(db)["a"]
    assert (source.name, source.settings, source.complete, source.last_read) == ("a", "", False, "")
    mark_source_read(db, 2, "digest", "2024-05-01T12:00:00+00:00")
    source = load_sources(db)["a"]
    assert (source.settings, source.complete) == ("digest", True)
    assert source.last_read == "2024-05-01T12:00:00+00:00"
    assert load_lists(db) == {}


def test_a_removed_source_leaves_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    for name in ("a", "b"):
        world.post(name)
    world.build()
    number = world.get_source("news")
    assert remove_source(world.db, world.session.sources, number, world.now) == 2
    assert load_sources(world.db) == {}
    for table in ("file", "sighting", "payload", "sighting_key", "member"):
        assert world.rows(f"SELECT count(*) FROM {table}") == [(0,)]
    assert world.rows("SELECT DISTINCT state FROM post") == [("gone",)]
    assert remove_source(world.db, world.session.sources, number, world.now) == 0
