"""Footnotes: their numbers and ids."""

from __future__ import annotations

import re

import pytest

from feeds.models import DIALECTS, Dialect
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.markdown.notes import Notes
from tests.rigs.markdown_cases import assert_case


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


@pytest.mark.parametrize("name", ["footnotes"])
def test_cases(name: str) -> None:
    assert_case(name)


def test_a_note_that_is_referred_to_twice_links_back_twice() -> None:
    notes = Notes("p-")
    notes.define("a", "<p>One</p>")
    notes.define("a", "<p>ignored</p>")
    notes.define("unused", "<p>x</p>")
    html = notes.finish(f"x{notes.refer('a')}{notes.refer('a')}{notes.refer('missing')}")
    assert '<sup id="fnref:p-a"><a href="#fn:p-a" class="footnote">1</a></sup>' in html
    assert '<sup id="fnref:p-a:1">' in html
    assert "[^missing]" in html
    assert html.count("reversefootnote") == 2
    assert "ignored" not in html
    assert "<p>x</p>" not in html
    assert '<li id="fn:p-a">\n<p>One&nbsp;<a href="#fnref:p-a"' in html


def test_a_text_without_references_stays() -> None:
    assert Notes("").finish("<p>x</p>") == "<p>x</p>"


def test_a_note_that_ends_with_another_block_has_its_links_in_a_paragraph() -> None:
    notes = Notes("")
    notes.define("a", "<pre>x</pre>")
    assert "<pre>x</pre>\n<p><a href" in notes.finish(notes.refer("a"))
