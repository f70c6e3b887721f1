"""Numbers become an instant, or none if no such instant exists."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from feeds.values.dates.instant import FIRST_YEAR, LAST_YEAR, build_instant, expand_year, parse_offset


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([2024, 2, 29, 23, 59, 59], "2024-02-29T23:59:59+00:00"),
        ([2024, 2, 29, 24, 0, 0], "2024-03-01T00:00:00+00:00"),
        ([2016, 12, 31, 23, 59, 60], "2017-01-01T00:00:00+00:00"),
        ([FIRST_YEAR, 1, 1, 0, 0, 0], "1900-01-01T00:00:00+00:00"),
        ([LAST_YEAR, 12, 31, 23, 59, 59], "9999-12-31T23:59:59+00:00"),
        ([LAST_YEAR, 12, 31, 24, 0, 0], None),
        ([FIRST_YEAR - 1, 12, 31, 0, 0, 0], None),
        ([LAST_YEAR + 1, 1, 1, 0, 0, 0], None),
        ([2023, 2, 29, 0, 0, 0], None),
        ([2024, 1, 1, 24, 1, 0], None),
        ([2024, 1, 1, 24, 0, 1], None),
        ([2024, 1, 1, 25, 0, 0], None),
        ([2024, 1, 1, 0, 60, 0], None),
        ([2024, 1, 1, 0, 0, 61], None),
    ],
)
def test_an_instant_of_numbers(numbers: list[int], expected: str | None) -> None:
    found = build_instant(numbers, UTC)
    assert (found.isoformat() if found else None) == expected


def test_an_instant_has_the_offset_of_its_zone_in_whole_minutes() -> None:
    assert build_instant([2024, 7, 1, 0, 0, 0], ZoneInfo("Europe/Berlin")).utcoffset() == timedelta(hours=2)
    # Amsterdam was 19 minutes and 32 seconds ahead of UTC in 1910.
    assert build_instant([1910, 1, 1, 0, 0, 0], ZoneInfo("Europe/Amsterdam")).utcoffset() in (
        timedelta(minutes=20),
        timedelta(minutes=18),
    )
    assert build_instant([2024, 1, 1, 0, 0, 0], None) is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("Z", 0),
        ("utc", 0),
        ("+01:00", 60),
        ("-0830", -510),
        ("+05", 300),
        ("+16:00", 960),
        ("-16:00", -960),
        ("+16:01", None),
        ("+00:60", None),
        ("+00:59", 59),
    ],
)
def test_an_offset(text: str, minutes: int | None) -> None:
    expected = None if minutes is None else timezone(timedelta(minutes=minutes))
    assert parse_offset(text) == expected


@pytest.mark.parametrize(
    ("digits", "year"),
    [
        ("0", 2000),
        ("49", 2049),
        ("50", 1950),
        ("99", 1999),
        ("100", 2000),
        ("003", 1903),
        ("1987", 1987),
        (None, 2000),
    ],
)
def test_a_short_year(digits: str | None, year: int) -> None:
    assert expand_year(digits) == year
