"""A reading becomes the next version of its item: keys grow, numbers and dates stay, files move."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feeds.storage.records import Reading
from feeds.storage.sightings import SourceBatch, ingest_batches
from tests.rigs.sightings import APRIL, NOON, SightingStore, build_reading


@pytest.fixture
def store() -> SightingStore:
    return SightingStore()


def build_file(path: str, keys: str = "", item: str = "", **values: object) -> Reading:
    return build_reading(path, keys, item=item, place=path, **values)


def ingest_files(store: SightingStore, *readings: Reading, moved: dict[str, str] | None = None, **values: object) -> int:  # fmt: skip
    return store.ingest(*readings, renamed=moved or {}, **values).new


def load_keys(store: SightingStore, item: str) -> dict[str, int]:
    sql = (
        f"SELECT key, own FROM sighting_key JOIN sighting ON sighting.id = sighting WHERE item = 'id:{item}'"
    )
    return dict(store.select(sql))


def test_new_and_changed_items_are_counted(store: SightingStore) -> None:
    counts = store.ingest(build_reading("a", "url:1"), build_reading("b", "url:2"))
    assert (counts.new, counts.changed, counts.parted) == (2, 0, 0)
    counts = store.ingest(build_reading("a", "url:1", title="New"), build_reading("c", "url:3"))
    assert (counts.new, counts.changed) == (1, 1)
    counts = store.ingest(build_reading("a", "url:1", title="New"))
    assert (counts.new, counts.changed) == (0, 0)
    assert store.ingest().new == 0


def test_items_of_one_batch_with_one_name_are_versions(store: SightingStore) -> None:
    assert store.ingest(build_reading("a", "url:1"), build_reading("a", "url:2")).new == 1
    assert load_keys(store, "a") == {"url:1": 0, "url:2": 1}
    # Both share a key with each other, so neither can be inserted as if it was alone.
    assert store.ingest(build_reading("b", "url:5"), build_reading("c", "url:5")).new == 2
    assert store.list_posts() == [["a"], ["b", "c"]]


def test_keys_of_an_entry_only_grow_and_its_number_stays(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    before = store.select("SELECT id FROM sighting")
    store.ingest(build_reading("a", "url:2"))
    assert load_keys(store, "a") == {"url:1": 0, "url:2": 1}
    assert store.select("SELECT id FROM sighting") == before


def test_a_strong_key_stays_and_another_strong_key_starts_anew(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1", strong="!k:1"))
    store.ingest(build_reading("a", "url:2"))
    assert store.select("SELECT strong FROM sighting") == [("!k:1",)]
    store.ingest(build_reading("a", "url:3", strong="!k:2"))
    assert load_keys(store, "a") == {"url:3": 1}


def test_keys_of_an_earlier_rule_are_dropped(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"))
    store.ingest(build_reading("a", "url:2"))
    store.ingest(build_reading("a", "url:3"), rekey=True)
    assert load_keys(store, "a") == {"url:1": 0, "url:3": 1}


def test_a_reading_replaces_a_named_item(store: SightingStore) -> None:
    store.ingest(build_reading("old", "url:1"))
    assert store.ingest(build_reading("new", "url:2", of={"replaces": "id:old"})).new == 0
    assert store.list_posts() == [["new"]]
    assert load_keys(store, "new") == {"url:1": 0, "url:2": 1}
    # The item itself is better evidence than what it is said to replace.
    store.ingest(build_reading("x", "url:8"), build_reading("y", "url:9"))
    store.ingest(build_reading("x", "url:7", of={"replaces": "id:y"}))
    assert store.list_posts() == [["new"], ["x"], ["y"]]


def test_a_renamed_file_keeps_item_and_post(store: SightingStore) -> None:
    ingest_files(store, build_file("a.md", "url:1"))
    post = store.select("SELECT post FROM sighting")
    assert ingest_files(store, build_file("b.md", "url:2"), moved={"b.md": "a.md"}) == 0
    assert store.select("SELECT item, place FROM sighting") == [("path:a.md", "b.md")]
    assert store.select("SELECT post FROM sighting") == post
    assert store.select("SELECT path FROM file") == [("b.md",)]
    # A file that is new at the old path is another item.
    assert ingest_files(store, build_file("a.md", "url:3")) == 1
    assert len(store.list_posts()) == 2


def test_the_same_path_is_better_evidence_than_a_rename(store: SightingStore) -> None:
    ingest_files(store, build_file("a.md", "url:1"), build_file("b.md", "url:2"))
    numbers = dict(store.select("SELECT place, id FROM sighting"))
    ingest_files(store, build_file("b.md", "url:2", item="path:b.md"), moved={"b.md": "a.md"})
    found = dict(store.select("SELECT place, id FROM sighting WHERE post IS NOT NULL"))
    assert found["b.md"] == numbers["b.md"]


def test_a_file_that_gets_an_id_is_the_same_item(store: SightingStore) -> None:
    ingest_files(store, build_file("a.md", "url:1"))
    number = store.select("SELECT id, post FROM sighting")
    assert ingest_files(store, build_file("a.md", "url:2", item="id:g")) == 0
    assert store.select("SELECT id, post FROM sighting") == number
    assert ingest_files(store, build_file("a.md", "url:3")) == 0
    assert store.select("SELECT id, post FROM sighting") == number


def test_a_file_that_is_another_item_replaces_it(store: SightingStore) -> None:
    ingest_files(store, build_file("a.md", "url:1", item="id:g"))
    uid = store.get_uid("g")
    assert ingest_files(store, build_file("a.md", "url:2", item="id:h")) == 1
    assert store.list_posts() == [["h"]]
    assert store.get_uid("h") != uid
    assert store.select("SELECT count(*) FROM payload") == [(1,)]


def test_the_first_guessed_date_stays(store: SightingStore) -> None:
    guess = {"published": None, "guess": APRIL}
    ingest_files(store, build_file("a.md", "url:1", of={"guessed": True}, **guess))
    assert store.db.rows("ledger_of_kind", ("guess",)) == [("news/path:a.md", APRIL.isoformat())]
    later = {"published": None, "guess": NOON}
    ingest_files(store, build_file("a.md", "url:2", of={"guessed": True}, **later))
    assert store.select("SELECT published FROM post") == [(int(APRIL.timestamp()),)]
    other = SightingStore()
    other.db.many("ledger_put", [("guess", "news/path:a.md", NOON.isoformat())])
    ingest_files(other, build_file("a.md", "url:1", of={"guessed": True}, **guess))
    assert other.select("SELECT published FROM post") == [(int(NOON.timestamp()),)]


@pytest.mark.parametrize(
    ("text", "title", "minutes", "kept"),
    [
        ("same", "a", -9, True),  # the clock of a server may be ten minutes slow
        ("same", "a", -11, False),
        ("same", "Other", 5, False),
        ("", "a", 5, False),
        ("changed", "a", 5, False),
    ],
)
def test_only_the_date_of_the_fetch_is_not_news(store: SightingStore, text: str, title: str, minutes: int, kept: bool) -> None:  # fmt: skip
    polled = NOON + timedelta(hours=9)
    store.ingest(build_reading("a", "url:1", text="same" if text else ""), source="up")
    new = {"text": text, "title": title, "published": polled + timedelta(minutes=minutes), "updated": APRIL}
    store.ingest(build_reading("a", "url:1", **new), source="up", polled=polled)
    (published,) = store.select("SELECT published FROM post")[0]
    assert (published == int(APRIL.timestamp())) is kept


def test_dates_are_not_kept_without_an_earlier_poll(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1", text="t"), source="up")
    store.ingest(build_reading("a", "url:1", text="t", published=NOON), source="up")
    assert store.select("SELECT published FROM post") == [(int(NOON.timestamp()),)]


def test_change_tokens_are_stored_with_the_readings(store: SightingStore) -> None:
    ignored = Reading("c.md", 5, 6, b"d", "ignored", "why", 3)
    ingest_files(store, build_file("a.md", "url:1", of={"expires": 7}), ignored)
    rows = store.select(
        "SELECT path, size, mtime, digest, outcome, reason, repairs, expires FROM file ORDER BY path"
    )
    assert rows == [
        ("a.md", 1, 2, b"a.md", "item", "", 0, 7),
        ("c.md", 5, 6, b"d", "ignored", "why", 3, None),
    ]
    assert store.select("SELECT f.path FROM file f JOIN sighting s ON s.id = f.sighting") == [("a.md",)]


def test_readings_that_are_no_files_write_no_change_tokens(store: SightingStore) -> None:
    store.ingest(build_reading("a", "url:1"), source="up")
    assert store.select("SELECT count(*) FROM file") == [(0,)]


def test_copies_in_several_sources_are_one_post_at_once(store: SightingStore) -> None:
    batches = [
        SourceBatch(store.build_context("news"), [build_reading("a", "url:1")]),
        SourceBatch(store.build_context("up"), [build_reading("b", "url:1", source="up")]),
    ]
    counts = ingest_batches(store.db, batches)
    assert (counts.new, store.list_posts()) == (2, [["a", "b"]])


def test_blocked_keys_of_store_and_batch_join_nothing(store: SightingStore) -> None:
    store.db.many("burnt_add", [("url:1",)])
    keys = "url:1 url:2"
    store.ingest(build_reading("a", keys), build_reading("b", keys), blocked=frozenset(["url:2"]))
    assert store.list_posts() == [["a"], ["b"]]


def test_the_replaced_version_is_kept_for_the_judge(store: SightingStore) -> None:
    seen = []

    def judge(before: object, after: object) -> bool:
        seen.append((before.document, after.document))  # type: ignore[attr-defined]
        return True

    store.ingest(build_reading("a", "url:1"))
    store.ingest(build_reading("a", "url:1", digest=b"2", of={"document": b"new"}), judge=judge)
    assert seen == [(b"a", b"new")]
