"""The documents of sightings, with the source and the place that they were read from."""

from __future__ import annotations

from pathlib import Path

from feeds.storage.bodies import NO_BODY, StoredBody, load_bodies
from feeds.workers.ingest_tasks import decompress
from tests.rigs.memory_world import World


def test_bodies_are_found_by_sighting(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a", "First text")
    world.post("b", "Second text")
    world.ingest()
    (a, _), (b, _) = world.rows("SELECT id, place FROM sighting ORDER BY place")
    found = load_bodies(world.db, [a, 99])
    assert set(found) == {a}
    assert (found[a].source, found[a].place) == ("news", "a.md")
    assert b"First text" in decompress(found[a].document)
    assert set(load_bodies(world.db, [a, b])) == {a, b}
    assert load_bodies(world.db, []) == {}
    assert StoredBody(b"", "", "") == NO_BODY
