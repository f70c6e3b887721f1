"""The state of upstream feeds is stored with what their documents bring, and guids that change lose no post."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from feeds.identity import ENTRY_KEYS
from feeds.storage import upstreams
from feeds.storage.left_out import LeftOut
from feeds.storage.records import Reading
from feeds.storage.sources import load_lists, load_sources
from tests.rigs.sightings import NOON, SightingStore, build_reading


@pytest.fixture
def store() -> SightingStore:
    return SightingStore()


def get_number(store: SightingStore, name: str = "up") -> int:
    return next(number for number, (known, _) in store.sources.items() if known == name)


def build_poll(store: SightingStore, outcome: str = "read", name: str = "up") -> upstreams.PollResult:
    return upstreams.PollResult(get_number(store, name), "{}", 50, "every", 40, outcome, "")


def entry(name: str, keys: str, **values: Any) -> Reading:
    return build_reading(name, keys, source="up", rank=1, **values)


def ingest(store: SightingStore, *readings: Reading, **values: Any) -> upstreams.FeedCounts:
    store.now += timedelta(hours=1)
    fields: dict[str, Any] = {
        "readings": readings,
        "renamed": (),
        "blocked": (),
        "window": [reading.path for reading in readings],
        "poll": build_poll(store),
        "head": {"title": "é"},
        "settings": "digest",
    }
    update = upstreams.FeedUpdate(**(fields | values))
    return upstreams.ingest_document(store.db, store.build_context("up"), update)


def test_the_state_of_a_poll_is_stored_by_its_source(store: SightingStore) -> None:
    assert upstreams.load_upstreams(store.db) == {}
    upstreams.save_polls(store.db, [build_poll(store), build_poll(store, "failed", "news")])
    found = upstreams.load_upstreams(store.db)
    assert found["up"] == upstreams.UpstreamRow("{}", {}, 50, "every", 40, "read", "")
    assert found["news"].outcome == "failed"
    upstreams.save_polls(store.db, [build_poll(store, "refused")._replace(head={"verdict": "é"})])
    row = upstreams.load_upstreams(store.db)["up"]
    assert (row.outcome, row.head) == ("refused", {"verdict": "é"})
    upstreams.save_polls(store.db, [build_poll(store)._replace(document=b"<opml/>")])
    assert load_lists(store.db) == {"up": b"<opml/>"}


def test_a_document_is_stored_with_its_state(store: SightingStore) -> None:
    counts = ingest(store, entry("a", "url:1"), entry("b", "url:2"), digests=[b"x"])
    assert counts == (2, 0, 0, 0, 0)
    row = upstreams.load_upstreams(store.db)["up"]
    assert (row.head, row.outcome, row.due) == ({"title": "é"}, "read", 50)
    assert load_sources(store.db)["up"].settings == "digest"
    number = get_number(store)
    assert upstreams.load_keys_version(store.db, number) == ENTRY_KEYS
    assert ingest(store, entry("a", "url:1", title="A")).window == 2
    assert upstreams.count_entries(store.db) == {number: 2}


def test_a_document_of_the_history_changes_no_state(store: SightingStore) -> None:
    number = get_number(store)
    assert upstreams.load_history_position(store.db, number) == ""
    ingest(store, entry("a", "url:1"), poll=None, position="page 2", head=None)
    assert upstreams.load_upstreams(store.db)["up"].polled is None
    assert upstreams.load_history_position(store.db, number) == "page 2"
    assert upstreams.load_keys_version(store.db, number) == 0
    upstreams.save_history_position(store.db, number, "page 3")
    assert upstreams.load_history_position(store.db, number) == "page 3"


def test_known_entries_are_found_by_their_digest(store: SightingStore) -> None:
    left_out = [LeftOut(b"r", "rejected"), LeftOut(b"t", "too long")]
    entries = (entry("a", "url:1", digest=b"a"), entry("b", "url:2", digest=b"b"))
    ingest(store, *entries, digests=[b"a", b"b", b"r"], left_out=left_out, blocked=["url:9"])
    number = get_number(store)
    found = upstreams.find_known_entries(store.db, store.sources, number, [b"a", b"r", b"z"])
    assert [s.item for s in found.entries] == ["id:a"]
    assert (set(found.rejected), set(found.removed), found.blocked) == ({b"r"}, set(), {"url:9"})
    store.db._connection.execute("UPDATE sighting SET gone = 1 WHERE item = 'id:b'")
    assert set(upstreams.find_known_entries(store.db, store.sources, number, []).removed) == {"id:b"}
    assert upstreams.find_known_items(store.db, number, ["id:a", "id:b", "id:c"]) == {"id:a", "id:b"}
    assert upstreams.find_known_items(store.db, get_number(store, "news"), ["id:a"]) == frozenset()


def test_a_changed_guid_is_recognised_by_the_address(store: SightingStore) -> None:
    ingest(store, entry("a", "url:1"))
    counts = ingest(store, entry("new", "url:1"))
    assert (counts.new, counts.changed, store.list_posts()) == (0, 1, [["new"]])


def test_two_entries_with_one_address_are_two_entries(store: SightingStore) -> None:
    ingest(store, entry("a", "url:1"))
    assert ingest(store, entry("a", "url:1"), entry("b", "url:1")).new == 1
    # The old entry is in the document, unchanged.
    assert ingest(store, entry("c", "url:1"), present=["id:a", "id:b"]).new == 1


def test_a_blocked_address_replaces_nothing(store: SightingStore) -> None:
    ingest(store, entry("a", "url:1"))
    assert ingest(store, entry("new", "url:1"), blocked=["url:1"]).new == 1
    assert store.db.rows("ledger_of_kind", ("burnt",)) == [("url:1", "")]


def test_renamed_items_have_one_candidate(store: SightingStore) -> None:
    ingest(store, entry("a", "url:1"), entry("b", "url:2"), entry("c", "url:2"))
    find, number = upstreams.find_renamed_items, get_number(store)
    assert find(store.db, number, {}, ()) == {}
    assert find(store.db, number, {"url:1": "id:x"}, ()) == {"id:x": "id:a"}
    assert find(store.db, number, {"url:1": "id:x"}, ["id:a"]) == {}
    assert find(store.db, number, {"url:2": "id:x"}, ()) == {}
    assert find(store.db, number, {"url:2": "id:x"}, ["id:b"]) == {"id:x": "id:c"}
    assert find(store.db, number, {"url:1": "id:a"}, ()) == {}
    assert find(store.db, get_number(store, "news"), {"url:1": "id:x"}, ()) == {}


def test_blocking_keys_parts_the_posts_that_they_joined(store: SightingStore) -> None:
    ingest(store, entry("a", "url:1"), entry("b", "url:1"))
    assert store.list_posts() == [["a", "b"]]
    with store.db.transaction():
        upstreams.block_keys(store.db, store.sources, ["url:1"], NOON)
    assert store.list_posts() == [["a"], ["b"]]


def test_a_tombstone_removes_before_entries_are_stored(store: SightingStore) -> None:
    ingest(store, entry("a", "guid:up:a"), entry("b", "url:2"))
    counts = ingest(store, withdrawn=["a"], window=["id:b"], present=["id:b"])
    assert counts.removed == 1
    states = dict(store.select("SELECT item, state FROM sighting JOIN post ON post.id = post"))
    assert states == {"id:a": "withdrawn", "id:b": "live"}


def test_entries_get_other_names_unless_these_are_taken(store: SightingStore) -> None:
    ingest(store, entry("a", "url:1"), entry("b", "url:2"))
    number = get_number(store)
    entries = upstreams.find_known_entries(store.db, store.sources, number, [b"a", b"b"]).entries
    with store.db.transaction():
        upstreams.rename_items(store.db, [(s, "id:b" if s.item == "id:a" else "id:c") for s in entries])
    # The name of the first is taken, because it is renamed before the second.
    assert store.select("SELECT item FROM sighting ORDER BY item") == [("id:a",), ("id:c",)]


def test_stored_entries_are_read_in_order(store: SightingStore) -> None:
    ingest(store, entry("a", "url:1"), entry("b", "url:2"))
    number = get_number(store)
    every = upstreams.load_entries_after(store.db, number, 0)
    assert [(e.item, e.digest, e.document) for e in every] == [("id:a", b"a", b"a"), ("id:b", b"b", b"b")]
    assert upstreams.load_entries_after(store.db, number, every[0].number) == every[1:]
    assert upstreams.load_entries_after(store.db, number, every[1].number) == []


def test_the_rule_of_keys_has_a_number(store: SightingStore) -> None:
    number = get_number(store)
    upstreams.save_polls(store.db, [build_poll(store)])
    upstreams.save_keys_version(store.db, number, 5, '{"etag": "x"}')
    assert upstreams.load_keys_version(store.db, number) == 5
    assert upstreams.load_keys_version(store.db, get_number(store, "news")) == 0
    assert upstreams.load_upstreams(store.db)["up"].state == '{"etag": "x"}'


def test_held_hosts_are_replaced(store: SightingStore) -> None:
    upstreams.hold_hosts(store.db, {"a.example": NOON, "b.example": NOON})
    upstreams.hold_hosts(store.db, {"b.example": NOON + timedelta(hours=1)})
    assert upstreams.load_held_hosts(store.db) == {"b.example": NOON + timedelta(hours=1)}
