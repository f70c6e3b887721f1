"""Posts follow their sightings: rows, ids, times and versions; what lost its sightings is retired or merged."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feeds.identity import merge
from feeds.storage.neighbourhood import Change
from feeds.storage.posts import build_first_row, recompute_posts, regroup_all
from feeds.storage.withdrawal import remove_sightings
from tests.rigs.sightings import APRIL, NOON, SightingStore, build_reading, build_sighting

SECOND = int(APRIL.timestamp())


@pytest.fixture
def store() -> SightingStore:
    return SightingStore()


def get_row(store: SightingStore, columns: str, uid: str) -> tuple[object, ...]:
    return store.select(f"SELECT {columns} FROM post WHERE uid = '{uid}'")[0]


def remove(store: SightingStore, item: str) -> None:
    (number,) = store.select(f"SELECT id FROM sighting WHERE item = 'id:{item}'")[0]
    with store.db.transaction():
        remove_sightings(store.db, store.sources, [number], store.now, frozenset())


def build_row(
    published: timedelta | None, *, early: bool = False, future: bool = False, **values: object
) -> dict:  # type: ignore[type-arg]
    context = SightingStore().build_context(early=early, future=future)
    date = None if published is None else NOON + published
    shown = merge([build_sighting("a", published=date, **values)])
    return build_first_row(Change(context), 7, "!k:1", shown, b"digest")


def test_the_first_row_of_a_post() -> None:
    hour, noon = timedelta(hours=1), int(NOON.timestamp())
    row = build_row(-hour)
    assert (row["id"], row["strong"], row["state"], row["early"]) == (7, "!k:1", "live", False)
    assert (row["published"], row["updated"], row["surfaced"]) == (noon - 3600, noon - 3600, noon)
    assert build_row(-hour, early=True)["surfaced"] == noon - 3600
    assert build_row(timedelta())["state"] == "live"
    assert build_row(hour)["state"] == "waiting"
    assert build_row(hour, future=True)["state"] == "live"
    undated = build_row(None)
    assert (undated["published"], undated["updated"]) == (0, 0)


def test_the_last_stated_date_is_that_of_the_change() -> None:
    hour, noon = timedelta(hours=1), int(NOON.timestamp())
    assert build_row(-hour, updated=NOON)["updated"] == noon
    assert build_row(-hour, updated=NOON - 2 * hour)["updated"] == noon - 3600


def test_the_digest_covers_what_is_shown_and_the_body() -> None:
    hour = timedelta(hours=1)
    same = build_row(-hour)["digest"]
    assert len(same) == 16
    assert build_row(-hour)["digest"] == same
    assert build_row(-hour, title="other")["digest"] != same


def test_nothing_is_written_for_what_shows_the_same(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    assert store.ingest(build_reading("a", "url:1", guid="g")).changed == 0
    assert store.ingest(build_reading("a", "url:1", title="B")).changed == 1


def test_dates_of_a_published_post_do_not_move_back(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    uid = store.get_uid("a")
    before = get_row(store, "surfaced, updated", uid)
    store.ingest(build_reading("a", "url:1", title="B", published=APRIL - timedelta(days=1)))
    assert get_row(store, "surfaced, updated, published", uid) == (*before, SECOND - 86400)
    store.ingest(build_reading("a", "url:1", title="B", updated=NOON))
    assert get_row(store, "updated", uid) == (int(NOON.timestamp()),)


def test_a_change_that_readers_see_is_an_update_and_an_older_version(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    uid = store.get_uid("a")
    store.ingest(build_reading("a", "url:1", title="B"), judge=lambda old, new: False, history=2)
    assert get_row(store, "updated", uid) == (SECOND,)
    assert store.select("SELECT count(*) FROM revision") == [(0,)]
    for title in "CDE":
        store.ingest(build_reading("a", "url:1", title=title), judge=lambda old, new: True, history=2)
    assert get_row(store, "updated", uid) == (int(store.now.timestamp()),)
    assert sorted(row[0] for row in store.select("SELECT title FROM revision")) == ["C", "D"]
    assert [key for key, _ in store.db.rows("ledger_of_kind", ("surfaced",))] == [uid]


def test_without_history_no_older_version_is_kept(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.ingest(build_reading("a", "url:1", title="B"), judge=lambda old, new: True)
    assert store.select("SELECT count(*) FROM revision") == [(0,)]


def test_a_post_without_sightings_is_gone_and_comes_back_with_its_id(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1", tags=("t",)))
    uid = store.get_uid("a")
    remove(store, "a")
    assert get_row(store, "state, merged_into", uid) == ("gone", None)
    assert store.select("SELECT count(*) FROM tombstone")[0][0] > 0
    assert store.select("SELECT count(*) FROM member") == [(0,)]
    store.ingest(build_reading("b", "url:1"))
    assert store.get_uid("b") == uid
    # Later than its tombstone, so that readers show it again.
    assert get_row(store, "state, updated", uid) == ("live", int(store.now.timestamp()))


def test_a_post_without_id_and_sightings_is_deleted(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.db._connection.execute("UPDATE post SET uid = NULL, minted = NULL")
    remove(store, "a")
    assert store.select("SELECT count(*) FROM post") == [(0,)]


def test_joined_posts_lead_to_the_older_post(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.ingest(build_reading("b", "url:2"))
    first, second = store.get_uid("a"), store.get_uid("b")
    store.ingest(build_reading("c", "url:1 url:2"))
    assert store.list_posts() == [["a", "b", "c"]]
    assert store.get_uid("c") == first
    (heir,) = get_row(store, "id", first)
    assert get_row(store, "state, merged_into", second) == ("gone", heir)
    tombstones = store.select("SELECT count(*) FROM tombstone")
    store.ingest(build_reading("c", "url:1 url:2", title="again"))
    assert store.select("SELECT count(*) FROM tombstone") == tombstones


def test_a_split_post_gives_back_the_old_ids(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.ingest(build_reading("b", "url:2"))
    ids = [store.get_uid("a"), store.get_uid("b")]
    store.ingest(build_reading("c", "url:1 url:2"))
    remove(store, "c")
    assert [store.get_uid("a"), store.get_uid("b")] == ids


def test_blocking_a_key_parts_posts_and_keeps_the_first_id(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"), build_reading("b", "url:1"))
    uid = store.get_uid("a")
    regroup_all(store.db, store.sources, store.now, frozenset(["url:1"]))
    assert store.list_posts() == [["a"], ["b"]]
    assert store.get_uid("a") == uid


def test_parted_posts_are_counted_only_when_the_rule_changed(store: SightingStore) -> None:
    both = (build_reading("a", "url:1"), build_reading("b", "url:1"))
    store.ingest(*both)
    parted = (build_reading("a", "url:3"), build_reading("b", "url:4"))
    assert store.ingest(*parted, rekey=True).parted == 1
    again = SightingStore()
    again.ingest(*both)
    assert again.ingest(*parted).parted == 0


def test_unchanged_sightings_can_be_computed_again(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    (number,) = store.select("SELECT id FROM sighting")[0]
    change = Change(store.build_context())
    with store.db.transaction():
        assert recompute_posts(store.db, store.sources, [number], change) == 0
    store.db._connection.execute("UPDATE post SET digest = x'00'")
    with store.db.transaction():
        assert recompute_posts(store.db, store.sources, [number], Change(store.build_context())) == 1


def test_a_withdrawn_post_stays_withdrawn(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.db._connection.execute("UPDATE post SET withdrawn = 5, state = 'withdrawn'")
    store.ingest(build_reading("a", "url:1", title="B"))
    assert store.select("SELECT state, withdrawn FROM post") == [("withdrawn", 5)]


def test_the_ledger_has_ids_that_present_keys_would_not_give(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    uid = store.get_uid("a")
    assert store.db.rows("ledger_of_kind", ("id",)) == []
    store.ingest(build_reading("a", "url:0"))
    assert [value for _, value in store.db.rows("ledger_of_kind", ("id",))] == [uid]


def test_the_strong_key_of_an_id_stays_with_its_post(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1", strong="!k:1"), build_reading("b", "url:1"))
    uid = store.get_uid("a")
    remove(store, "a")
    assert get_row(store, "strong, state", uid) == ("!k:1", "live")
