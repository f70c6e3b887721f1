"""Entries that leave a document and come back under another name are recognised; what stays is not touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.storage.entry_window import load_window, store_window
from tests.rigs.memory_world import UPSTREAM, World, build_rss


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, more=UPSTREAM)


def entry(guid: str, text: str) -> str:
    date = "<pubDate>Mon, 01 Apr 2024 10:00:00 GMT</pubDate>"
    return f"<title>{text}</title><guid isPermaLink='false'>{guid}</guid>{date}<description>{text} {'x ' * 50}</description>"


def test_the_window_is_that_of_the_last_document(world: World) -> None:
    with world.db.transaction():
        store_window(world.db, 1, (), {"a", "b"})
        store_window(world.db, 2, (), {"z"})
        store_window(world.db, 1, load_window(world.db, 1), {"b", "c"})
    assert load_window(world.db, 1) == {"b", "c"}
    assert load_window(world.db, 2) == {"z"}


def test_a_renamed_entry_stays_the_same_post(world: World) -> None:
    world.ingest_feed(build_rss(entry("1", "Apples"), entry("2", "Pears")))
    world.publish()
    report = world.ingest_feed(build_rss(entry("x1", "Apples"), entry("2", "Pears")))
    assert (report.new, world.rows("SELECT count(*) FROM post")) == (0, [(2,)])
    assert load_window(world.db, world.get_source("up")) == {"id:x1", "id:2"}
    assert "renamed" in {kind for (kind,) in world.rows("SELECT kind FROM ledger")}


def test_an_entry_beside_the_old_entry_is_new(world: World) -> None:
    world.ingest_feed(build_rss(entry("1", "Apples")))
    world.publish()
    report = world.ingest_feed(build_rss(entry("x1", "Apples"), entry("1", "Apples")))
    assert report.new == 1


def test_a_moved_feed_is_a_note(world: World) -> None:
    world.ingest_feed(build_rss(entry("1", "Apples"), entry("2", "Pears")))
    report = world.ingest_feed(build_rss(entry("x1", "Apples"), entry("x2", "Pears")))
    assert report.notes == ["source up: the feed has moved: 2 of its 2 entries have other guids"]
