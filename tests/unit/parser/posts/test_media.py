"""Media and podcast fields of posts, in the forms of the generators."""

from typing import Any

import pytest

from feeds.models import Enclosure, Extra
from feeds.parser.posts.media import read_media
from feeds.values.urls import resolve

MP3 = "https://a.example/1.mp3"


def read(**values: Any):
    return read_media(values, lambda text: resolve("https://a.example/post/", text))


@pytest.mark.parametrize(
    "values",
    [
        {"enclosure": MP3},
        {"enclosure": {"url": MP3}},
        {"enclosure": [{"URL": MP3}]},
        {"enclosures": [MP3]},
        {"audio": MP3},
        {"audio": "/1.mp3"},
        {"audio": {"mp3": "/1.mp3"}},
        {"audio_file": "../1.mp3"},
        {"podcast_file": "/1.mp3"},
        {"podcast": {"file": "/1.mp3"}},
        {"episode": {"filename": "/1.mp3"}},
        {"attachments": [{"href": MP3}, {"href": MP3}]},
    ],
)
def test_each_form_names_the_file(values: dict[str, Any]) -> None:
    assert read(**values)[0] == (Enclosure(MP3, "audio/mpeg", 0),)


@pytest.mark.parametrize(
    "values",
    [
        {"enclosure": {"url": MP3, "length": 123, "type": "audio/x"}},
        {"enclosure": {"url": MP3, "size": "123", "mime_type": "audio/x"}},
        {"enclosure": f"{MP3}\n123\naudio/x"},
        {"enclosure": [f"{MP3}\n123\naudio/x\n"]},
        {"audio": MP3, "podcast_bytes": "123", "mime_type": "audio/x"},
    ],
)
def test_length_and_type_are_read(values: dict[str, Any]) -> None:
    assert read(**values)[0] == (Enclosure(MP3, "audio/x", 123),)


def test_several_formats_of_an_episode_are_all_enclosures() -> None:
    found, _ = read(audio={"mp3": "/1.mp3", "m4a": "/1.m4a"}, video="/1.mp4")
    assert [enclosure.type for enclosure in found] == ["audio/mpeg", "audio/mp4", "video/mp4"]


@pytest.mark.parametrize(
    "values",
    [
        {"file": "a.txt"},
        {"episode": "5"},
        {"media": "press"},
        {"audio": None},
        {"audio": ["", {}]},
        {"path": "/a"},
    ],
)
def test_what_names_no_medium_is_none(values: dict[str, Any]) -> None:
    assert read(**values) == ((), ())


def test_an_episode_has_its_fields() -> None:
    _, extras = read(
        title="T", audio=MP3, duration="00:34:00", season=2, episode="5", explicit=False, subtitle="Words"
    )
    assert set(extras) == {
        Extra("itunes:duration", "00:34:00"),
        Extra("itunes:season", "2"),
        Extra("itunes:episode", "5"),
        Extra("itunes:explicit", "false"),
        Extra("itunes:subtitle", "Words"),
    }


@pytest.mark.parametrize(
    "values",
    [
        {"podcast_duration": "12:00"},
        {"itunes_duration": "12:00"},
        {"itunes": {"duration": "12:00"}},
        {"enclosure": {"url": MP3, "duration": "12:00"}},
        {"episode": {"duration": "12:00", "title": "T"}},
    ],
)
def test_a_duration_is_found_where_generators_have_it(values: dict[str, Any]) -> None:
    _, extras = read(audio=MP3, **values)
    assert Extra("itunes:duration", "12:00") in extras


def test_a_post_without_an_episode_has_no_fields_of_one() -> None:
    assert read(duration="00:34:00", explicit=True) == ((), ())
    assert read(file="/a.pdf", duration="3") == (
        (Enclosure("https://a.example/a.pdf", "application/pdf", 0),),
        (),
    )


@pytest.mark.parametrize(
    ("written", "url", "length"),
    [
        ("/x y.mp3", "https://a.example/x y.mp3", 0),
        ("/x y.mp3\n1234\naudio/mpeg", "https://a.example/x y.mp3", 1234),
        ("https://a.example/a b c.mp3 99", "https://a.example/a b c.mp3", 99),
        ("/plain.mp3 audio/mpeg", "https://a.example/plain.mp3", 0),
    ],
)
def test_a_name_with_spaces_is_a_name(written: str, url: str, length: int) -> None:
    ((enclosure,), _) = read(enclosure=written)
    assert enclosure == Enclosure(url, "audio/mpeg", length)
