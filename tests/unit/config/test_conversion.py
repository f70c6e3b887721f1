"""A value gets the type of its key, or a message that names it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from feeds.config.catalogue import list_tables
from feeds.config.conversion import InvalidValueError, convert_value, describe_kind


def convert(place: str, value: object) -> object:
    table, _, name = place.rpartition(".")
    return convert_value(list_tables()[table].keys[name], value, Path("/a/config"))


@pytest.mark.parametrize(
    ("place", "value", "result"),
    [
        ("site.title", "T", "T"),
        ("site.url", "https://x.example", "https://x.example/"),
        ("output.dir", "../out", Path("/a/out")),
        ("output.entries", 5, 5),
        ("output.pages", False, False),
        ("output.slugs", "unicode", "unicode"),
        ("output.formats", ["atom", "rss"], ("atom", "rss")),
        ("output.archive", [], ()),
        ("clean.boilerplate", [], ()),
        ("serve.private.feed", "/tag/x/", "tag/x"),
    ],
)
def test_a_valid_value_gets_the_type_of_its_key(place: str, value: object, result: object) -> None:
    assert convert(place, value) == result


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("output.entries", "50", 'expected an integer, got the string "50"'),
        ("output.entries", "", 'expected an integer, got the string ""'),
        ("output.entries", True, "expected an integer, got the boolean true"),
        ("output.entries", 5.0, "expected an integer, got the number 5.0"),
        ("output.entries", 0, "must be between 1 and 100000 posts, got 0"),
        ("output.entries", 10**30, f"must be between 1 and 100000 posts, got {10**30}"),
        ("output.pages", "yes", 'expected true or false, got the string "yes"'),
        ("site.title", ["T"], "expected a string, got an array"),
        ("site.title", {}, "expected a string, got a table"),
        ("site.title", datetime.date(2024, 1, 1), "expected a string, got a date or time"),
        ("site.title", " ", "must not be empty; fill it in or remove the line"),
        ("site.title", "a\x01", "contains a control character; remove it"),
        ("output.dir", 3, "expected a string, got the integer 3"),
        ("output.dir", "a\0b", "contains a NUL character; remove it"),
        (
            "output.slugs",
            "asci",
            'invalid value \'asci\': expected "ascii" or "unicode"; did you mean `ascii`?',
        ),
        ("output.slugs", 1, "expected a string, got the integer 1"),
        ("output.formats", "atom", 'expected an array of strings, got the string "atom"'),
        ("output.formats", [1], "expected an array of strings, but it contains the integer 1"),
        ("output.formats", [], 'must not be empty; name at least one of "atom", "rss" or "json"'),
        ("output.formats", ["x"], 'invalid value \'x\': expected "atom", "rss" or "json"'),
        ("output.formats", ["rss", "rss"], 'contains "rss" twice; remove one'),
        ("sources.categories", ["a", ""], "contains an empty string; remove it"),
        ("serve.listen", "a\nb", "'a\\nb' is not an address to listen at"),
    ],
)
def test_an_invalid_value_is_described(place: str, value: object, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        convert(place, value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_invalid_kind_is_described() -> None:
    kinds = ["folder", "upstream"]
    assert describe_kind("foldr", kinds) == (
        'invalid value \'foldr\': expected "folder" or "upstream"; did you mean `folder`?'
    )
    assert describe_kind(1, kinds) == 'expected a string, got the integer 1; write "1" in quotes'
