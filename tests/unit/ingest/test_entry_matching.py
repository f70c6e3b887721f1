"""New entries get names that hide none, and equal entries are repeated only once."""

from __future__ import annotations

from datetime import UTC, datetime

from feeds.identity import Sighting
from feeds.ingest.entry_matching import collect_dates, match_entries
from feeds.item_names import list_names
from feeds.storage.records import Reading

DATE = datetime(2024, 1, 2, tzinfo=UTC)


def entry(guid: str, text: str, number: int = 0) -> Sighting:
    keys = frozenset({f"guid:up:{guid}"}) if guid else frozenset({f"text:{text}"})
    made = Sighting(
        number=number, source="up", rank=0, item="", place="", strong="", weak=keys, own=keys, title=text,
        link=f"https://a.example/{text}", page="", authors=(), published=DATE, updated=None, guess=None,
        categories=(), tags=(), length=1, guid=guid, text=text, digest=text.encode(),
    )  # fmt: skip
    return made._replace(item=list_names(made)[0])


def reading(sighting: Sighting) -> Reading:
    return Reading(sighting.item, 1, 0, sighting.digest, "item", sighting=sighting)


def test_entries_keep_their_names_where_they_differ() -> None:
    one, two = entry("1", "a"), entry("2", "b")
    found = match_entries("up", [one], [reading(two)], ())
    assert [item.path for item in found.readings] == [two.item]
    assert (found.repeated, found.renamed, found.blocked) == ([], [], frozenset())
    assert found.guids == {"1", "2"}
    assert found.known_names == {one.item}


def test_an_entry_that_equals_a_stored_entry_is_repeated() -> None:
    one = entry("1", "a", 5)
    found = match_entries("up", [one], [reading(entry("1", "a")), reading(entry("2", "b"))], ())
    assert [item.path for item in found.repeated] == [one.item]
    assert len(found.readings) == 1
    twice = match_entries("up", [], [reading(entry("2", "b")), reading(entry("2", "b"))], ())
    assert (len(twice.readings), len(twice.repeated)) == (1, 1)


def test_different_entries_of_one_guid_get_names_of_their_own() -> None:
    found = match_entries("up", [], [reading(entry("1", "a")), reading(entry("1", "b"))], ())
    paths = [item.path for item in found.readings]
    assert len(set(paths)) == 2
    assert found.repeated == []
    assert all(item.sighting is not None and item.sighting.item == item.path for item in found.readings)
    assert found.blocked == {"guid:up:1", "item:up:id:1"}
    again = match_entries("up", [], [reading(entry("1", "a")), reading(entry("1", "b"))], found.blocked)
    assert again.blocked == frozenset()
    stored = match_entries("up", [entry("1", "a", 5)], [reading(entry("1", "b"))], ())
    assert [old.number for old, _ in stored.renamed] == [5]


def test_stated_dates_are_collected() -> None:
    undated = entry("3", "c")._replace(published=None)
    found = [reading(entry("1", "a")), reading(undated), reading(entry("1", "a"))._replace(sighting=None)]
    assert collect_dates(found) == {int(DATE.timestamp())}
