"""Freshness and Retry-After of a response."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.http.cache_control import compute_max_age, parse_http_date, parse_retry_after
from tests.unit.fetcher.test_schedule import NOW


@pytest.mark.parametrize(
    ("control", "expires", "date", "expected"),
    [
        ("public, max-age=600", "", "", 600),
        ('MAX-AGE="60", private', "Wed, 03 Jan 2024 11:00:00 GMT", "", 60),
        ("s-maxage=9, no-cache", "", "", None),
        ("", "Wed, 03 Jan 2024 11:00:00 GMT", "", 3600),
        ("", "Wed, 03 Jan 2024 11:00:00 GMT", "Wed, 03 Jan 2024 10:50:00 GMT", 600),
        ("", "0", "", None),
        ("", "Wed, 03 Jan 2024 09:00:00 GMT", "", None),
        ("max-age=-5", "", "", None),
        ("max-age=999999999999999999999", "", "", 315360000),
    ],
)
def test_freshness_is_read_from_either_header(
    control: str, expires: str, date: str, expected: int | None
) -> None:
    assert compute_max_age(control, expires, date, NOW) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120),
        ("Wed, 03 Jan 2024 10:02:00 GMT", 121),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("0", None),
        ("99999999999", 604800),
        ("9" * 5000, 604800),
        ("Wed, 03 Jan 2024 09:00:00 GMT", None),
        ("٣", None),
    ],
)
def test_retry_after_comes_in_two_forms(value: str, expected: int | None) -> None:
    assert parse_retry_after(value, NOW) == expected


@given(st.text(max_size=70))
def test_no_date_raises(text: str) -> None:
    assert parse_http_date(text) is None or parse_http_date(text).tzinfo  # type: ignore[union-attr]
