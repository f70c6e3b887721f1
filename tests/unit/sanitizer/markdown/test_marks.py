"""Marks stand for what the library must not read, and come back whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.markdown.marks import APART, MARK, Marks, parse_attributes
from tests.rigs.examples import examples
from tests.rigs.markdown_cases import assert_case
from tests.rigs.meaning import meaning
from tests.unit.sanitizer.markdown.test_simple import _TOKENS


def test_the_text_has_no_mark_of_its_own() -> None:
    assert meaning(markdown_to_html(f"a{MARK}0{MARK} *b*{{: title='x'}}", "kramdown")) == meaning(
        "<p>a0 <em title='x'>b</em></p>"
    )
    assert markdown_to_html(f"a{MARK}b", "commonmark") == f"<p>a{MARK}b</p>\n"


def test_what_marks_stood_for_comes_back_whole() -> None:
    marks = Marks()
    inner = marks.keep("text", "in")
    outer = marks.keep("html", f"<b>{inner}</b>")
    assert marks.restore(f"1 {outer}.{APART} 2{APART}10{APART}") == "1 <b>in</b>. 210"
    assert marks.restore(f"{MARK}7{MARK}{MARK}") == MARK


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("#a .b .c", {"id": "a", "class": "b c"}),
        ("k=\"v w\" l='x\\'y' m=z", {"k": "v w", "l": "x'y"}),
        ("known .d", {"class": "e d", "n": "1"}),
        ("unknown", {}),
    ],
)
def test_an_attribute_list(text: str, attributes: dict[str, str]) -> None:
    assert parse_attributes(text, {"known": '.e n="1" known'}) == attributes


@examples(500)
@given(st.lists(st.sampled_from(_TOKENS), max_size=30).map("".join))
def test_no_mark_is_left_in_the_html(text: str) -> None:
    html = markdown_to_html(text, "kramdown")
    assert not {*APART} & {*html}
    assert "\0" not in html + markdown_to_html(text, "commonmark")
    html.encode()


@pytest.mark.parametrize("name", ["attribute-lists-with-names", "escapes"])
def test_cases(name: str) -> None:
    assert_case(name)
