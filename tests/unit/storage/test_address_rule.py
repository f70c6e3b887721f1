"""Keys of an older rule for addresses become keys of the rule of now, once; published ids stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.errors import StoreError
from feeds.storage.address_rule import follow_address_rule
from feeds.values.urls import CANONICAL_RULE, canonicalise, canonicalise_by_rule_2
from tests.rigs.memory_world import NOON, World

LINK = "https://straße.example/a"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("a", link=f'"{LINK}"')
    made.post("b", link="https://up.example/plain")
    made.build()
    return made


def test_addresses_get_the_key_of_the_new_rule(world: World) -> None:
    link, old, new = LINK, canonicalise_by_rule_2(LINK), canonicalise(LINK)
    assert old != new
    db = world.db
    (number,) = world.rows("SELECT id FROM sighting WHERE place = 'a.md'")[0]
    (post,) = world.rows(f"SELECT post FROM sighting WHERE id = {number}")[0]
    (uid,) = world.rows(f"SELECT uid FROM post WHERE id = {post}")[0]
    execute = db._connection.execute
    execute("UPDATE sighting SET data = json_set(data, '$[1]', ?) WHERE id = ?", (link, number))
    execute("DELETE FROM sighting_key WHERE sighting = ? AND key LIKE 'url:%'", (number,))
    execute("INSERT INTO sighting_key VALUES (?, ?, 1)", (f"url:{old}", number))
    execute("DELETE FROM key WHERE post = ?", (post,))
    execute("INSERT INTO key VALUES (?, ?)", (f"url:{old}", post))
    execute("INSERT OR IGNORE INTO burnt VALUES (?)", (f"url:{old}",))
    execute("DELETE FROM meta WHERE name = 'address_rule'")
    assert follow_address_rule(db, world.session.sources, NOON) == 1
    keys = {key for (key,) in world.rows(f"SELECT key FROM sighting_key WHERE sighting = {number}")}
    assert f"url:{new}" in keys
    assert f"url:{old}" not in keys
    assert (f"url:{new}",) in world.rows("SELECT key FROM burnt")
    assert world.rows(f"SELECT count(*) FROM key WHERE key = 'url:{old}'") == [(0,)]
    assert world.rows("SELECT uid FROM post WHERE state = 'live' AND uid = '" + uid + "'") == [(uid,)]
    assert world.rows("SELECT value FROM meta WHERE name = 'address_rule'") == [(str(CANONICAL_RULE),)]
    assert follow_address_rule(db, world.session.sources, NOON) == 0


def test_a_damaged_sighting_is_named(world: World) -> None:
    world.db._connection.execute("UPDATE sighting SET data = '[1]'")
    world.db._connection.execute("DELETE FROM meta WHERE name = 'address_rule'")
    with pytest.raises(StoreError, match="the store"):
        follow_address_rule(world.db, world.session.sources, NOON)
