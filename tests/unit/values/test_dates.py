"""Dates as posts and feeds write them: what is read, what it means, what is refused."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.values.dates import format_rfc822, format_rfc3339, parse_date
from tests.rigs.examples import examples

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2003", "2003-01-01T00:00:00+08:00"),
        ("2003-12", "2003-12-01T00:00:00+08:00"),
        ("20031231T101455Z", "2003-12-31T10:14:55+00:00"),
        ("2003-335", "2003-12-01T00:00:00+08:00"),
        ("03-12-31", "2003-12-31T00:00:00+08:00"),
        ("2003-W52-3", "2003-12-24T00:00:00+08:00"),
        ("1640269466", "2021-12-23T14:24:26+00:00"),
        ("1640269466000", "2021-12-23T14:24:26+00:00"),
        ("20211223222426", "2021-12-23T22:24:26+08:00"),
        ("Thu, 01 Jan 2004", "2004-01-01T00:00:00+08:00"),
        ("Thu, 01 Jan 04 19:48:21 GMT", "2004-01-01T19:48:21+00:00"),
        ("Sun Jul 15 01:16:00 +0000 2012", "2012-07-15T01:16:00+00:00"),
        ("Wed, 19 Feb 2012 22:40:00 GMT-01:01", "2012-02-19T22:40:00-01:01"),
        ("Thu, 13 Feb 1969 23:32 -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30"),
        ("Nov. 16, 2020, 10:57 a.m.", "2020-11-16T10:57:00+08:00"),
        ("December 23rd, 2021 at 4:14 pm", "2021-12-23T16:14:00+08:00"),
        ("mar., 3 mars 2020 10:00:00 +0100", "2020-03-03T10:00:00+01:00"),
        ("Lundi, 16. Novembre 2020 - 15:54", "2020-11-16T15:54:00+08:00"),
        ("23 декабря 2021 г. 16:14", "2021-12-23T16:14:00+08:00"),
        ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T12:00:00-05:00"),
        ("2004-július-13T9:15-05:00", "2004-07-13T09:15:00-05:00"),
        ("2004-05-25 오후 11:23:17", "2004-05-25T23:23:17+09:00"),
        ("2021年12月23日 星期四 下午 4:14", "2021-12-23T16:14:00+08:00"),
        ("Fri, 31 Mar 2023 20:19:00 America/Los_Angeles", "2023-03-31T20:19:00-07:00"),
        ("2021-12-23 22:24:26 CST", "2021-12-23T22:24:26+08:00"),
        ("Sat, 11 04 2020 08:51:49 +0100", "2020-04-11T08:51:49+01:00"),
        ("26 Sep 2022 GMT", "2022-09-26T00:00:00+00:00"),
        ("Mon Jan 2 15:04:05 2006 MST", "2006-01-02T15:04:05-07:00"),
        ("15:04 02.01.2006 -0700", "2006-01-02T15:04:00-07:00"),
        ("Mon, Jan 2 2006 15:04:05 -700", "2006-01-02T15:04:05-07:00"),
        ("Wed, 19 Aug 2009 18:28:00 Etc/GMT", "2009-08-19T18:28:00+00:00"),
        ("10/30/23 21:55:58", "2023-10-30T21:55:58+08:00"),
        ("26/06/2020", "2020-06-26T00:00:00+08:00"),
        ("30.10.23", "2023-10-30T00:00:00+08:00"),
        ("2021-12-31 23:59:60", "2022-01-01T00:00:00+08:00"),
        ("Sun, 4 Jan 2004 24:00:00 GMT", "2004-01-05T00:00:00+00:00"),
        # Tags of RFC 9557
        ("2024-05-01T10:00:00+02:00[Europe/Paris]", "2024-05-01T10:00:00+02:00"),
        ("2024-05-01T10:00:00Z[UTC][u-ca=gregory]", "2024-05-01T10:00:00+00:00"),
        ("2024-05-01T10:00:00[!Europe/Paris]", "2024-05-01T10:00:00+02:00"),
        ("2024-05-01 10:00[u-ca=japanese]", "2024-05-01T10:00:00+08:00"),
        # Months and days of the week as East Asian machines put them into RFC 822
        ("Mon, 05 2月 2024", "2024-02-05T00:00:00+08:00"),
        ("月, 05 12月 2024 10:00:00 +0900", "2024-12-05T10:00:00+09:00"),
        ("周一, 05 十一月 2024 10:00:00 +0800", "2024-11-05T10:00:00+08:00"),
        ("월, 05 2월 2024 10:00:00 +0900", "2024-02-05T10:00:00+09:00"),
        # Eras, numbers in words, digits of other scripts
        ("令和6年5月1日", "2024-05-01T00:00:00+08:00"),
        ("令和元年12月31日 午後3:04", "2019-12-31T15:04:00+08:00"),
        ("平成 31 年 4 月 30 日 10:00", "2019-04-30T10:00:00+08:00"),
        ("昭和64年1月7日", "1989-01-07T00:00:00+08:00"),
        ("民國113年5月1日", "2024-05-01T00:00:00+08:00"),
        ("二〇二四年五月三十一日", "2024-05-31T00:00:00+08:00"),
        ("二零二四年十月十日", "2024-10-10T00:00:00+08:00"),
        ("١ مايو ٢٠٢٤", "2024-05-01T00:00:00+08:00"),
        ("२०२४-०५-०१", "2024-05-01T00:00:00+08:00"),
        ("1 Mayıs 2024", "2024-05-01T00:00:00+08:00"),
        ("5 באוקטובר 2024", "2024-10-05T00:00:00+08:00"),
        ("ngày 1 tháng 5 năm 2024", "2024-05-01T00:00:00+08:00"),
        # Signs
        ("Wed, 01 May 2024 10:00:00 --0500", "2024-05-01T10:00:00-05:00"),
        ("2024-05-01T10:00:00−05:00", "2024-05-01T10:00:00-05:00"),
        ("2024–05–01", "2024-05-01T00:00:00+08:00"),
        ("@1714557600", "2024-05-01T10:00:00+00:00"),
    ],
)
def test_a_date_means_its_instant(text: str, expected: str) -> None:
    found = parse_date(text, SHANGHAI)
    assert found is not None
    assert format_rfc3339(found) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2003-13-01",
        "2003-366",
        "29 Feb 2003 10:00 GMT",
        "Thu, 31 Jun 2004 19:48:21 GMT",
        "2003-12-31T25:14:55Z",
        "Mon, 26 January 2004 16:31:00 XYZ",
        "Sun, 16 zzz 2012 11:47:32 GMT",
        "3 hours ago",
        "2024-05-01T10:00:00[Nowhere/Land]",
        "Wed, 01 May 2024 10:00:00 +-0500",
        "令和6年13月1日",
        "五月",
        "昨天 22:24",
        "12:30",
        "99999-01-01",
        "0000-00-00 00:00:00",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_what_is_impossible_or_no_date_is_refused(text: str) -> None:
    assert parse_date(text, SHANGHAI) is None


def test_a_zone_name_of_rfc_822_is_american_elsewhere() -> None:
    found = parse_date("Thu, 23 Dec 2021 16:14:00 CST", UTC)
    assert found is not None
    assert format_rfc3339(found) == "2021-12-23T16:14:00-06:00"


@examples(200)
@given(st.datetimes(timezones=st.just(UTC)).filter(lambda d: 1900 <= d.year <= 9998))
def test_what_feedd_writes_it_reads(date) -> None:
    date = date.replace(microsecond=0)
    assert parse_date(format_rfc3339(date), SHANGHAI) == date
    assert parse_date(format_rfc822(date), SHANGHAI) == date


@examples(300)
@given(st.text(alphabet="0123456789-:/., TZWhapm+年月日오후janmar()", max_size=40))
def test_nothing_makes_the_reader_fail(text: str) -> None:
    found = parse_date(text, SHANGHAI)
    assert found is None or found.astimezone(UTC).tzinfo is not None


SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-12-23 16:14:00 +0800", "2021-12-23T16:14:00+08:00"),
        ("2021-12-08 10:39:11", "2021-12-08T10:39:11+08:00"),
        ("2021年12月23日 下午4:14", "2021-12-23T16:14:00+08:00"),
        ("Thu, 23 Dec 2021 16:14:00 GMT", "2021-12-23T16:14:00+00:00"),
        ("2021-12-23T16:14:00Z", "2021-12-23T16:14:00+00:00"),
        ("2021-02-30", None),
        (" +0800", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_or_refused(text: str, expected: str | None) -> None:
    found = parse_date(text, SHANGHAI)
    assert (found.isoformat() if found else None) == expected


@given(st.text())
@examples(200)
def test_no_text_is_a_date_without_an_offset(text: str) -> None:
    found = parse_date(text, UTC)
    assert found is None or found.utcoffset() is not None
