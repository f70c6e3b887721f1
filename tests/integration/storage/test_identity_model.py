"""The rules of identity, and the store that must agree with the pure model at every moment."""

from __future__ import annotations

import random
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.identity import Group, Sighting, group, merge
from feeds.item_keys import derive_keys
from feeds.storage import feeds
from feeds.storage.records import Context, Reading
from feeds.storage.serialization import read_shown
from feeds.storage.sightings import SourceBatch, ingest_batches
from feeds.storage.sqlite import Database

NOW = datetime(2025, 1, 1, tzinfo=UTC)
SOURCES = {1: ("one", 0)}


def sighting(
    item: str, strong: str = "", weak: tuple[str, ...] = (), length: int = 10, day: int = 1
) -> Sighting:
    keys = frozenset(weak) or (frozenset() if strong else frozenset([f"item:one:path:{item}"]))
    return Sighting(
        number=0,
        source="one",
        rank=0,
        item="",
        place=item,
        strong=strong,
        weak=keys,
        own=keys,
        title=f"title of {item}",
        link=f"https://a.example/{item}",
        page="",
        authors=(),
        published=NOW - timedelta(days=day),
        updated=None,
        guess=None,
        categories=("news",),
        tags=(item,),
        length=length,
        digest=f"{item}{strong}{sorted(weak)}{length}".encode(),
    )


def names(groups: list[Group]) -> set[frozenset[str]]:
    return {frozenset(s.place for s in one.sightings) for one in groups}


def test_equal_strong_keys_are_one_post_and_different_ones_never() -> None:
    found = group(
        [
            sighting("a", "!k:1"),
            sighting("b", "!k:1"),
            sighting("c", "!k:2", ("url:x",)),
            sighting("d", "!k:3", ("url:x",)),
        ]
    )
    assert names(found) == {frozenset("ab"), frozenset("c"), frozenset("d")}


def test_weak_keys_join_transitively_and_follow_the_smallest_strong_key() -> None:
    found = group(
        [
            sighting("a", weak=("url:1",)),
            sighting("b", weak=("url:1", "url:2")),
            sighting("c", "!k:2", ("url:2",)),
            sighting("d", "!k:1", ("url:1",)),
        ]
    )
    assert names(found) == {frozenset("abd"), frozenset("c")}


def test_a_burnt_key_joins_nothing() -> None:
    pair = [sighting("a", weak=("url:1", "guid:one:a")), sighting("b", weak=("url:1", "guid:one:b"))]
    assert names(group(pair)) == {frozenset("ab")}
    assert names(group(pair, {"url:1"})) == {frozenset("a"), frozenset("b")}


def test_the_same_info_code_is_one_key_on_any_host_and_in_any_form() -> None:
    import re

    pattern = re.compile(r"(?:infoCode=(?:NW)?|/(?:a/|news/\d+,))(?P<key>(?P<date>\d{8})\d{7,})")
    found = {
        derive_keys("s", "i", "", address, [("infoCode", pattern)], lambda: "").strong
        for address in (
            "http://a.example/html_News/NewsShare.html?infoCode=NW202112232224262886",
            "https://b.example/x?infoCode=202112232224262886",
            "http://c.example/news/1351,202112232224262886.html",
        )
    }
    assert found == {"!infoCode:202112232224262886"}


def test_an_empty_address_or_a_site_root_is_no_key() -> None:
    assert derive_keys("s", "i", "", "https://a.example/", [], lambda: "t").weak == {"text:t"}
    assert derive_keys("s", "i", "", "", [], lambda: "").weak == {"item:s:i"}


KEYS = [f"url:{n}" for n in range(5)]
VERSION = st.builds(
    sighting,
    item=st.sampled_from("abcdefgh"),
    strong=st.sampled_from(["", "", "!k:1", "!k:2", "!k:3"]),
    weak=st.lists(st.sampled_from(KEYS), max_size=3, unique=True).map(tuple),
    length=st.integers(0, 30),
    day=st.integers(1, 5),
)


class Model:
    """Rules 1 to 4 without any cleverness: fold the versions, group everything again."""

    def __init__(self) -> None:
        self.sightings: dict[str, Sighting] = {}

    def read(self, said: Sighting) -> None:
        old = self.sightings.get(said.place)
        said = said._replace(item=f"path:{said.place}")
        if old and not (old.strong and said.strong and old.strong != said.strong):
            said = said._replace(strong=said.strong or old.strong, weak=said.own | old.weak)
        self.sightings[said.place] = said

    def posts(self) -> set[tuple[frozenset[str], str, str]]:
        found = group(self.sightings.values())
        return {
            (frozenset(s.place for s in one.sightings), merge(one.sightings).title, merge(one.sightings).link)
            for one in found
        }


class Rig:
    """A real store that is fed the same versions in batches."""

    def __init__(self, folder: str) -> None:
        self.db = Database.open(Path(folder) / "feedd.db")
        with self.db.transaction():
            self.db.run("source_add", ("one",))

    def read(self, batch: list[Sighting]) -> None:
        context = Context(True, NOW, frozenset(), None, source=1, sources=SOURCES)
        readings = [Reading(s.place, 1, 1, s.digest, "item", sighting=s, document=b"x") for s in batch]
        ingest_batches(self.db, [SourceBatch(context, readings, {})])

    def publish(self) -> None:
        feeds.assign_post_ids(self.db, SOURCES, frozenset())

    def rows(self) -> list[tuple[int, str, str | None, str]]:
        query = "SELECT s.post, s.place, p.uid, p.shown FROM sighting s JOIN post p ON p.id = s.post WHERE p.state = 'live'"
        return self.db._connection.execute(query).fetchall()

    def posts(self) -> set[tuple[frozenset[str], str, str]]:
        members: dict[int, set[str]] = {}
        shown = {}
        for post, place, _, text in self.rows():
            members.setdefault(post, set()).add(place)
            shown[post] = read_shown(text)
        return {(frozenset(places), shown[post].title, shown[post].link) for post, places in members.items()}

    def ids(self) -> dict[frozenset[str], str | None]:
        members: dict[int, set[str]] = {}
        uids = {}
        for post, place, uid, _ in self.rows():
            members.setdefault(post, set()).add(place)
            uids[post] = uid
        return {frozenset(places): uids[post] for post, places in members.items()}


def one_per_item(batch: list[Sighting]) -> list[Sighting]:
    """A reading has one version of each item."""
    return list({s.place: s for s in batch}.values())


@settings(max_examples=120, deadline=None)
@given(batches=st.lists(st.lists(VERSION, max_size=6), max_size=6), publish=st.sets(st.integers(0, 6)))
def test_the_store_agrees_with_the_model_whatever_is_read_and_published_in_between(
    batches: list[list[Sighting]], publish: set[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rig, model = Rig(folder), Model()
        with closing(rig.db):
            for index, batch in enumerate(map(one_per_item, batches)):
                for said in batch:
                    model.read(said)
                rig.read(batch)
                assert rig.posts() == model.posts()
                if index in publish:
                    before = rig.ids()
                    rig.publish()
                    after = rig.ids()
                    assert all(after[places] == uid for places, uid in before.items() if uid)
                    assert len({*after.values()}) == len(after)


@settings(max_examples=60, deadline=None)
@given(versions=st.lists(VERSION, max_size=8), seed=st.integers(0, 99))
def test_any_order_and_batches_of_different_items_give_the_same_posts_and_ids(
    versions: list[Sighting], seed: int
) -> None:
    versions = one_per_item(versions)
    shuffled = list(versions)
    random.Random(seed).shuffle(shuffled)
    results = []
    for batches in ([versions], [[one] for one in shuffled]):
        with tempfile.TemporaryDirectory() as folder:
            rig = Rig(folder)
            with closing(rig.db):
                for batch in batches:
                    rig.read(batch)
                rig.publish()
                results.append((rig.posts(), rig.ids()))
    assert results[0] == results[1]


def test_two_published_posts_that_turn_out_to_be_one_keep_the_first_id_and_part_again_with_their_own(
    tmp_path: Path,
) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read([sighting("a", weak=("url:1",))])
        rig.publish()
        rig.read([sighting("b", weak=("url:2",))])
        rig.publish()
        first, second = rig.ids()[frozenset("a")], rig.ids()[frozenset("b")]
        rig.read([sighting("c", weak=("url:1", "url:2"))])
        assert rig.ids() == {frozenset("abc"): first}
        number = rig.db.value("post_of_uid", (first,))
        assert rig.db.rows("aliases_of", (number,)) == [(second,)]


def test_a_sighting_that_unites_an_unpublished_strong_post_with_a_published_weak_one_keeps_the_published_id(
    tmp_path: Path,
) -> None:
    rig = Rig(str(tmp_path))
    with closing(rig.db):
        rig.read([sighting("a", weak=("url:1",))])
        rig.publish()
        uid = rig.ids()[frozenset("a")]
        rig.read([sighting("b", "!k:1", ("url:1",))])
        rig.publish()
        assert rig.ids() == {frozenset("ab"): uid}
