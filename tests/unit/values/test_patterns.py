"""Patterns of users run in linear time, and mean what they mean in Python."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.values.patterns import compile_pattern, find_refusal

PATTERNS = [
    r"(?:infoCode=(?:NW)?|/news/\d+,)(?P<key>(?P<date>\d{8})\d{7,})",
    r"^\[back[^\]]*\]\([^)]*\)(?:｜\[[^\]]*\]\([^)]*\))*$",
    r"\s*责任\w+",
    r"[\s\d]+x",
    r"[^]]+",
    r"[^\w]+",
    r"\D\S\W",
    r"a\Z",
    r"(?i)ABC",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(
    text=st.text(
        st.sampled_from("aAbxX0１٣9 \u3000\u00a0\t责任_-｜[]()/=,") | st.characters(codec="gb2312"),
        max_size=30,
    )
)
def test_a_pattern_finds_what_it_finds_in_python(pattern: str, text: str) -> None:
    expected = re.search(pattern, text)
    found = compile_pattern(pattern).search(text)
    assert (found and found[0]) == (expected and expected[0])


@pytest.mark.parametrize("pattern", [r"(a+)+b", r"(a|aa)+b", r"(\w+\s?)*x$"])
def test_a_pattern_that_tries_many_ways_takes_linear_time(pattern: str) -> None:
    assert not find_refusal(pattern)
    assert compile_pattern(pattern).search("a" * 200_000) is None


@pytest.mark.parametrize("pattern", [r"(?<=x)y", r"(a)\1", r"a(?!b)"])
def test_a_pattern_that_needs_python_still_runs(pattern: str) -> None:
    assert find_refusal(pattern)
    assert compile_pattern(pattern).pattern == pattern
