"""Changed settings are applied to stored entries, without fetching their feeds."""

from __future__ import annotations

from pathlib import Path

from feeds.identity import ENTRY_KEYS
from feeds.ingest.reprocess import reprocess_entries
from feeds.storage.sources import load_sources
from feeds.storage.upstreams import load_keys_version, load_upstreams
from tests.rigs.memory_world import UPSTREAM, World, build_rss


def build(folder: Path) -> World:
    world = World(folder, more=UPSTREAM)
    world.ingest_feed(build_rss("a", "b"))
    world.publish()
    return world


def reprocess(world: World) -> int:
    return reprocess_entries(world.session, world.session.register_upstreams()[0])


def test_without_a_change_nothing_is_parsed(tmp_path: Path) -> None:
    world = build(tmp_path)
    before = world.rows("SELECT id, data FROM sighting")
    world.session.workers.process = None  # type: ignore[assignment]
    assert reprocess(world) == 0
    assert world.rows("SELECT id, data FROM sighting") == before


def test_a_changed_setting_changes_the_entries_and_no_date(tmp_path: Path) -> None:
    world = build(tmp_path)
    dates = world.rows("SELECT uid, updated, surfaced FROM post ORDER BY id")
    world.configure(more=UPSTREAM + 'categories = ["new"]\n')
    assert reprocess(world) == 0
    assert world.rows("SELECT uid, updated, surfaced FROM post ORDER BY id") == dates
    assert world.rows("SELECT count(*) FROM member JOIN feed ON id = feed WHERE name = 'new'") == [(2,)]
    digest = load_sources(world.db)["up"].settings
    world.session.workers.process = None  # type: ignore[assignment]
    reprocess(world)
    assert load_sources(world.db)["up"].settings == digest


def test_a_source_that_was_never_read_has_nothing_to_parse(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.session.workers.process = None  # type: ignore[assignment]
    assert reprocess(world) == 0
    assert load_sources(world.db)["up"].settings == ""


def test_a_new_rule_for_keys_needs_the_complete_document(tmp_path: Path) -> None:
    world = build(tmp_path)
    number = world.get_source("up")
    execute = world.db._connection.execute
    execute(
        "UPDATE upstream SET state = ?", ('{"etag": "x", "digest": "y", "url": "https://moved.example/"}',)
    )
    execute("UPDATE meta SET value = '0' WHERE name = ?", (f"entry_keys_{number}",))
    world.configure(more=UPSTREAM + 'categories = ["new"]\n')
    reprocess(world)
    assert load_keys_version(world.db, number) == ENTRY_KEYS
    assert load_upstreams(world.db)["up"].state == '{"url":"https://moved.example/"}'
