"""Folders are scanned, changed files read, and what the scan means is stored."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from feeds.errors import UsageError
from feeds.ingest.folder import find_lost_files, ingest_folder, ingest_paths, select_digests
from feeds.protocols import FileState
from feeds.reports import Ingested
from tests.rigs.memory_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    for name in "abc":
        made.post(name, f"Text of {name}")
    return made


def scan(world: World) -> Ingested:
    report = Ingested()
    ingest_folder(world.session, world.session.folders[0], report)
    return report


def read_paths(world: World, *paths: str) -> Ingested:
    report = Ingested()
    ingest_paths(world.session, world.session.folders[0], paths, report)
    return report


def list_live(world: World) -> list[str]:
    rows = world.rows("SELECT shown FROM post WHERE state = 'live' ORDER BY id")
    return [shown.split('"')[1] for (shown,) in rows]


def test_only_changed_files_are_read(world: World) -> None:
    first = scan(world)
    assert (first.new, first.changed, first.unchanged) == (3, 0, 0)
    world.publish()
    again = scan(world)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 3)
    os.utime(world.posts / "a.md", ns=(1, 1))
    world.post("b", "Another text")
    third = scan(world)
    assert (third.new, third.changed, third.unchanged) == (0, 1, 2)
    assert world.rows("SELECT mtime FROM file WHERE path = 'a.md'") == [(1,)]


def test_the_outcomes_of_files_are_reported(world: World) -> None:
    (world.posts / "broken.md").write_text('---\ntitle: "a "b""\n---\nText\n')
    (world.posts / "bad.md").write_text("---\ntitle: T\nexpiryDate: never\n---\nText\n")
    report = scan(world)
    assert (report.repaired, [file["path"] for file in report.rejected]) == (1, ["bad.md"])
    assert report.rejected[0]["reason"]


def test_posts_of_missing_files_go_and_renamed_files_stay(world: World) -> None:
    scan(world)
    world.publish()
    (world.posts / "a.md").rename(world.posts / "z.md")
    (world.posts / "b.md").unlink()
    report = scan(world)
    assert (report.new, report.gone) == (0, 1)
    assert sorted(list_live(world)) == ["a", "c"]
    assert world.rows("SELECT count(*) FROM post WHERE uid IS NOT NULL") == [(3,)]


def test_removals_of_most_posts_are_refused(world: World) -> None:
    for number in range(20):
        world.post(f"p{number}")
    scan(world)
    world.publish()
    for file in world.posts.glob("*.md"):
        file.unlink()
    report = scan(world)
    assert report.gone == 0
    assert report.troubles[0].startswith("source news: ")
    assert report.troubles[0].endswith("run `feedd build --allow-removals`")
    world.session.most_removals = None
    assert scan(world).gone == 23


def test_posts_of_missing_files_stay_if_the_source_keeps_them(tmp_path: Path) -> None:
    world = World(tmp_path, source='on_remove = "keep"')
    world.post("a")
    scan(world)
    (world.posts / "a.md").unlink()
    assert scan(world).gone == 0
    assert list_live(world) == ["a"]


def test_changed_settings_parse_unchanged_files_again(world: World) -> None:
    scan(world)
    world.publish()
    before = world.rows("SELECT updated FROM post")
    world.configure(source='categories = ["new"]')
    report = scan(world)
    assert (report.new, report.changed, report.unchanged) == (0, 3, 3)
    assert world.rows("SELECT updated FROM post") == before
    assert world.rows("SELECT count(*) FROM feed WHERE name = 'new'") == [(1,)]


def test_single_paths_are_read_alone(world: World) -> None:
    scan(world)
    world.post("b", "Another text")
    world.post("d")
    (world.posts / "c.md").unlink()
    report = read_paths(world, "b.md", "c.md", "other.txt")
    assert (report.new, report.changed, report.gone) == (0, 1, 1)
    assert sorted(list_live(world)) == ["a", "b"]
    assert read_paths(world, "d.md").new == 1


def test_a_missing_folder_is_an_error(world: World) -> None:
    shutil.rmtree(world.posts)
    with pytest.raises(UsageError, match="no such folder"):
        scan(world)
    assert world.ingest().troubles[0].startswith("source news: ")


def test_lost_files_and_known_digests() -> None:
    def state(sighting: int | None, vanished: bool) -> FileState:
        return FileState(1, 2, b"d%d" % (sighting or 0), sighting, vanished, "item")

    known = {
        "gone": state(1, False),
        "before": state(2, True),
        "here": state(3, False),
        "none": state(None, False),
    }
    assert find_lost_files(known, ["gone", "none"]) == {"gone": b"d1", "before": b"d2"}
    assert select_digests(known, [("here", 1, 2), ("before", 1, 2), ("new", 1, 2)]) == {"here": b"d3"}
