"""Podcast fields: which are valid, and what they say."""

from __future__ import annotations

import pytest

from feeds.models import Extra
from feeds.renderer.namespaces import filter_valid, find_image, parse_duration

URL = "https://a.example/x"


@pytest.mark.parametrize(
    "extra",
    [
        Extra("itunes:author", "Ann"),
        Extra("itunes:block", "YES"),
        Extra("itunes:duration", "1:02:03"),
        Extra("itunes:episode", "12"),
        Extra("itunes:episodeType", "bonus"),
        Extra("itunes:explicit", "false"),
        Extra("itunes:image", "", (("href", URL),)),
        Extra("itunes:season", "2"),
        Extra("podcast:chapters", "", (("url", URL), ("type", "application/json"))),
        Extra("podcast:episode", "1.5", (("display", "Ch. 1"),)),
        Extra("podcast:person", "Ann", (("role", "host"),)),
        Extra("podcast:soundbite", "", (("startTime", "1.5"), ("duration", "30"))),
        Extra("podcast:transcript", "", (("url", URL), ("type", "text/vtt"))),
        Extra("podcast:socialInteract", "", (("protocol", "activitypub"), ("uri", URL))),
    ],
)
def test_valid_fields_stay(extra: Extra) -> None:
    assert list(filter_valid([extra])) == [extra]
    assert list(filter_valid([extra._replace(name=extra.name.upper())])) == [extra]


@pytest.mark.parametrize(
    "extra",
    [
        Extra("itunes:unknown", "x"),
        Extra("itunes:author", ""),
        Extra("itunes:author", "a\x00b"),
        Extra("itunes:subtitle", "a" * 256),
        Extra("itunes:episode", "0"),
        Extra("itunes:episode", "one"),
        Extra("itunes:duration", "1:99"),
        Extra("itunes:image", "", (("href", "javascript:x"),)),
        Extra("itunes:image", "text", (("href", URL),)),
        Extra("podcast:transcript", "", (("url", URL),)),
        Extra("podcast:soundbite", "", (("startTime", "1"),)),
    ],
)
def test_other_fields_go(extra: Extra) -> None:
    assert list(filter_valid([extra])) == []


def test_unknown_attributes_go_and_some_fields_count_once() -> None:
    given = [
        Extra("itunes:season", "1"),
        Extra("itunes:season", "2"),
        Extra("podcast:person", "Ann", (("onclick", "x"), ("img", "no address"), ("role", "host"))),
        Extra("podcast:person", "Bob"),
    ]
    assert list(filter_valid(given)) == [
        Extra("itunes:season", "1"),
        Extra("podcast:person", "Ann", (("role", "host"),)),
        Extra("podcast:person", "Bob"),
    ]


@pytest.mark.parametrize(("text", "seconds"), [("75", 75), ("1:15", 75), ("1:02:03", 3723), ("x", 0)])
def test_a_duration_in_seconds(text: str, seconds: int) -> None:
    assert parse_duration([Extra("itunes:duration", text)]) == seconds
    assert parse_duration([]) == 0


def test_the_image() -> None:
    assert find_image([Extra("itunes:author", "a"), Extra("itunes:image", "", (("href", URL),))]) == URL
    assert find_image([]) == ""


def test_addresses_in_fields_are_uris() -> None:
    given = Extra("itunes:image", "", (("href", "https://a.example/ü"),))
    assert list(filter_valid([given])) == [given._replace(attributes=(("href", "https://a.example/%C3%BC"),))]


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        ("1h 2m 3s", "01:02:03"),
        ("2m", "00:02:00"),
        ("75m", "01:15:00"),
        ("59m 5s", "00:59:05"),
        ("12.7", "12"),
        ("1:02.5", "1:02"),
        ("1:02:03", "1:02:03"),
    ],
)
def test_a_duration_is_written_as_a_clock_shows_it(stated: str, written: str) -> None:
    assert [extra.text for extra in filter_valid([Extra("itunes:duration", stated)])] == [written]
