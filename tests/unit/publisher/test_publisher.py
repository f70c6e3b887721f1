"""The steps of a publication: what is written, what is removed, what is recorded and what waits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.errors import StoreError
from feeds.publisher.publisher import warm_up, write_ledger
from feeds.storage import subscriptions
from feeds.storage.feeds import load_dirty_feeds
from feeds.storage.withdrawal import withdraw_post
from tests.rigs.memory_world import NOON, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, entries=3)
    made.post("a", tags="[x]")
    made.build()
    return made


def list_tag(world: World, name: str = "x") -> list[str]:
    return (
        sorted(file.name for file in (world.output / "tag" / name).glob("*"))
        if (world.output / "tag" / name).exists()
        else []
    )


def test_without_news_nothing_is_written(world: World) -> None:
    published = world.publish()
    assert not published.tree.written
    assert not published.tree.removed
    assert published.held == {}
    assert load_dirty_feeds(world.db) == []


def test_only_changed_feeds_are_written(world: World) -> None:
    world.post("b", date="2024-04-02 10:00:00 +0000", tags="[y]")
    written = world.build().tree.written
    assert "tag/y/atom.xml" in written
    assert "tag/x/atom.xml" not in written
    assert "<title" in world.read("tag/y/atom.xml")


def test_a_lost_document_is_written_again_and_a_full_run_writes_all(world: World) -> None:
    (world.output / "tag/x/rss.xml").unlink()
    assert set(world.publish().tree.written) == {"tag/x/rss.xml"}
    before = world.read("atom.xml")
    world.publish(full=True)
    assert world.read("atom.xml") == before


def test_a_feed_without_posts_loses_its_documents(world: World) -> None:
    (uid,) = world.rows("SELECT uid FROM post")[0]
    withdraw_post(world.db, uid, NOON)
    published = world.publish()
    assert "tag/x/atom.xml" in published.tree.removed
    assert list_tag(world) == []
    assert not (world.output / "atom.xml").exists()
    assert (world.output / "index.html").exists()


def test_posts_that_left_are_named_for_a_month(world: World) -> None:
    world.post("b", date="2024-04-02 10:00:00 +0000")
    world.build()
    uid = next(u for u, shown in world.rows("SELECT uid, shown FROM post") if shown.startswith('["a"'))
    withdraw_post(world.db, uid, NOON)
    world.now += timedelta(days=30)
    world.publish()
    assert "deleted-entry" in world.read("atom.xml")
    assert uid in world.read("atom.xml")
    world.now += timedelta(seconds=1)
    world.publish(full=True)
    assert uid not in world.read("atom.xml")


def test_an_unmanaged_file_is_held_back_and_tried_again(world: World) -> None:
    world.post("b", tags="[y]")
    place = world.output / "tag/y/atom.xml"
    place.parent.mkdir(parents=True)
    place.write_text("mine")
    published = world.build()
    assert "tag/y/atom.xml" in published.held
    assert place.read_text() == "mine"
    assert "y" in [feed.name for feed in load_dirty_feeds(world.db)]
    place.unlink()
    assert "tag/y/atom.xml" in world.publish().tree.written
    assert load_dirty_feeds(world.db) == []


def test_a_dry_run_changes_nothing(world: World) -> None:
    world.post("b")
    world.ingest()
    before = world.read("atom.xml")
    published = world.publish(dry=True)
    assert "atom.xml" in published.tree.written
    assert world.read("atom.xml") == before
    assert load_dirty_feeds(world.db)


def test_subscribers_get_new_bytes_alone(world: World) -> None:
    subscriptions.subscribe(world.db, "atom.xml", "https://cb.example/", "", 2**40)
    (world.output / "atom.xml").unlink()
    world.publish()
    assert subscriptions.count_subscriptions(world.db) == (1, 0)
    world.post("b")
    world.build()
    assert subscriptions.count_subscriptions(world.db) == (1, 1)


def test_old_addresses_serve_the_same_bytes(tmp_path: Path) -> None:
    world = World(tmp_path, more='[aliases]\n"old.xml" = "atom.xml"\n')
    world.post("a")
    world.build()
    assert world.read("old.xml") == world.read("atom.xml")


def test_limits_remove_posts_before_documents_are_written(tmp_path: Path) -> None:
    world = World(tmp_path, output='keep = "1"')
    world.post("a")
    world.post("b", date="2024-04-02 10:00:00 +0000")
    world.build()
    assert world.rows("SELECT state FROM post ORDER BY published") == [("expired",), ("live",)]
    assert world.read("atom.xml").count("<entry>") == 1


def test_warming_up_needs_a_post(tmp_path: Path, world: World) -> None:
    warm_up(world.session)
    (tmp_path / "empty").mkdir()
    warm_up(World(tmp_path / "empty").session)


def test_the_ledger_file_follows_the_store(world: World, tmp_path: Path) -> None:
    file = tmp_path / "state" / "ledger.jsonl"
    world.db.run("ledger_put", ("burnt", "url:x", ""))
    assert write_ledger(world.db, file) == {}
    assert file.read_text().splitlines() == ['{"burnt": "url:x"}', '{"form": "file-ids", "value": "path"}']
    assert write_ledger(world.db, file) == {}
    target = tmp_path / "elsewhere"
    file.rename(target)
    file.symlink_to(target)
    world.db.run("ledger_put", ("burnt", "url:y", ""))
    assert "symbolic link" in write_ledger(world.db, file)[str(file)]
    assert "url:y" not in target.read_text()
    with pytest.raises(StoreError, match="cannot be written"):
        write_ledger(world.db, target / "ledger.jsonl")
