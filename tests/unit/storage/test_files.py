"""Files keep their change tokens; posts of missing files go, unless too many go at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from feeds.storage.files import (
    FolderRemovals,
    FolderScan,
    finish_scan,
    load_file_states,
    load_keys_version,
    load_present_files,
    remove_expired_files,
    touch_files,
)
from feeds.storage.sources import load_sources
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    for name in "abcd":
        made.post(name)
    made.post("draft", published="false")
    made.build()
    return made


def finish(world: World, lost: set[str], **more: object) -> FolderRemovals:
    number = world.get_source("news")
    scan = FolderScan(lost=lost, missing_without_post=(), keep=False, most_removals=None, settings="s")
    context = world.session.build_context(number, early=False)
    return finish_scan(world.db, context, replace(scan, **more))


def list_paths(world: World) -> list[str]:
    return [path for path, _, _ in load_present_files(world.db, world.get_source("news"))]


def test_present_files_are_in_order_and_can_be_touched(world: World) -> None:
    number = world.get_source("news")
    assert list_paths(world) == ["a.md", "b.md", "c.md", "d.md", "draft.md"]
    touch_files(world.db, number, [("b.md", 7, 8)])
    touch_files(world.db, number, [])
    assert load_present_files(world.db, number)[1] == ("b.md", 7, 8)


def test_states_of_changed_and_vanished_files(world: World) -> None:
    number = world.get_source("news")
    assert load_file_states(world.db, number, [], []) == {}
    found = load_file_states(world.db, number, ["a.md", "new.md"], ["b.md"])
    assert set(found) == {"a.md", "b.md"}
    assert (found["a.md"].outcome, found["a.md"].vanished) == ("item", False)
    assert found["a.md"].sighting
    finish(world, {"c.md"}, keep=True)
    found = load_file_states(world.db, number, ["a.md"], [])
    assert set(found) == {"a.md", "c.md"}
    assert found["c.md"].vanished
    many = load_file_states(world.db, number, ["a.md"] * 4097, [])
    assert {"a.md", "b.md", "draft.md"} <= set(many)


def test_posts_of_missing_files_are_removed(world: World) -> None:
    assert finish(world, {"a.md"}, keys="k") == FolderRemovals(1)
    assert list_paths(world) == ["b.md", "c.md", "d.md", "draft.md"]
    assert world.rows("SELECT state, count(*) FROM post GROUP BY state") == [("gone", 1), ("live", 3)]
    source = load_sources(world.db)["news"]
    assert (source.settings, source.complete, source.last_read) == ("s", True, "2024-05-01T12:00:00+00:00")
    assert load_keys_version(world.db, source.number) == "k"
    finish(world, set())
    assert load_keys_version(world.db, source.number) == "k"
    assert load_keys_version(world.db, 99) == ""


def test_kept_posts_stay_and_forgotten_files_are_dropped(world: World) -> None:
    assert finish(world, {"a.md"}, keep=True, missing_without_post=["draft.md"]) == FolderRemovals(0)
    assert list_paths(world) == ["b.md", "c.md", "d.md"]
    assert world.rows("SELECT DISTINCT state FROM post") == [("live",)]


def test_too_many_removals_at_once_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from feeds.storage import files

    asked: list[tuple[int, int, int]] = []

    def refuse(present: int, going: int, most: int) -> str:
        asked.append((present, going, most))
        return "too many"

    monkeypatch.setattr(files, "check_removals", refuse)
    assert finish(world, {"a.md", "b.md"}, most_removals=50) == FolderRemovals(0, "too many")
    assert asked[0][1:] == (2, 50)
    assert list_paths(world) == ["a.md", "b.md", "c.md", "d.md", "draft.md"]
    assert finish(world, {"a.md", "b.md"}, most_removals=None) == FolderRemovals(2)


def test_expired_files_lose_their_posts(world: World) -> None:
    world.post("e", expiryDate="2024-05-02 12:00:00")
    world.build()
    expiry = NOON + timedelta(days=1)
    assert remove_expired_files(world.db, world.session.sources, expiry - timedelta(seconds=1)) == 0
    assert remove_expired_files(world.db, world.session.sources, expiry) == 1
    assert remove_expired_files(world.db, world.session.sources, expiry) == 0
    assert world.rows("SELECT outcome, reason, sighting FROM file WHERE path = 'e.md'") == [
        ("unpublished", "its expiry date has passed", None)
    ]
