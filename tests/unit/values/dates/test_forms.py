"""Other calendars and notations become dates that the parsers of this package read."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from feeds.values.dates.forms import simplify_date

UTC = ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "simple"),
    [
        ("2024-01-02", "2024-01-02"),
        ("@1704164645", "1704164645"),
        ("2024-01-02 03:04:05 ++08:00", "2024-01-02 03:04:05 +08:00"),
        ("2024\u201301\u201302", "2024-01-02"),
        ("٢٠٢٤-٠١-٠٢", "2024-01-02"),
        ("令和6年1月2日", "2024年1月2日"),
        ("平成元年1月2日", "1989年1月2日"),
        ("民国 113 年1月2日", "2024年1月2日"),
        ("昭和64年1月7日", "1989年1月7日"),
        ("大正15年1月7日", "1926年1月7日"),
        ("二〇二四年十二月三十一日", "2024年12月31日"),
        ("二零二四年十月二十日", "2024年10月20日"),
        ("二〇二四年三月九日", "2024年3月9日"),
        ("星期二 2024-01-02", "2024-01-02"),
        ("火, 02 1月 2024 03:04:05", "02 Jan 2024 03:04:05"),
        ("02 12월 2024", "02 Dec 2024"),
        ("ngày 2 tháng 1 năm 2024", "2 Jan 2024"),
        ("Ngày 31 tháng 12, 2024", "31 Dec 2024"),
    ],
)
def test_each_notation_becomes_a_usual_form(text: str, simple: str) -> None:
    assert simplify_date(text, UTC) == (simple, UTC)


def test_a_zone_in_brackets_counts_only_without_an_offset() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert simplify_date("2024-01-02T03:04:05[Europe/Berlin]", UTC) == ("2024-01-02T03:04:05", berlin)
    assert simplify_date("2024-01-02T03:04:05 [!Europe/Berlin][u-ca=iso8601]", UTC) == (
        "2024-01-02T03:04:05",
        berlin,
    )
    for offset in ("Z", "+08:00", "-0500"):
        text = f"2024-01-02T03:04:05{offset}"
        assert simplify_date(f"{text}[Europe/Berlin]", UTC) == (text, UTC)
    assert simplify_date("2024-01-02[u-ca=japanese]", UTC) == ("2024-01-02", UTC)
    assert simplify_date("2024-01-02[No/Where]", UTC) == ("2024-01-02[No/Where]", UTC)
    assert simplify_date("2024-01-02[a b]", UTC) == ("2024-01-02[a b]", UTC)
