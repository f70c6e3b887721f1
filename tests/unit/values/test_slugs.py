"""Slugs: names of folders that no file system confuses and that lead nowhere else (contract 2.3)."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.values.slugs import LONGEST, build_slug, fold, make_distinct
from tests.rigs.examples import examples

NAMES = st.lists(st.text(min_size=1, max_size=60), max_size=12, unique=True)


@pytest.mark.parametrize(
    ("name", "ascii_slug", "unicode_slug"),
    [
        ("zhongguojingjiwang", "zhongguojingjiwang", "zhongguojingjiwang"),
        ("中国经济网新闻", "zhongguojingjiwangxinwen", "中国经济网新闻"),
        ("Café Crème", "cafe-creme", "café-crème"),
        ("../../etc/passwd", "etc-passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c", "a-b-c"),
        ("...", "t-", "t-"),
        ("NUL", "nul-", "nul-"),
        ("con", "con-", "con-"),
        ("C++", "c", "c"),
    ],
)
def test_a_name_becomes_letters_digits_and_hyphens(name: str, ascii_slug: str, unicode_slug: str) -> None:
    for wanted, found in (
        (ascii_slug, build_slug(name, "ascii")),
        (unicode_slug, build_slug(name, "unicode")),
    ):
        if wanted.endswith("-"):
            assert re.fullmatch(re.escape(wanted) + "[0-9a-f]{4,8}", found)
        else:
            assert found == wanted


@examples(200)
@given(NAMES, st.sampled_from(["ascii", "unicode"]))
def test_any_names_get_slugs_that_stay_in_their_folder_and_apart(names: list[str], style: str) -> None:
    taken: set[str] = set()
    for name in names:
        given_one = make_distinct(build_slug(name, style), name, taken)  # type: ignore[arg-type]
        assert fold(given_one) not in taken
        assert given_one == unicodedata.normalize("NFC", given_one)
        assert given_one.strip("-") == given_one
        assert given_one
        assert len(given_one.encode()) <= LONGEST + 65
        assert all(c == "-" or unicodedata.category(c)[0] in "LNM" for c in given_one)
        if style == "ascii":
            assert given_one.isascii()
            assert given_one == given_one.lower()
        taken.add(fold(given_one))


@given(st.lists(st.text(min_size=1), max_size=20))
@examples(100)
def test_slugs_are_safe_and_distinct(names: list[str]) -> None:
    import re

    taken: set[str] = set()
    for name in dict.fromkeys(names):
        given_slug = make_distinct(build_slug(name, "ascii"), name, taken)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", given_slug)
        assert fold(given_slug) not in taken
        taken.add(fold(given_slug))


def test_han_becomes_pinyin() -> None:
    assert build_slug("中国经济网新闻", "ascii") == "zhongguojingjiwangxinwen"
    assert build_slug("中国经济网", "unicode") == "中国经济网"
