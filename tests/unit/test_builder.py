"""What a build counts and reports of the store."""

from __future__ import annotations

from pathlib import Path

from feeds.builder import _count
from feeds.reports import BuildReport
from tests.rigs.memory_world import UPSTREAM, World, build_rss


def count(world: World) -> BuildReport:
    report = BuildReport()
    _count(world.db, world.config, world.session.sources, report)
    return report


def test_files_are_counted_by_outcome(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a")
    world.post("b", published="false")
    world.post("future", date="2030-01-01 10:00:00 +0000")
    (world.posts / "bad.md").write_text("---\ntitle: T\nexpiryDate: never\n---\n")
    world.ingest()
    report = count(world)
    assert (report.read, report.published, report.merged) == (4, 1, 0)
    assert report.unpublished == 2
    assert [Path(rejected["path"]).name for rejected in report.rejected] == ["bad.md"]
    assert report.rejected[0]["path"] == str(world.posts / "bad.md")
    assert report.troubles == []


def test_files_of_one_post_are_counted_as_merged(tmp_path: Path) -> None:
    world = World(tmp_path)
    for name in ("a", "b", "c"):
        world.post(name, guid="https://old.example/same", id="same", link="https://old.example/same")
    world.build()
    report = count(world)
    assert (report.read, report.published, report.merged) == (3, 1, 2)


def test_entries_of_upstream_feeds_are_counted_and_those_left_out_reported(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    bad = "<guid>bad</guid><link>https://up.example/bad</link>"
    world.ingest_feed(build_rss("a", bad))
    world.build()
    report = count(world)
    assert report.read == 0
    assert report.entries["read"] == 2
    assert report.entries["published"] == 2
    # Posts of folders alone are counted here.
    assert report.published == 0
