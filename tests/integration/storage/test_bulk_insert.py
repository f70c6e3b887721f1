"""Readings that meet nobody are taken many at once: the store holds what the way for any reading makes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.identity import Sighting
from feeds.storage import bulk_insert, feeds
from feeds.storage.neighbourhood import Change
from feeds.storage.records import Context, Reading
from feeds.storage.sightings import SourceBatch, ingest_batches, update_items, write_files
from feeds.storage.sqlite import Database

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SOURCES = {1: ("one", 0), 2: ("two", 1)}
DATES = st.integers(-3, 9).map(lambda days: NOW - timedelta(days=days, microseconds=days % 2))
KEYS = [f"url:{n}" for n in range(5, 9)]
WORDS = st.lists(st.sampled_from(["news", "财经", "x"]), max_size=3).map(tuple)


def keys(guid: str, place: str, strong: str, weak: list[str]) -> frozenset[str]:
    found = frozenset([*weak, f"guid:one:{guid}"] if guid else weak)
    return found or frozenset([] if strong else [f"item:one:path:{place}"])


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """A file: mostly one that nobody knows, with few enough names and keys that some meet."""
    place = draw(st.sampled_from([f"{n}.md" for n in range(30)]))
    guid = draw(st.sampled_from(["", "", "", "", "", "a", "tag:c"]))
    strong = draw(st.sampled_from(["", f"!k:{place}", f"!k:{place}", f"!k:{place}", "!k:7", "!k:8"]))
    own = st.sampled_from([f"url:{place}"] * 5 + KEYS)
    weak = keys(guid, place, strong, draw(st.lists(own, max_size=2, unique=True)))
    dated = draw(st.integers(0, 5))
    published, guess = draw(DATES) if dated else None, draw(DATES)
    said = Sighting(
        number=0,
        source="one",
        rank=0,
        item=f"id:{guid}" if guid else "",
        place=place,
        strong=strong,
        weak=weak,
        own=weak,
        title=draw(st.sampled_from(["", "t", "一"])),
        link=draw(st.sampled_from(["", "https://a.example/1"])),
        page="https://b.example/p",
        authors=draw(WORDS),
        published=published,
        updated=draw(st.none() | DATES),
        guess=guess,
        categories=draw(WORDS),
        tags=draw(WORDS),
        length=draw(st.integers(0, 3)),
        guid=guid,
        fixed_id=draw(st.sampled_from(["", "", "", "https://old.example/1"])),
        language=draw(st.sampled_from(["", "zh"])),
        digest=draw(st.sampled_from([b"1", b"2"])),
    )
    replaces = draw(st.sampled_from([""] * 9 + ["path:1.md"]))
    return Reading(
        place, 1, 1, said.digest, "item", "", 0, said, b"x" + said.digest, replaces, published is None
    )


def of_different_files(batch: list[Reading]) -> list[Reading]:
    return list({one.path: one for one in batch}.values())


BATCHES = st.lists(st.lists(readings(), max_size=8).map(of_different_files), min_size=1, max_size=4)


def opened(folder: str, name: str) -> Database:
    db = Database.open(Path(folder) / name)
    with db.transaction():
        for source, _ in SOURCES.values():
            db.run("source_add", (source,))
        db.run("ledger_put", ("keys", "one/7.md", "url:7\n!k:7"))
        db.run("ledger_put", ("id", "url:5", "urn:x:told"))
    return db


def take_each(db: Database, context: Context, batch: Sequence[Reading]) -> None:
    """The way for any reading, and a store that has to be asked how its posts want to be named."""
    with db.transaction():
        said = [(one, one.sighting) for one in batch if one.sighting]
        taken = update_items(db, context, Change(context), said, {})
        write_files(db, 1, batch, taken.numbers)
    db.namings.clear()


def held(db: Database) -> list[list[Any]]:
    """What the store holds, all of it counted; posts by their sightings, for numbers may be others."""
    feeds.load_feed_figures(db)
    run = db._connection.execute
    run(
        "CREATE TEMP TABLE name AS SELECT post, min(item || ' ' || place) AS name FROM sighting GROUP BY post"
    )
    run("CREATE TEMP TABLE place AS SELECT id, item || ' ' || place AS place FROM sighting")
    queries = (
        "SELECT name, uid, minted, mint_key, strong, state, published, updated, surfaced, early,"
        " json_remove(shown, '$[8]'), place FROM post JOIN name ON name.post = post.id"
        " JOIN place ON place.id = json_extract(shown, '$[8]')",
        "SELECT source, item, place, strong, digest, data, gone, name FROM sighting JOIN name USING (post)",
        "SELECT key, place, own FROM sighting_key JOIN place ON place.id = sighting",
        "SELECT key, name FROM key JOIN name USING (post)",
        "SELECT kind, feed.name, surfaced, name.name FROM member JOIN feed ON feed.id = feed JOIN name USING (post)",
        "SELECT place, data FROM payload JOIN place ON place.id = sighting",
        "SELECT path, outcome, place FROM file JOIN place ON place.id = sighting",
        "SELECT kind, name, posts, latest FROM feed",
        "SELECT kind, name, value FROM ledger",
    )
    return [sorted(map(repr, run(query))) for query in queries]


@settings(max_examples=60, deadline=None)
@given(
    batches=BATCHES,
    assigned=st.sets(st.integers(0, 4)),
    blocked=st.sets(st.sampled_from(KEYS)),
    early=st.booleans(),
)
def test_what_meets_nobody_is_taken_as_any_reading_is(
    batches: list[list[Reading]], assigned: set[int], blocked: set[str], early: bool
) -> None:
    context = Context(early, NOW, frozenset(blocked), None, source=1, sources=SOURCES)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(opened(folder, "together")) as together,
        closing(opened(folder, "each")) as each,
    ):
        for index, batch in enumerate(batches):
            ingest_batches(together, [SourceBatch(context, batch, {})])
            take_each(each, context, batch)
            if index in assigned:
                for db in (together, each):
                    feeds.assign_post_ids(db, SOURCES, context.blocked)
        for db in (together, each):
            feeds.assign_post_ids(db, SOURCES, context.blocked)
        assert held(together) == held(each)


@settings(max_examples=60, deadline=None)
@given(batch=st.lists(readings(), max_size=12).map(of_different_files))
def test_what_is_left_over_meets_somebody_or_is_not_dated(batch: list[Reading]) -> None:
    context = Context(True, NOW, frozenset(), None, source=1, sources=SOURCES)
    with tempfile.TemporaryDirectory() as folder, closing(opened(folder, "store")) as db:
        with db.transaction():
            numbers, rest = bulk_insert.insert_new_items(db, 1, Change(context), batch, {})
        left = {one.path for one, _ in rest}
        assert left | set(numbers) == {one.path for one in batch}
        for one, said in rest:
            others = [o.sighting for o in batch if o is not one and o.sighting]
            mine = {said.strong, *said.own} - {""}
            assert (
                one.guessed
                or one.replaces
                or one.path in ("1.md", "7.md")
                or mine & {"url:7", "!k:7"}
                or any(mine & {o.strong, *o.own} or (said.item and o.item == said.item) for o in others)
            )
