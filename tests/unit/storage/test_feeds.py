"""Feeds get slugs and posts ids, once and for good; what is shown of both is loaded for the documents."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import pytest

from feeds.storage import feeds
from feeds.storage.feed_membership import add_tombstones, leave_feeds
from feeds.storage.records import Reading
from feeds.storage.sightings import SourceBatch, ingest_batches
from tests.rigs.sightings import APRIL, SightingStore, build_reading

SECOND = int(APRIL.timestamp())


@pytest.fixture
def store() -> SightingStore:
    return SightingStore()


def keep(slug: str, name: str, taken: Collection[str]) -> tuple[str, str]:
    """Make a slug unique as simply as possible."""
    unique = slug if slug.lower() not in taken else f"{slug}-2"
    return unique, unique.lower()


def name_feeds(store: SightingStore, slug: str = "") -> int:
    return feeds.assign_feed_slugs(store.db, lambda name: slug or name, keep)


def fill(store: SightingStore) -> dict[str, int]:
    """Ingest two posts with tags and name the feeds; return the number of each feed by its name."""
    store.ingest(build_reading("a", "url:1", tags=("x",)), build_reading("b", "url:2", tags=("x", "y")))
    name_feeds(store)
    return {feed.name: feed.number for feed in feeds.load_feeds(store.db)}


def record(store: SightingStore, *lines: tuple[str, str, str]) -> None:
    store.db.many("ledger_put", lines)


def ingest_without_ids(store: SightingStore, *readings: Reading) -> None:
    ingest_batches(store.db, [SourceBatch(store.build_context(), readings)])


def get_uid_alone(*readings: Reading) -> str:
    """Return the id of the first post in a store of its own."""
    alone = SightingStore()
    alone.ingest(*readings)
    return alone.get_uid(readings[0].path.removeprefix("id:"))


def test_ids_do_not_depend_on_order_or_batches() -> None:
    readings = [build_reading(name, f"url:{name}") for name in "abc"]
    together, apart = SightingStore(), SightingStore()
    together.ingest(*readings)
    for reading in reversed(readings):
        apart.ingest(reading)
    assert [together.get_uid(name) for name in "abc"] == [apart.get_uid(name) for name in "abc"]
    assert together.select("SELECT min(minted), max(minted), count(DISTINCT minted) FROM post") == [(1, 3, 3)]
    assert feeds.assign_post_ids(together.db, together.sources) == 0


def test_ids_of_posts_of_an_earlier_run_are_derived_from_the_store(store: SightingStore) -> None:
    readings = [build_reading("a", "url:1", strong="!k:1"), build_reading("b", "url:2")]
    ingest_without_ids(store, *readings)
    store.db.namings.clear()
    assert feeds.assign_post_ids(store.db, store.sources) == 2
    assert store.get_uid("a") == get_uid_alone(*readings)


def test_two_posts_with_one_guid_have_two_ids(store: SightingStore) -> None:
    guid = "urn:uuid:7e1f8d4e-5c0a-4b1e-9c6b-0a4f6f2d9a11"
    first, second = (build_reading(name, f"url:{name}", guid=guid, fixed_id=guid) for name in "ab")
    store.ingest(first, second)
    uids = {store.get_uid("a"), store.get_uid("b")}
    assert len(uids) == 2
    assert guid in uids
    assert len(store.db.rows("ledger_of_kind", ("id",))) == 1
    # Later it is the same: the id is taken.
    later = SightingStore()
    later.ingest(first)
    later.ingest(second)
    assert later.get_uid("a") == guid != later.get_uid("b")


def test_the_ledger_gives_a_post_its_old_id_and_dates(store: SightingStore) -> None:
    old = "urn:uuid:00000000-0000-4000-8000-000000000001"
    record(store, ("id", "url:1", old), ("surfaced", old, "2024-04-02T00:00:00Z 2024-04-03T00:00:00Z"))
    store.ingest(build_reading("a", "url:1", tags=("x",)))
    day = SECOND - 10 * 3600
    assert store.select("SELECT uid, surfaced, updated FROM post") == [(old, day + 86400, day + 2 * 86400)]
    assert store.select("SELECT DISTINCT surfaced FROM member") == [(day + 86400,)]


def test_an_id_of_the_ledger_goes_to_the_key_that_it_was_derived_from(store: SightingStore) -> None:
    old = "urn:uuid:00000000-0000-4000-8000-000000000001"
    record(store, ("id", "url:2", old))
    # The first post has the key too, but it would be identified by another.
    store.ingest(build_reading("a", "url:1 url:2", strong="!k:1"), build_reading("b", "url:2", strong="!k:2"))
    assert old in {store.get_uid("a"), store.get_uid("b")}
    assert store.get_uid("a") != store.get_uid("b")


def test_an_alias_of_the_ledger_is_no_id_of_another_post(store: SightingStore) -> None:
    old = "urn:uuid:00000000-0000-4000-8000-000000000001"
    record(store, ("id", "url:zz", old), ("alias", old, "urn:uuid:other"))
    store.ingest(build_reading("a", "url:zz", strong="!k:1"))
    assert store.get_uid("a") != old


def test_a_post_that_the_ledger_withdraws_is_in_no_feed(store: SightingStore) -> None:
    reading = build_reading("a", "url:1", tags=("x",))
    record(store, ("withdrawn", get_uid_alone(reading), "2024-04-02T00:00:00Z"))
    store.ingest(reading)
    assert store.select("SELECT state, withdrawn FROM post") == [("withdrawn", SECOND + 14 * 3600)]
    assert store.select("SELECT count(*) FROM member") == [(0,)]


def test_keys_belong_to_their_post_once_it_has_an_id(store: SightingStore) -> None:
    ingest_without_ids(store, build_reading("a", "url:1"))
    assert store.select("SELECT count(*) FROM key") == [(0,)]
    feeds.assign_post_ids(store.db, store.sources)
    assert store.select("SELECT key FROM key") == [("url:1",)]
    assert store.db.namings == {}


def test_blocked_keys_give_no_id(store: SightingStore) -> None:
    ingest_without_ids(store, build_reading("a", "url:1 url:2"))
    store.db.namings.clear()
    feeds.assign_post_ids(store.db, store.sources, frozenset(["url:1", "url:2"]))
    assert store.select("SELECT mint_key FROM post") == [("item:news:id:a",)]


def test_feeds_are_named_once(store: SightingStore) -> None:
    numbers = fill(store)
    assert set(numbers) == {"", "x", "y"}
    assert name_feeds(store) == 0
    found = {feed.name: (feed.kind, feed.slug, feed.posts) for feed in feeds.load_feeds(store.db)}
    assert found == {"": ("all", "-", 2), "x": ("tag", "x", 2), "y": ("tag", "y", 1)}
    assert all(feed.uid.startswith("urn:uuid:") for feed in feeds.load_feeds(store.db))
    assert feeds.find_feed(store.db, "tag", "x") == numbers["x"]
    assert feeds.find_feed(store.db, "tag", "z") is None
    assert feeds.find_slugs(store.db, [("tag", "x"), ("tag", "z")]) == {("tag", "x"): "x", ("tag", "z"): ""}
    assert store.db.rows("ledger_of_kind", ("slug",)) == []


def test_a_slug_that_is_taken_or_recorded_is_in_the_ledger(store: SightingStore) -> None:
    record(store, ("slug", "tag/y", "why"))
    store.ingest(build_reading("a", "url:1", tags=("x", "X", "y")))
    assert name_feeds(store) == 4
    slugs = {feed.name: feed.slug for feed in feeds.load_feeds(store.db)}
    assert slugs == {"": "-", "X": "X", "x": "x-2", "y": "why"}
    assert store.db.rows("ledger_of_kind", ("slug",)) == [("tag/x", "x-2"), ("tag/y", "why")]


def test_tags_and_categories_have_slugs_apart(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1", tags=("x",), categories=("x",)))
    name_feeds(store)
    assert [feed.slug for feed in feeds.load_feeds(store.db) if feed.name] == ["x", "x"]


def test_unfit_slugs_are_dropped(store: SightingStore) -> None:
    numbers = fill(store)
    store.db._connection.execute("UPDATE feed SET slug = '../x' WHERE name = 'x'")
    feeds.drop_unfit_slugs(store.db, lambda slug: "/" not in slug)
    assert {feed.name for feed in feeds.load_feeds(store.db)} == {"", "y"}
    assert name_feeds(store) == 1
    assert feeds.find_slugs(store.db, [("tag", "x")]) == {("tag", "x"): "x"}
    assert feeds.find_feed(store.db, "tag", "x") == numbers["x"]


def test_slugs_of_the_ledger_win_only_after_a_restore(store: SightingStore) -> None:
    fill(store)
    record(store, ("slug", "tag/x", "older"))
    feeds.drop_unfit_slugs(store.db, lambda slug: True)
    assert name_feeds(store) == 0
    store.db.run("meta_put", ("ledger_pending", "slug"))
    assert feeds.load_pending_kinds(store.db) == {"slug"}
    feeds.drop_unfit_slugs(store.db, lambda slug: True)
    assert name_feeds(store) == 1
    assert feeds.find_slugs(store.db, [("tag", "x")]) == {("tag", "x"): "older"}
    assert feeds.load_pending_kinds(store.db) == set()


def test_changed_feeds_and_their_figures(store: SightingStore) -> None:
    numbers = fill(store)
    wanted = feeds.load_wanted_revisions(store.db)
    assert {feed.number: feed.wanted for feed in feeds.load_dirty_feeds(store.db)} == wanted
    assert set(wanted) == set(numbers.values())
    assert feeds.load_feed_figures(store.db) == {
        numbers[""]: (2, SECOND), numbers["x"]: (2, SECOND), numbers["y"]: (1, SECOND)
    }  # fmt: skip
    assert {feed.name: feed.posts for feed in feeds.load_feeds(store.db)} == {"": 2, "x": 2, "y": 1}
    store.db.many("feed_settle", [(revision, 7, number) for number, revision in wanted.items()])
    assert feeds.load_dirty_feeds(store.db) == []
    assert feeds.load_wanted_revisions(store.db) == {}
    assert {feed.updated for feed in feeds.load_feeds(store.db)} == {7}
    store.ingest(build_reading("c", "url:3", tags=("y",), published=APRIL + timedelta(hours=1)))
    assert {feed.name for feed in feeds.load_dirty_feeds(store.db)} == {"", "y"}
    assert feeds.find_latest_change(store.db, numbers["y"]) == SECOND + 3600
    assert feeds.find_latest_change(store.db, 77) == 0


def test_the_posts_of_a_document(store: SightingStore) -> None:
    numbers = fill(store)
    store.ingest(build_reading("c", "url:3", tags=("x",)))
    window = feeds.load_window(store.db, numbers["x"], 2)
    # The last that appeared is first; of two at once that with the greater id.
    assert [post.uid for post in window] == [
        store.get_uid("c"), max(store.get_uid("a"), store.get_uid("b"))
    ]  # fmt: skip
    assert [post.published for post in window] == [SECOND] * 2
    assert feeds.load_shown_posts(store.db, {numbers["x"]: False}, 2) == {numbers["x"]: window}
    assert feeds.load_shown_posts(store.db, {}, 2) == {}
    shown = feeds.load_posts(store.db, [window[0].post])
    assert [(post.uid, post.updated, post.shown.title) for post in shown.values()] == [
        (store.get_uid("c"), SECOND, "c")
    ]


def test_entries_are_rendered_to_an_extent(store: SightingStore) -> None:
    numbers = fill(store)
    a, b = (post.post for post in feeds.load_window(store.db, numbers[""], 2))
    assert feeds.find_missing_entries(store.db, {a: 0, b: 0}) == sorted((a, b))
    feeds.save_entries(store.db, [(a, b"entry", 1)])
    assert feeds.find_missing_entries(store.db, {a: 0}) == []
    assert feeds.find_missing_entries(store.db, {a: 1}) == []
    assert feeds.find_missing_entries(store.db, {a: 2, b: 1}) == sorted((a, b))
    rows = feeds.load_entries(store.db, [a, b])
    assert [(number, published, data) for number, _, published, data in rows] == [(a, SECOND, b"entry")]


def test_an_invalid_post_leaves_its_feeds(store: SightingStore) -> None:
    numbers = fill(store)
    wanted = feeds.load_wanted_revisions(store.db)
    store.db.many("feed_settle", [(revision, 0, number) for number, revision in wanted.items()])
    (post,) = feeds.load_window(store.db, numbers["y"], 2)
    assert feeds.exclude_invalid_posts(store.db, [(post.post, "why")]) == wanted
    assert feeds.load_window(store.db, numbers["y"], 2) == []
    assert store.select("SELECT state, reason FROM post WHERE state <> 'live'") == [("invalid", "why")]
    assert {feed.number for feed in feeds.load_dirty_feeds(store.db)} == set(numbers.values())


def test_tombstones_of_a_feed(store: SightingStore) -> None:
    numbers = fill(store)
    (post,) = feeds.load_window(store.db, numbers["y"], 2)
    with store.db.transaction():
        add_tombstones(store.db, [post.post], APRIL)
        leave_feeds(store.db, [post.post])
    assert feeds.load_tombstones(store.db, numbers["y"], SECOND, 9) == []
    store.db._connection.execute("UPDATE post SET state = 'gone' WHERE id = ?", (post.post,))
    assert feeds.load_tombstones(store.db, numbers["y"], SECOND, 9) == [(post.uid, SECOND)]
    assert feeds.load_tombstones(store.db, numbers["y"], SECOND + 1, 9) == []
    assert feeds.load_tombstones(store.db, numbers["y"], SECOND, 0) == []


def test_a_feed_whose_posts_were_never_counted_has_none(store: SightingStore) -> None:
    fill(store)
    store.db._connection.execute("UPDATE feed SET posts = NULL WHERE name = 'y'")
    assert {feed.name: feed.posts for feed in feeds.load_feeds(store.db)}["y"] == 0
