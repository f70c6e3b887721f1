"""What the store says of posts, files and sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.storage import reports
from feeds.storage.left_out import count_items
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, entries=1, output="archive = []")
    made.post("a", link="https://old.example/a", tags="[x]", id="g1")
    made.post("b", date="2024-04-02 10:00:00 +0000")
    made.post("draft", published="false")
    (made.posts / "bad.md").write_text("---\ntitle: T\nexpiryDate: never\n---\n")
    made.build()
    return made


def get_number(world: World, name: str) -> int:
    return next(n for n, shown in world.rows("SELECT id, shown FROM post") if shown.startswith(f'["{name}"'))


def test_everything_of_a_post(world: World) -> None:
    number = get_number(world, "a")
    post = reports.load_post_report(world.db, number, 1)
    assert (post.number, post.state, post.withdrawn, post.aliases, post.revisions) == (
        number,
        "live",
        0,
        (),
        (),
    )
    assert [(s.source, s.place, s.guid) for s in post.sightings] == [("news", "a.md", "g1")]
    assert {(feed.kind, feed.name, feed.in_window, feed.archive) for feed in post.feeds} == {
        ("all", "", False, 0),
        ("tag", "x", True, 0),
    }
    assert reports.load_title(world.db, number) == "a"


def test_files(world: World) -> None:
    counts = reports.load_folder_counts(world.db, world.get_source("news"))
    assert (counts.read, counts.ignored, counts.unpublished) == (4, 0, 1)
    assert [path for path, _ in counts.rejected] == ["bad.md"]
    assert {(c.outcome, c.vanished, c.files) for c in reports.count_files(world.db, world.get_source("news"))} == {
        ("item", False, 2), ("unpublished", False, 1), ("rejected", False, 1),
    }  # fmt: skip


def test_a_build_counts_folders_posts_and_items_together(world: World) -> None:
    number = world.get_source("news")
    counts = reports.load_build_counts(world.db, [number])
    assert counts.folders == {number: reports.load_folder_counts(world.db, number)}
    assert (counts.posts, counts.items) == (reports.load_post_counts(world.db), count_items(world.db))


def test_counts_of_posts(world: World) -> None:
    assert reports.count_posts(world.db) == {"live": 2}
    found = reports.load_post_counts(world.db)
    assert (found.posts, found.files, found.unpublished, found.left_out, found.entries_left_out) == (
        2,
        2,
        0,
        (),
        (),
    )
    assert sorted(reports.count_posts_of_feeds(world.db).values()) == [1, 2]
    assert reports.load_latest_posts(world.db) == {
        "news": int(NOON.replace(month=4, day=2, hour=10).timestamp())
    }
    assert reports.load_invalid_posts(world.db) == {}


def test_a_sound_store_has_no_faults(world: World) -> None:
    assert reports.is_migrated(world.db)
    assert list(reports.find_faults(world.db)) == []
    world.db._connection.execute("UPDATE member SET post = 99")
    assert any("refer to missing rows" in fault for fault in reports.find_faults(world.db))
    assert len(list(reports.iterate_compressed(world.db))) == 4
