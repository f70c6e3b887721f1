"""The date of a post that states none, from a date in its address or file name."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from feeds.parser.posts.date_guess import make_date_guess

RULES = [
    ("plain", re.compile(r"id=(?P<key>\d+)")),
    ("dated", re.compile(r"n=(?P<key>(?P<date>\d{8})\d{7,})")),
    ("loose", re.compile(r"/(?P<key>[a-z]+)(?P<date>\d{8})?/")),
]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("https://a.example/?n=202401021234567", "2024-01-02"),
        ("https://a.example/?n=202413451234567", None),
        ("https://a.example/word20240304/", "2024-03-04"),
        ("posts/-202205262391921712.md", "2022-05-26"),
        ("posts/-2022052623919.md", None),
        ("posts/-302205262391921712.md", None),
        ("posts/plain.md", None),
        ("https://a.example/?id=20240102", None),
    ],
)
def test_a_date_is_found(text: str, date: str | None) -> None:
    found = make_date_guess(RULES, "Asia/Shanghai")(text)
    wanted = datetime.fromisoformat(date).replace(tzinfo=ZoneInfo("Asia/Shanghai")) if date else None
    assert found == wanted
    assert (found.utcoffset() if found else None) == (wanted.utcoffset() if wanted else None)


def test_without_a_rule_that_has_a_date_nothing_is_guessed() -> None:
    guess = make_date_guess(RULES[:1], "UTC")
    assert guess("posts/-202205262391921712.md") is None
