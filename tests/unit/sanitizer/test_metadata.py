"""What an entry says besides its text: languages, media, origins, and addresses without secrets."""

from __future__ import annotations

import pytest

from feeds.models import Enclosure, Extra, Origin
from feeds.sanitizer.metadata import (
    clean_extras,
    clean_media,
    clean_origin,
    redact_address,
    redact_feed_address,
    validate_language,
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("en", "en"),
        ("zh-Hans-CN", "zh-Hans-CN"),
        ("e", ""),
        ("en_US", ""),
        ("", ""),
        ("a" * 9, ""),
        ("en-" + "a" * 9, ""),
    ],
)
def test_a_language_is_a_tag_or_left_out(text: str, language: str) -> None:
    assert validate_language(text) == language


def test_media_need_an_address_and_a_type_that_is_one() -> None:
    given = [
        Enclosure("https://a.example/a.mp3", "audio/mpeg", 5),
        Enclosure("https://a.example/b c.mp3", "mp3", 6),
        Enclosure("javascript:alert(1)", "audio/mpeg", 7),
    ]
    assert clean_media(given) == (
        Enclosure("https://a.example/a.mp3", "audio/mpeg", 5),
        Enclosure("https://a.example/b%20c.mp3", "", 6),
    )


def test_fields_of_podcasts_are_text_or_addresses() -> None:
    given = [
        Extra(
            "podcast:person", "Ann <b>Lee</b>", (("href", "https://a.example/a b"), ("role", "<i>host</i>"))
        )
    ]
    assert clean_extras(given) == (
        Extra(
            "podcast:person",
            "Ann Lee",
            (("href", "https://a.example/a%20b"), ("role", "host")),
        ),
    )


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("https://a.example/p?id=1", "https://a.example/p?id=1"),
        ("https://me:pw@a.example/p", "https://a.example/p"),
        ("https://a.example/p?token=1&id=2", "https://a.example/p?id=2"),
        ("https://a.example/p?access_token=1", "https://a.example/p"),
        ("https://a.example/p?api-key=1;q=2", "https://a.example/p?q=2"),
        ("https://a.example/p?%74oken=1", "https://a.example/p"),
        ("https://a.example/p?monkey=1", "https://a.example/p?monkey=1"),
        ("https://a.example/p#part", "https://a.example/p#part"),
        ("https://a.example/p#token=1", "https://a.example/p"),
    ],
)
def test_an_address_of_a_page_loses_what_may_be_a_key(text: str, public: str) -> None:
    assert redact_address(text) == public


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("https://a.example/f?format=rss", "https://a.example/f?format=rss"),
        ("https://a.example/f?FORMAT=rss&u=1", "https://a.example/f?FORMAT=rss"),
        ("https://a.example/f?format=" + "a" * 24, "https://a.example/f?format=" + "a" * 24),
        ("https://a.example/f?format=" + "a" * 25, "https://a.example/f"),
        ("https://a.example/f?channel_id=" + "a" * 40, "https://a.example/f?channel_id=" + "a" * 40),
        ("https://me:pw@a.example/f#x", "https://a.example/f"),
    ],
)
def test_the_address_of_a_feed_keeps_only_parameters_that_choose_the_feed(text: str, public: str) -> None:
    assert redact_feed_address(text) == public


def test_an_origin_names_no_secret_address() -> None:
    assert clean_origin(None) is None
    url = "https://a.example/feed?token=s"
    assert clean_origin(Origin("urn:x", "A", url, "https://a.example/?key=1")) == Origin(
        "urn:x", "A", "https://a.example/feed", "https://a.example/"
    )
    assert clean_origin(Origin(url, "A", url, "")).id == "https://a.example/feed", "the id is the address"
    assert clean_origin(Origin("no iri", "A", "https://a.example/feed", "javascript:x")) == Origin(
        "https://a.example/feed", "A", "https://a.example/feed", ""
    )
