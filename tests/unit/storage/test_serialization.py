"""Sightings and shown values survive the way to the database and back; damage is an error of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from feeds.errors import StoreError
from feeds.identity import Shown, Sighting
from feeds.storage.serialization import encode_shown, encode_sighting, read_shown, read_sighting

DATES = [datetime(2024, 1, day, 3, 4, 5, tzinfo=UTC) for day in (1, 2, 3)]
SIGHTING = Sighting(
    number=7, source="news", rank=2, item="id:g", place="", strong="!c:1", weak=frozenset({"url:x"}),
    own=frozenset({"url:y"}), title="新", link="https://a.example/l", page="https://a.example/p",
    authors=("A", "B"), published=DATES[0], updated=DATES[1], guess=DATES[2], categories=("c",),
    tags=("t", "u"), length=9, guid="g", fixed_id="f", language="zh", digest=b"d", former="text:f",
    text="digest", merges_terms=True,
)  # fmt: skip
SOURCES = {3: ("news", 2)}


def read(sighting: Sighting, data: str | None = None) -> Sighting:
    text = encode_sighting(sighting) if data is None else data
    row = (sighting.number, 3, sighting.item, sighting.place, sighting.strong, text, sighting.digest, 1)
    return read_sighting(row, SOURCES, sighting.weak, sighting.own)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"merges_terms": False},
        {"merges_terms": False, "text": ""},
        {"former": "", "text": "", "merges_terms": False},
        {"published": None, "updated": None, "guess": None, "authors": (), "categories": (), "tags": ()},
    ],
)
def test_a_sighting_comes_back(changes: dict[str, object]) -> None:
    sighting = SIGHTING._replace(**changes)
    assert read(sighting) == sighting


def test_a_file_has_no_former_key_from_a_store_of_an_older_version() -> None:
    file = SIGHTING._replace(place="a.md")
    assert read(file) == file._replace(former="")


def test_empty_values_at_the_end_take_no_space() -> None:
    short = SIGHTING._replace(former="", text="", merges_terms=False)
    assert len(json.loads(encode_sighting(short))) == 13
    assert len(json.loads(encode_sighting(short._replace(former="x")))) == 14
    assert len(json.loads(encode_sighting(SIGHTING))) == 16


def test_what_a_post_shows_comes_back() -> None:
    full = Shown("T", "https://a.example/", ("A",), DATES[0], True, DATES[1], ("c",), ("t",), 5, "de")
    for shown in (full, full._replace(published=None, updated=None, guessed=False)):
        assert read_shown(encode_shown(shown)) == shown


@pytest.mark.parametrize("text", ["", "[", "[1]", "{}", "null"])
def test_damage_is_an_error_of_the_store(text: str) -> None:
    with pytest.raises(StoreError, match="the store"):
        read_shown(text)
    with pytest.raises(StoreError, match="the store"):
        read(SIGHTING, text)


def test_a_sighting_of_an_unknown_source_is_damage() -> None:
    with pytest.raises(StoreError):
        read_sighting(
            (1, 9, "i", "p", "", encode_sighting(SIGHTING), b"", 1), SOURCES, frozenset(), frozenset()
        )
