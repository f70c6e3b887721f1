"""A post is found by its id, a key, a path, a guid or a title, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.storage.lookup import NoPost, Wanted, find_item
from tests.rigs.memory_world import UPSTREAM, World, build_rss


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, more=UPSTREAM)
    made.post("a", link="https://old.example/a", id="g1")
    made.post("draft", published="false")
    made.ingest()
    made.ingest_feed(build_rss("one"))
    made.publish()
    return made


def find(world: World, text: str = "", *keys: str, path: str = "", by_title: bool = False):
    return find_item(world.db, Wanted(text, text, keys, path, ""), by_title=by_title)


def test_each_way_leads_to_the_post(world: World) -> None:
    number, uid = world.rows("SELECT id, uid FROM post WHERE shown LIKE '[\"a\"%'")[0]
    assert find(world, uid) == number
    assert find(world, "", "url:x", "url:https://old.example/a") == number
    assert find(world, "", "url:x") is None
    assert find(world, path="a.md") == number
    assert find(world, "g1") == number
    assert find(world, "a", by_title=True) == number
    assert find(world, "a") is find(world, "z", by_title=True) is None
    assert find(world, "one") == world.rows("SELECT post FROM sighting WHERE item = 'id:one'")[0][0]


def test_the_id_counts_before_a_path(world: World) -> None:
    (uid,) = world.rows("SELECT uid FROM post WHERE shown LIKE '[\"Entry one\"%'")[0]
    found = find(world, uid, path="a.md")
    assert found == world.rows("SELECT post FROM sighting WHERE item = 'id:one'")[0][0]


def test_a_file_that_is_no_post_has_its_outcome(world: World) -> None:
    found = find(world, path="draft.md")
    assert isinstance(found, NoPost)
    assert (found.source, found.path, found.state) == ("news", "draft.md", "unpublished")
    assert find(world, path="z.md") is None
