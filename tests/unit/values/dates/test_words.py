"""Dates in words and numbers, in the order in which people write them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from feeds.values.dates.words import parse_words

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thu, 01 jan 2004 19:48:21 gmt", "2004-01-01T19:48:21+00:00"),
        ("23 december 2021", "2021-12-23T00:00:00+08:00"),
        ("december 23rd, 2021 at 4:14 pm", "2021-12-23T16:14:00+08:00"),
        ("december 23rd, 2021 at 12:14 a.m.", "2021-12-23T00:14:00+08:00"),
        ("december 23rd, 2021 at 12:14 pm", "2021-12-23T12:14:00+08:00"),
        ("december 23 2021 4pm", "2021-12-23T16:00:00+08:00"),
        ("december 23 2021 13:00 am", None),
        ("december 2021", "2021-12-01T00:00:00+08:00"),
        ("1/2/2006", "2006-01-02T00:00:00+08:00"),
        ("13/2/2006", "2006-02-13T00:00:00+08:00"),
        ("1.2.2006", "2006-02-01T00:00:00+08:00"),
        ("1-13-2006", "2006-01-13T00:00:00+08:00"),
        ("2006/2/1", "2006-02-01T00:00:00+08:00"),
        ("1.2.06", "2006-02-01T00:00:00+08:00"),
        ("1.2.006", None),
        ("123.2.2006", None),
        ("10:30 2/1/2006 est", "2006-02-01T10:30:00-05:00"),
        ("1 jan 2004 10:30:40 +1", "2004-01-01T10:30:40+01:00"),
        ("1 jan 2004 10:30:40 -330", "2004-01-01T10:30:40-03:30"),
        ("1 jan 2004 10:30:40 +1:30", "2004-01-01T10:30:40+01:30"),
        ("1 jan 2004 10:30 europe/brussels", "2004-01-01T10:30:00+01:00"),
        ("1 jan 2004 10:30 europe/atlantis", None),
        ("1 jan 2004 10:30 cst", "2004-01-01T10:30:00+08:00"),
        ("1 jan (a (nested) comment) 2004", "2004-01-01T00:00:00+08:00"),
        ("26 sep 2022 gmt", "2022-09-26T00:00:00+00:00"),
        ("sat, 11 04 2020 08:51", "2020-04-11T08:51:00+08:00"),
        ("2004 jan 31", "2004-01-31T00:00:00+08:00"),
        ("31 jan 5", None),
        ("30 jan mars 2004", "2004-03-30T00:00:00+08:00"),
        ("jan", None),
        ("no date 2004", None),
    ],
)
def test_a_date_in_words(text: str, expected: str | None) -> None:
    found = parse_words(text, SHANGHAI)
    assert (found.isoformat() if found else None) == expected


def test_a_name_of_a_zone_is_american_where_the_site_has_another() -> None:
    assert parse_words("1 jan 2004 10:30 cst", UTC).isoformat() == "2004-01-01T10:30:00-06:00"
