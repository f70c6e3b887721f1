"""Dates in digits: RFC 3339, other forms of ISO 8601, seconds since 1970, East Asian forms."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest

from feeds.values.dates.digits import choose_zone, parse_east_asian, parse_iso, parse_usual

CHINA = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:00"),
        ("2024/1/2", "2024-01-02T00:00:00+08:00"),
        ("2024.1.2 3:04", "2024-01-02T03:04:00+08:00"),
        ("2024-01-02t03:04:05.678 +0130", "2024-01-02T03:04:05+01:30"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05+00:00"),
        ("2024-02-30", None),
        ("2024-01-02 03:04:05 +1700", None),
        ("2024", "none"),
        ("２０２４-01-02", "none"),
    ],
)
def test_usual_form(text: str, expected: str | None) -> None:
    found = parse_usual(text, CHINA)
    assert (found if isinstance(found, str | None) else found.isoformat()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021年12月23日", "2021-12-23T00:00:00+08:00"),
        ("2021年12月23日 下午4:14", "2021-12-23T16:14:00+08:00"),
        ("2021年12月23日 下午12:14", "2021-12-23T12:14:00+08:00"),
        ("2021年12月23日 凌晨12:14", "2021-12-23T00:14:00+08:00"),
        ("2021年12月23日 凌晨3时5分6秒", "2021-12-23T03:05:06+08:00"),
        ("2021年12月23日 上午11:30 +09:00", "2021-12-23T11:30:00+09:00"),
        ("2021년 12월 23일 오후 1:02", "2021-12-23T13:02:00+08:00"),
        ("2021年13月23日", None),
        ("12月23日", "none"),
    ],
)
def test_east_asian_form(text: str, expected: str | None) -> None:
    found = parse_east_asian(text, CHINA)
    assert (found if isinstance(found, str | None) else found.isoformat()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1640269466", "2021-12-23T14:24:26+00:00"),
        ("1640269466123", "2021-12-23T14:24:26+00:00"),
        ("20211223222426", "2021-12-23T22:24:26+08:00"),
        ("2021", "2021-01-01T00:00:00+08:00"),
        ("2021-366", None),
        ("2020-366", "2020-12-31T00:00:00+08:00"),
        ("2021-W01", "2021-01-04T00:00:00+08:00"),
        ("2021-W01-7T10:20", "2021-01-10T10:20:00+08:00"),
        ("2021-W53", None),
        ("49-12-31", "2049-12-31T00:00:00+08:00"),
        ("50-12-31", "1950-12-31T00:00:00+08:00"),
        ("-21-12", "2021-12-01T00:00:00+08:00"),
        ("-21", "2021-01-01T00:00:00+08:00"),
        ("21-032", "2021-02-01T00:00:00+08:00"),
        ("20211223T101455.5Z", "2021-12-23T10:14:55+00:00"),
        ("20211223T10+02:00", "2021-12-23T10:00:00+02:00"),
        ("12:30", "none"),
    ],
)
def test_other_forms_of_iso_8601(text: str, expected: str | None) -> None:
    found = parse_iso(text, CHINA)
    assert (found if isinstance(found, str | None) else found.isoformat()) == expected


def test_a_date_in_korean_is_in_the_time_of_korea() -> None:
    assert choose_zone("2021년 12월", UTC) == timezone(timedelta(hours=9))
    assert choose_zone("2021年12月", UTC) is UTC
