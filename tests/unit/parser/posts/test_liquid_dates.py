"""Dates in Liquid are written as Jekyll writes them; the time of the build is never published."""

from __future__ import annotations

import pytest

from feeds.parser.posts.liquid import render_liquid

SCOPE = {"day": "2024-01-02 03:04:05 +0800"}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("day | date: '%-d.%-m. %e|%:z|%N|%L|%%|%-I'", "2.1.  2|+08:00|000000000|000|%|3"),
        ("day | date: '%%-d'", "%-d"),
        ("day | date_to_string", "02 Jan 2024"),
        ("day | date_to_string: 'ordinal', 'US'", "Jan 2nd, 2024"),
        ("day | date_to_long_string: 'ordinal'", "2nd January 2024"),
        ("'2024-03-13' | date_to_string: 'ordinal'", "13th Mar 2024"),
        ("'2024-03-21' | date_to_string: 'ordinal'", "21st Mar 2024"),
        ("day | date_to_xmlschema", "2024-01-02T03:04:05+08:00"),
        ("day | date_to_rfc822", "Tue, 02 Jan 2024 03:04:05 +0800"),
        ("'never' | date: '%Y'", "never"),
        ("nil | date: '%Y'", ""),
        ("nil | date_to_string", ""),
    ],
)
def test_dates(expression: str, expected: str) -> None:
    assert render_liquid("{{ " + expression + " }}", SCOPE, lambda *_: None) == (expected, ())


@pytest.mark.parametrize(
    "text", ["{{ 'now' | date: '%Y' }}", "{{ 'Today' | date_to_string }}", "{{ site.time | date: '%Y' }}"]
)
def test_the_time_of_the_build_is_dropped_and_named(text: str) -> None:
    found, dropped = render_liquid(text, {"site": {}}, lambda *_: None)
    assert found == ""
    assert [tag.text for tag in dropped] == [text]
