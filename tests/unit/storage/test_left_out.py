"""Entries that became no item are counted and found; what became of all items adds up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from feeds.storage.left_out import (
    LeftOut,
    count_items,
    find_left_out,
    load_rejected_digests,
    store_left_out,
)
from feeds.storage.sources import add_sources
from feeds.storage.withdrawal import withdraw_post
from tests.rigs.memory_store import open_memory_store
from tests.rigs.memory_world import UPSTREAM, World, build_rss


def test_what_a_document_leaves_out_replaces_what_the_document_before_left_out() -> None:
    db = open_memory_store()
    add_sources(db, ["up"])
    slow = LeftOut(b"1", "rejected", "too slow", "Slow", "g1", "https://a.example/1")
    long = LeftOut(b"2", "too long", "", "Long", "g2", "https://a.example/2", 3)
    store_left_out(db, 1, [b"1", b"2"], [slow, long])
    assert load_rejected_digests(db, 1, [b"1", b"2", b"3"]) == {b"1"}
    for wanted in ("Slow", "g1", "https://a.example/1"):
        assert find_left_out(db, wanted) == [("up", slow._replace(digest=b""))]
    assert find_left_out(db, "other") == []
    counts = count_items(db)
    assert counts.entries == {
        "read": 4,
        "published": 0,
        "merged": 0,
        "unpublished": 0,
        "rejected": 4,
        "repeated": 0,
    }
    assert counts.reasons == {"left out: it is too long": 3, "left out: it was rejected": 1}
    # Rejected entries stay while the document has them, for they are not parsed again.
    store_left_out(db, 1, [b"1"], [])
    assert load_rejected_digests(db, 1, [b"1"]) == {b"1"}
    assert find_left_out(db, "Long") == []
    store_left_out(db, 1, [b"9"], [])
    assert load_rejected_digests(db, 1, [b"1"]) == set()


def test_every_entry_is_counted_once(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.post("a", link="https://up.example/one")
    world.ingest()
    world.ingest_feed(build_rss("one", "two", "three", "three"))
    world.publish()
    counts = count_items(world.db)
    assert counts.entries == {
        "read": 4,
        "published": 2,
        "merged": 1,
        "unpublished": 0,
        "rejected": 0,
        "repeated": 1,
    }
    assert counts.reasons == {"left out: it equals another entry of the document": 1}
    (uid,) = world.rows("SELECT uid FROM post WHERE shown LIKE '[\"Entry two%'")[0]
    withdraw_post(world.db, uid, world.now)
    counts = count_items(world.db)
    assert (counts.entries["published"], counts.entries["unpublished"]) == (1, 1)
    assert counts.reasons["withdrawn"] == 1


def test_files_in_no_feed_have_a_reason(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("later", date=f"{world.now + timedelta(days=2):%Y-%m-%d}")
    world.post("draft", published="false")
    world.ingest()
    reasons = count_items(world.db).reasons
    assert reasons["scheduled"] == 1
    assert sum(reasons.values()) == 2
