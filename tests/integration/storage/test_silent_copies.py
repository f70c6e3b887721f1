"""Copies that change nothing are inserted without loading the others, with the same result as in the general way."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.identity import Group, Sighting, merge
from feeds.post_ids import choose_id_key, derive_id, is_silent_copy
from feeds.storage import feeds, ledger, neighbourhood, silent_copies
from feeds.storage.records import Context, Reading
from feeds.storage.sightings import SourceBatch, ingest_batches
from feeds.storage.sqlite import Database
from tests.integration.storage.test_identity_rules import NOW
from tests.rigs.memory_store import open_memory_store

NAMES = ["one", "two", "three", "four"]
SOURCES = {number: (name, number) for number, name in enumerate(NAMES, 1)}


def write_entry(dice: random.Random, source: int) -> Sighting:
    """An entry of one of three articles; most entries of an article state the same."""
    name, item = SOURCES[source][0], dice.choice("abc")
    strong = dice.choice(("", "", f"!k:{item}", "!k:x"))
    weak = {f"url:{item}", f"guid:{name}:{item}"}
    if dice.random() < 0.2:
        weak = {*dice.sample(["url:a", "url:b", "url:d", f"guid:{name}:d"], 2)}

    def choose(usual: Any, *others: Any) -> Any:
        return usual if dice.random() < 0.85 else dice.choice(others)

    return Sighting(
        number=0,
        source=name,
        rank=source,
        item=f"id:{item}{dice.choice('12')}",
        place="",
        strong=strong,
        weak=frozenset(weak),
        own=frozenset(weak),
        title=choose("Title", "", "Other"),
        link=choose(f"https://a.example/{item}", "", "https://b.example/"),
        page=choose("", "https://p.example/"),
        authors=choose((), ("Ada",)),
        published=choose(NOW - timedelta(days=3), NOW - timedelta(days=5)),
        updated=choose(None, NOW - timedelta(days=1)),
        guess=None,
        categories=choose(("C",), (), ("D", "C")),
        tags=(),
        length=choose(9, 0, 5),
        guid=choose(f"tag:a.example,2024:{item}", item, "https://a.example/g"),
        digest=repr(dice.random()).encode(),
        merges_terms=dice.random() < 0.2,
    )


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9))
def test_a_silent_copy_changes_neither_post_nor_id(seed: int) -> None:
    dice = random.Random(seed)
    entries = [write_entry(dice, dice.randint(1, 4))._replace(number=n, strong="") for n in range(1, 5)]
    copy = write_entry(dice, 4)._replace(number=9, strong="")
    before, after = Group("", tuple(entries)), Group("", (*entries, copy))
    shown = next(entry for entry in entries if entry.number == merge(entries).body)
    if is_silent_copy(copy, shown):
        assert merge(after.sightings) == merge(before.sightings)
        assert derive_id(after, (), lambda _: False) == derive_id(before, (), lambda _: False)
        assert choose_id_key(after) == choose_id_key(before)


QUERIES = (
    "SELECT source, item, strong, post IS NULL, digest, data, gone FROM sighting ORDER BY 1, 2",
    "SELECT key, source, item, own FROM sighting_key JOIN sighting ON sighting.id = sighting ORDER BY 1, 2, 3",
    "SELECT uid, minted, mint_key, strong, state, published, updated, surfaced, early FROM post ORDER BY 1",
    # Of several posts with one key, the post that was written last owns it.
    "SELECT key.key, post.uid FROM key JOIN post ON post.id = key.post WHERE 1 = (SELECT count(DISTINCT s.post) FROM "
    "sighting_key AS k JOIN sighting AS s ON s.id = k.sighting WHERE k.key = key.key) ORDER BY 1",
    "SELECT name, post.uid FROM member JOIN feed ON feed.id = feed JOIN post ON post.id = post ORDER BY 1, 2",
    "SELECT kind, name, value FROM ledger ORDER BY 1, 2",
    "SELECT group_concat(name) FROM (SELECT post, source.name || item AS name FROM sighting "
    "JOIN source ON source.id = sighting.source ORDER BY 2) GROUP BY post ORDER BY 1",
)


def live_through(seed: int, general: bool) -> list[Any]:
    """Read random documents of four sources; return what the store has."""
    dice = random.Random(seed)
    seen: set[tuple[int, str]] = set()
    with closing(open_memory_store()) as db:
        with db.transaction():
            db.many("source_add", [(name,) for name in NAMES])
        for turn in range(dice.randint(3, 9)):
            source = dice.randint(1, 4)
            found = [write_entry(dice, source) for _ in range(dice.randint(1, 3))]
            # Each entry is read once: new rules would drop the keys of its older versions.
            batch = list({e.item: e for e in found if (source, e.item) not in seen}.values())
            seen |= {(source, entry.item) for entry in batch}
            now = NOW + timedelta(hours=turn)
            # With new rules for keys every entry goes the general way.
            context = Context(turn < 4, now, frozenset(), None, rekey=general, source=source, sources=SOURCES)
            readings = [Reading(s.item, 1, 1, s.digest, "item", sighting=s, document=b"x") for s in batch]
            ingest_batches(db, [SourceBatch(context, readings)])
            if dice.random() < 0.4:
                feeds.assign_post_ids(db, SOURCES)
                ledger.update_ledger(db)
        feeds.assign_post_ids(db, SOURCES)
        ledger.update_ledger(db)
        return [db._connection.execute(query).fetchall() for query in QUERIES]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_the_store_is_the_same_as_in_the_general_way(seed: int) -> None:
    for fast, general in zip(live_through(seed, False), live_through(seed, True), strict=True):
        assert fast == general


def test_a_hundred_copies_load_a_bounded_number_of_sightings(tmp_path: Path, monkeypatch: Any) -> None:
    loaded: list[Any] = []
    for module in (neighbourhood, silent_copies):
        original = module.read_sighting
        monkeypatch.setattr(module, "read_sighting", lambda *a, f=original: loaded.append(a) or f(*a))
    sources = {number: (f"s{number}", number) for number in range(1, 101)}
    with closing(Database.open(tmp_path / "feedd.db")) as db:
        with db.transaction():
            db.many("source_add", [(name,) for name, _ in sources.values()])
        for number, (name, rank) in sources.items():
            entry = write_entry(random.Random(5), 1)
            keys = frozenset(("url:a", f"guid:{name}:a"))
            entry = entry._replace(source=name, rank=rank, weak=keys, own=keys, strong="")
            context = Context(False, NOW, frozenset(), None, source=number, sources=sources)
            reading = Reading(entry.item, 1, 1, name.encode(), "item", sighting=entry, document=b"x")
            assert ingest_batches(db, [SourceBatch(context, [reading])]).new == 1
        feeds.assign_post_ids(db, sources)
        assert db.rows("posts_of_state") == [("live", 1)]
    assert len(loaded) <= 300
