"""Slugs: names of folders that no file system confuses and that lead nowhere else (contract 2.3)."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.values.slugs import LONGEST, build_slug, fold, make_distinct
from tests.conftest import Project

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


@settings(max_examples=200, deadline=None)
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


def test_a_clash_gets_four_digits_of_the_names_digest_and_keeps_them(project: Project) -> None:
    decomposed = unicodedata.normalize("NFD", "café")
    project.post("2024-01-03-c.md", date="2024-01-03 00:00:00", tags='["CAFE"]')
    project.post("2024-01-01-a.md", date="2024-01-01 00:00:00", tags='["café"]')
    project.post("2024-01-02-b.md", date="2024-01-02 00:00:00", tags=f'["{decomposed}"]')
    project.run("build")
    slugs = {name.split("/")[1] for name in project.bytes() if name.startswith("tag/")}
    plain, *clashes = sorted(slugs)
    assert plain == "cafe"
    assert clashes
    assert all(re.fullmatch("cafe-[0-9a-f]{4}", one) for one in clashes)
    # The earliest post's name comes first; one that comes later but is dated earlier gets another.
    assert b"caf\xc3\xa9" in project.bytes()["tag/cafe/atom.xml"]
    project.post("2023-01-01-d.md", date="2023-01-01 00:00:00", tags='["Cafe"]')
    project.run("build")
    now = {name.split("/")[1] for name in project.bytes() if name.startswith("tag/")}
    assert slugs < now
    assert len(now) == len(slugs) + 1


def test_a_slug_is_not_given_again_when_its_name_is_gone(project: Project) -> None:
    path = project.post("2024-01-01-a.md", "One", tags="Tea", source_url="http://a.example/1")
    project.run("build")
    assert "tag/tea/atom.xml" in project.bytes()
    path.write_text(path.read_text("utf-8").replace("tags: Tea", "tags: Coffee"), "utf-8")
    project.run("build")
    assert "tag/tea/atom.xml" not in project.bytes()
    project.post("2024-01-02-b.md", "Two", tags="tea", source_url="http://a.example/2")
    project.run("build")
    slugs = {name.split("/")[1] for name in project.bytes() if name.startswith("tag/")}
    assert "coffee" in slugs
    assert "tea" not in slugs
