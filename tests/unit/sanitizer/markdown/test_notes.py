"""Footnotes: their numbers and ids."""

from __future__ import annotations

import re

import pytest

from feeds.models import DIALECTS, Dialect
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html


@pytest.mark.parametrize("dialect", DIALECTS)
def test_notes_of_two_posts_on_one_page_differ(dialect: Dialect) -> None:
    text = "a[^1] b[^1]\n\n[^1]: note"
    one, other = markdown_to_html(text, dialect, "p1-"), markdown_to_html(text, dialect, "p2-")
    ids = [set(re.findall(r"id=\"([^\"]*)\"", html)) for html in (one, other)]
    assert ids[0] == {"fn:p1-1", "fnref:p1-1", "fnref:p1-1:1"}
    assert not ids[0] & ids[1]
    assert set(re.findall(r"href=\"#([^\"]*)\"", one)) <= ids[0]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_notes_are_numbered_as_the_text_refers_to_them(dialect: Dialect) -> None:
    html = clean_html(
        markdown_to_html("> a[^x]\n\nb[^y] c[^x]\n\n[^y]: Y\n[^x]: X[^z]\n[^z]: Z\n[^no]: N", dialect),
        "https://a.example/",
    )
    assert re.findall(r">(\d)<", html) == ["1", "2", "1", "3", "2"]
    assert html.index(">X") < html.index(">Y") < html.index(">Z")
    assert "N" not in re.sub(r"<[^>]*>", "", html)
