"""Words, dates, spans of time and sizes of pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feeds.errors import UsageError
from feeds.renderer.translations import (
    Words,
    choose_words,
    format_count,
    format_day,
    format_moment,
    format_number,
    format_size,
    format_span,
    read_words,
)

NOW = datetime(2024, 5, 20, 9, 30, tzinfo=UTC)
WORDS = Words(
    months=[f"M{n}" for n in range(1, 13)],
    date="{day} {month} {year}",
    now="now",
    soon="soon",
    **{
        f"{side}_{unit}": [f"{side} {{}} {unit}", f"{side} {{}} {unit}s"]
        for side in ("ago", "in")
        for unit in ("day", "hour", "minute")
    },
)


def test_word_lists_are_tables_of_a_file() -> None:
    assert read_words('[en]\nhome = "Home"\n', "words.toml") == {"en": {"home": "Home"}}
    with pytest.raises(UsageError, match=r"own\.toml: .*line 1.*correct it"):
        read_words("[en\n", "own.toml")
    with pytest.raises(UsageError, match=r"own\.toml: words belong under a language"):
        read_words('home = "x"', "own.toml")


def test_a_word_is_an_attribute_and_a_missing_word_is_named() -> None:
    assert WORDS.now == "now"
    with pytest.raises(AttributeError, match="no word 'none'"):
        _ = WORDS.none


@pytest.mark.parametrize(
    ("language", "chosen"),
    [("zh-TW", "zh"), ("zh_CN", "zh-cn"), ("ZH-cn", "zh-cn"), ("fr", "en"), ("en-GB", "en"), ("", "en")],
)
def test_the_nearest_language_is_chosen(language: str, chosen: str) -> None:
    languages = {name: Words(name=name) for name in ("en", "zh", "zh-CN")}
    assert choose_words(languages, language).name.lower() == chosen


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=60), "ago 1 minute"),
        (timedelta(minutes=119), "ago 119 minutes"),
        (timedelta(hours=2), "ago 2 hours"),
        (timedelta(hours=47), "ago 47 hours"),
        (timedelta(hours=48), "ago 2 days"),
        (timedelta(days=2000), "ago 2,000 days"),
        (-timedelta(seconds=30), "soon"),
        (-timedelta(minutes=1), "in 1 minute"),
        (-timedelta(hours=3), "in 3 hours"),
    ],
)
def test_a_span_of_time(span: timedelta, text: str) -> None:
    assert format_span(WORDS, NOW - span, NOW) == text


def test_a_time_that_should_not_be_past_is_due() -> None:
    assert format_span(WORDS, NOW - timedelta(hours=1), NOW, "due") == "due"
    assert format_span(WORDS, NOW + timedelta(hours=1), NOW, "due") == "in 60 minutes"


def test_dates_and_numbers() -> None:
    assert format_day(WORDS, NOW) == "20 M5 2024"
    assert format_moment(WORDS, NOW.replace(hour=3, minute=4)) == "20 M5 2024 03:04"
    assert format_number(1234567) == "1,234,567"
    assert [format_count(["{} post", "{} posts"], n) for n in (0, 1, 2)] == ["0 posts", "1 post", "2 posts"]


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, ""),
        (-1, ""),
        (1, "1 kB"),
        (1999, "1 kB"),
        (999_999, "999 kB"),
        (1_000_000, "1.0 MB"),
        (2_560_000, "2.6 MB"),
    ],
)
def test_a_size(length: int, text: str) -> None:
    assert format_size(length) == text
