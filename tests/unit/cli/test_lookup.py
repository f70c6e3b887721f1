"""A post is found by what users know of it: id, address, key, path, guid or title."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.cli.lookup import find_item, find_post
from feeds.errors import UsageError
from feeds.storage.lookup import NoPost
from tests.rigs.memory_world import UPSTREAM, World, build_rss

RULE = "[[identity]]\nname = \"code\"\npattern = 'code=(?P<key>\\d+)'\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, more=UPSTREAM + RULE)
    made.post("a", title="The title", link="https://old.example/?code=77")
    made.post("draft", published="false")
    made.ingest()
    made.ingest_feed(build_rss("one", "two", "two"))
    made.publish()
    return made


def get_number(world: World, title: str) -> int:
    return next(n for n, shown in world.rows("SELECT id, shown FROM post") if shown.startswith(f'["{title}"'))


def test_ways_to_a_post(world: World) -> None:
    number = get_number(world, "The title")
    (uid,) = world.rows(f"SELECT uid FROM post WHERE id = {number}")[0]
    page = "https://site.example/feeds/2024/04/01/a.html"
    for wanted in (
        uid,
        "77",
        "NW77",
        "https://old.example/?code=77",
        "https://other.example/?code=77",
        page,
        "a.md",
        str(world.posts / "a.md"),
    ):
        assert find_post(world.db, world.config, wanted) == number, wanted
    assert find_post(world.db, world.config, "two") == get_number(world, "Entry two")
    assert find_post(world.db, world.config, "https://up.example/one") == get_number(world, "Entry one")


def test_a_title_is_enough_to_explain(world: World) -> None:
    assert find_item(world.db, world.config, "The title") == get_number(world, "The title")
    with pytest.raises(UsageError, match="no post has this path, URL or id"):
        find_post(world.db, world.config, "The title")
    with pytest.raises(UsageError, match="no post has this path, URL or id"):
        find_item(world.db, world.config, "Another")


def test_what_is_no_post_has_its_reason(world: World) -> None:
    found = find_item(world.db, world.config, "draft.md")
    assert isinstance(found, NoPost)
    assert (found.source, found.path, found.state) == ("news", "draft.md", "unpublished")
    with pytest.raises(UsageError, match=r"news: draft\.md: unpublished: "):
        find_post(world.db, world.config, "draft.md")
    world.db._connection.execute("UPDATE left_out SET title = 'Left', detail = 'twice'")
    left = find_item(world.db, world.config, "Left")
    assert left == NoPost(
        "up",
        "",
        "left out",
        "it equals another entry of the document (twice)",
        "Left",
        "https://up.example/two",
    )


def test_a_post_is_found_by_a_very_long_address(tmp_path: Path) -> None:
    address = "https://old.example/" + "x" * 3000
    world = World(tmp_path)
    world.post("a", title="The title", link=address)
    world.ingest()
    world.publish()
    assert isinstance(find_item(world.db, world.config, address), int)
