"""Published documents, the settings they were rendered with, and which feeds must be written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.models import Written
from feeds.storage import subscriptions
from feeds.storage.documents import (
    PublishedDocuments,
    PublishedFeed,
    RecordedDocument,
    discard_entries,
    load_documents,
    load_documents_of_feeds,
    load_render_settings,
    mark_documents_lost,
    record_publication,
    select_new_warnings,
    use_render_settings,
)
from feeds.storage.feeds import find_feed, load_dirty_feeds
from feeds.storage.reports import load_status_counts
from tests.rigs.memory_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("a", tags="[x]")
    made.build()
    return made


def count_entries(world: World) -> int:
    return world.rows("SELECT count(*) FROM entry")[0][0]


def test_documents_of_feeds_of_no_feed_and_at_paths(world: World) -> None:
    tag = find_feed(world.db, "tag", "x")
    assert tag is not None
    found, is_older = load_documents_of_feeds(world.db, [tag], ["atom.xml"])
    assert not is_older
    assert {path for path in found if "/" in path and "assets" not in path} == {
        f"tag/x/{name}" for name in ("atom.xml", "rss.xml", "feed.json", "index.html")
    }
    assert {"feeds.opml", "index.html", "atom.xml"} <= set(found)
    assert "rss.xml" not in found
    assert found["index.html"].feed is None
    assert found["tag/x/atom.xml"].feed == tag
    assert load_documents(world.db)["atom.xml"].digest == found["atom.xml"].digest
    assert load_status_counts(world.db).documents == len(load_documents(world.db))


def test_a_lost_document_makes_its_feed_dirty(world: World) -> None:
    assert load_dirty_feeds(world.db) == []
    mark_documents_lost(world.db, ["feeds.opml", "missing.xml"])
    assert load_dirty_feeds(world.db) == []
    mark_documents_lost(world.db, ["tag/x/atom.xml"])
    assert [feed.name for feed in load_dirty_feeds(world.db)] == ["x"]


def test_discarding_entries_makes_every_feed_dirty(world: World) -> None:
    assert count_entries(world) == 1
    discard_entries(world.db)
    assert count_entries(world) == 0
    assert len(load_dirty_feeds(world.db)) == 2


def test_other_render_settings_discard_entries(world: World) -> None:
    assert load_render_settings(world.db) is None
    use_render_settings(world.db, "one")
    assert (load_render_settings(world.db), count_entries(world)) == ("one", 1)
    use_render_settings(world.db, "one")
    assert (count_entries(world), load_dirty_feeds(world.db)) == (1, [])
    use_render_settings(world.db, "two")
    assert (load_render_settings(world.db), count_entries(world)) == ("two", 0)
    assert len(load_dirty_feeds(world.db)) == 2


def test_a_publication_is_recorded_with_its_deliveries(world: World) -> None:
    db, tag = world.db, find_feed(world.db, "tag", "x")
    assert tag is not None
    subscriptions.subscribe(db, "atom.xml", "https://cb.example/", "", 2**40)
    mark_documents_lost(db, ["tag/x/atom.xml"])
    (dirty,) = load_dirty_feeds(db)
    record_publication(
        db,
        PublishedDocuments(
            written={"new.xml": Written("d", 1, 2)},
            feed_by_path={"new.xml": tag},
            removed=["rss.xml"],
            published=[PublishedFeed(dirty.wanted, 77, tag)],
            changed=[("atom.xml", "changed")],
            site_url="https://site.example/",
            hubs=["https://hub.example/"],
        ),
    )
    found, _ = load_documents_of_feeds(db, [tag], ["rss.xml"])
    assert found["new.xml"] == RecordedDocument("d", tag)
    assert "rss.xml" not in found
    assert load_dirty_feeds(db) == []
    assert world.rows(f"SELECT updated FROM feed WHERE id = {tag}") == [(77,)]
    assert subscriptions.count_subscriptions(db) == (1, 1)
    assert subscriptions.count_tasks(db, "ping") == 1


def test_a_warning_is_given_once(world: World) -> None:
    assert select_new_warnings(world.db, ["a", "b"]) == ["a", "b"]
    assert select_new_warnings(world.db, ["a", "b"]) == []
    assert select_new_warnings(world.db, ["b", "c"]) == ["c"]
    assert select_new_warnings(world.db, []) == []
    assert select_new_warnings(world.db, ["a"]) == ["a"]
