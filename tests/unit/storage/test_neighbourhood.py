"""What a change may affect: everything that keys connect with it, and nothing else."""

from __future__ import annotations

import pytest

from feeds.identity import Group
from feeds.storage.neighbourhood import (
    Change,
    find_held_outside,
    load_blocked_keys,
    load_keys,
    load_neighbourhood,
    load_owners,
    load_owners_of_blocked,
    load_posts,
)
from tests.rigs.sightings import SightingStore, build_reading, build_sighting


@pytest.fixture
def store() -> SightingStore:
    return SightingStore()


def load_items(store: SightingStore, *after: str, blocked: str = "", **values: str) -> set[str]:
    """Return the items around a new sighting with these keys."""
    new = build_sighting("new", " ".join(after), number=99, **values)
    change = Change(store.build_context(blocked=frozenset(blocked.split())), after=[new])
    found, _ = load_neighbourhood(store.db, store.sources, change)
    return {sighting.item.removeprefix("id:") for sighting in found.values()} - {"new"}


def test_keys_lead_from_item_to_item(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.ingest(build_reading("b", "url:1 url:2"))
    store.ingest(build_reading("c", "url:2 url:3"))
    store.ingest(build_reading("far", "url:9"))
    assert load_items(store, "url:3") == {"a", "b", "c"}
    assert load_items(store, "url:8") == set()
    assert load_items(store, "url:8", "url:9") == {"far"}


def test_blocked_keys_lead_nowhere(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"), build_reading("b", "url:2"))
    assert load_items(store, "url:1", "url:2", blocked="url:1") == {"b"}


def test_a_strong_key_joins_without_a_weak_key_and_stops_weak_ways(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1", strong="!k:1", place="a.md"))
    store.ingest(build_reading("b", "url:1 url:2", strong="!k:2", place="b.md"))
    store.ingest(build_reading("c", "url:2", strong="!k:3", place="c.md"))
    assert load_items(store, "url:7", strong="!k:1") == {"a"}
    # `b` has a strong key, so its other weak key leads no further.
    assert load_items(store, "url:1") == {"a", "b"}


def test_the_other_sightings_of_an_affected_post_are_loaded(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1", strong="!k:1"), build_reading("b", "url:2", strong="!k:1"))
    assert load_items(store, "url:1") == {"a", "b"}
    post = store.select("SELECT DISTINCT post FROM sighting")[0][0]
    found, holders = load_neighbourhood(store.db, store.sources, Change(store.build_context(), posts={post}))
    assert {sighting.item for sighting in found.values()} == {"id:a", "id:b"}
    assert set(holders.values()) == {post}


def test_a_dropped_key_counts_too(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    old = build_sighting("old", "url:1", number=98)
    found, holders = load_neighbourhood(store.db, store.sources, Change(store.build_context(), before=[old]))
    assert [sighting.item for sighting in found.values()] == ["id:a"]
    assert None not in holders.values()


def test_the_present_post_of_a_changed_sighting_is_known(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    number, post = store.select("SELECT id, post FROM sighting")[0]
    new = build_sighting("a", "url:1", number=number)
    _, holders = load_neighbourhood(store.db, store.sources, Change(store.build_context(), after=[new]))
    assert holders == {number: post}


def test_owners_are_published_posts(store: SightingStore) -> None:
    group = Group("", (build_sighting("x", "url:1 url:2"),))
    assert load_owners(store.db, [group], frozenset()) == {}
    store.ingest(build_reading("a", "url:1"))
    (post,) = store.select("SELECT id FROM post")[0]
    assert load_owners(store.db, [group], frozenset()) == {"url:1": post}
    assert load_owners(store.db, [group], frozenset(["url:1"])) == {}
    seen = [build_sighting("x", "url:1 url:2"), build_sighting("y", "url:2")]
    assert load_owners_of_blocked(store.db, seen, frozenset(["url:1"])) == {"item:news:id:x": post}
    assert load_owners_of_blocked(store.db, seen, frozenset()) == {}
    assert load_owners_of_blocked(store.db, seen, frozenset(["url:2"])) == {}


def test_blocked_keys_of_the_store(store: SightingStore) -> None:
    assert load_blocked_keys(store.db) == frozenset()
    store.db.many("burnt_add", [("url:1",)])
    assert load_blocked_keys(store.db) == {"url:1"}


def test_rows_of_posts_by_number(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"), build_reading("b", "url:2"))
    (first,), _ = store.select("SELECT id FROM post ORDER BY id")
    found = load_posts(store.db, [first, first])
    assert (list(found), found[first].uid) == ([first], store.get_uid("a"))
    assert (found[first].state, found[first].withdrawn, found[first].merged_into) == ("live", 0, None)
    assert load_posts(store.db, []) == {}


def test_posts_with_sightings_outside_are_found(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"), build_reading("b", "url:2"))
    rows = store.select("SELECT id, post FROM sighting ORDER BY item")
    (a, post_a), (_, post_b) = rows
    inside = {a: build_sighting("a", number=a)}
    assert find_held_outside(store.db, [post_a, post_b], inside) == {post_b}
    assert find_held_outside(store.db, [], {}) == set()


def test_keys_of_all_and_of_the_current_version(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.ingest(build_reading("a", "url:2"))
    (number,) = store.select("SELECT id FROM sighting")[0]
    assert load_keys(store.db, [number, 77]) == {
        number: (frozenset(("url:1", "url:2")), frozenset(["url:2"])),
        77: (frozenset(), frozenset()),
    }
    assert load_keys(store.db, []) == {}


def test_changes_of_several_sources_are_one(store: SightingStore) -> None:
    first, other = Change(store.build_context()), Change(store.build_context())
    sighting = build_sighting("a")
    other.before, other.after, other.superseded = [sighting], [sighting, sighting], [3]
    other.posts, other.inherited = {4}, {5: 6}
    other.old_bodies = {7: None}  # type: ignore[dict-item]
    first.add(other)
    assert (len(first.before), len(first.after), first.superseded) == (1, 2, [3])
    assert (first.posts, first.inherited, set(first.old_bodies)) == ({4}, {5: 6}, {7})
