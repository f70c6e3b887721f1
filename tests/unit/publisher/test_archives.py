"""Archives are closed once they are full, linked from the documents, and rebuilt if they are lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.publisher import archives
from feeds.storage.withdrawal import withdraw_post
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, entries=2)
    for number in range(1, 6):
        made.post(f"post{number}", date=f"2024-04-0{number} 10:00:00 +0000")
    made.build()
    return made


def list_archives(world: World) -> list[str]:
    return sorted(file.name for file in (world.output / "archive").glob("*.atom.xml"))


def test_full_archives_are_closed_and_linked(world: World) -> None:
    assert list_archives(world) == ["1.atom.xml", "2.atom.xml"]
    assert "archive/2.atom.xml" in world.read("atom.xml")
    second = world.read("archive/2.atom.xml")
    assert "archive/1.atom.xml" in second
    assert "<fh:archive" in second or "archive" in second
    assert ("post3" in second, "post4" in second, "post5" in second) == (True, True, False)
    assert "post5" in world.read("atom.xml")


def test_an_archive_never_changes(world: World) -> None:
    before = world.read("archive/1.atom.xml")
    world.post("post6", date="2024-04-06 10:00:00 +0000")
    world.build()
    world.publish(full=True)
    assert world.read("archive/1.atom.xml") == before
    assert list_archives(world) == ["1.atom.xml", "2.atom.xml"]


def test_a_lost_archive_is_rebuilt_with_the_same_bytes(world: World) -> None:
    before = world.read("archive/1.atom.xml")
    (world.output / "archive/1.atom.xml").unlink()
    assert set(world.publish().tree.written) == {"archive/1.atom.xml"}
    assert world.read("archive/1.atom.xml") == before


def test_a_withdrawn_entry_is_cut_out(world: World) -> None:
    uid = next(u for u, shown in world.rows("SELECT uid, shown FROM post") if shown.startswith('["post1"'))
    withdraw_post(world.db, uid, NOON)
    world.publish()
    first = world.read("archive/1.atom.xml")
    assert (uid in first, "post2" in first) == (False, True)


def test_an_older_revision_writes_all_archives_again(world: World) -> None:
    world.db.run("meta_put", ("archives", "0"))
    world.output.joinpath("archive/1.atom.xml").touch()
    published = world.publish()
    assert world.db.value("meta_get", ("archives",)) == archives._REVISION
    assert published.unfinished == set()


def test_an_archive_that_cannot_be_written_leaves_its_feed_unfinished(tmp_path: Path) -> None:
    world = World(tmp_path, entries=2)
    place = world.output / "archive" / "1.atom.xml"
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    for number in range(1, 4):
        world.post(f"post{number}", date=f"2024-04-0{number} 10:00:00 +0000")
    published = world.build()
    assert published.unfinished
    assert place.read_text() == "mine"
    place.unlink()
    world.publish()
    assert "post1" in place.read_text()


def test_a_large_archive_closes_before_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 1)
    world = World(tmp_path, entries=3)
    for number in range(1, 6):
        world.post(f"post{number}", date=f"2024-04-0{number} 10:00:00 +0000")
    world.build()
    assert list_archives(world) == ["1.atom.xml", "2.atom.xml"]
    assert world.read("archive/1.atom.xml").count("<entry>") == 1


def test_batches_are_bounded_and_without_formats_there_are_no_archives(tmp_path: Path, world: World) -> None:
    batch = archives._Batch()
    assert not batch.full
    batch.size = archives._MAX_BATCH_BYTES
    assert batch.full
    assert archives._Batch(feed_by_path={str(n): 1 for n in range(archives._MAX_BATCH_DOCUMENTS)}).full
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other", entries=1, output="archive = []")
    other.post("a")
    other.post("b")
    other.build()
    assert list_archives(other) == []
