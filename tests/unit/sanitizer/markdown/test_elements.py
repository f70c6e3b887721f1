"""What kramdown knows of HTML elements."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.markdown.elements import (
    BLOCK_ELEMENTS,
    BLOCK_TAG,
    CONTENT_OF_BLOCKS,
    CONTENT_OF_SPANS,
    SPAN_ELEMENTS,
    TAG,
    VOID_ELEMENTS,
    has_raw_content,
)
from tests.rigs.markdown_cases import assert_case


def test_elements_that_begin_a_block_are_text_within_one() -> None:
    for name in sorted(BLOCK_ELEMENTS):
        assert f"&lt;{name}&gt;" in markdown_to_html(f"a <{name}> b", "kramdown")


@pytest.mark.parametrize("name", ["raw-elements-in-text", "html-with-markdown"])
def test_cases(name: str) -> None:
    assert_case(name)


def test_the_groups_of_elements() -> None:
    assert not SPAN_ELEMENTS & BLOCK_ELEMENTS
    assert {"br", "hr", "img", "wbr"} < VOID_ELEMENTS
    assert not CONTENT_OF_SPANS & CONTENT_OF_BLOCKS
    assert has_raw_content("script")
    assert has_raw_content("pre")
    assert not has_raw_content("div")
    assert not has_raw_content("em")


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("<a>", ("", "a", "")),
        ("</div >", ("/", "div", " ")),
        ("<img src='x' alt=y/>", ("", "img", " src='x' alt=y/")),
        ("<!-- x", (None, None, None)),
        ("<a b=c d>", ("", "a", " b=c d")),
    ],
)
def test_a_tag(text: str, groups: tuple[str | None, ...]) -> None:
    assert TAG.match(text).groups() == groups


def test_what_is_no_tag() -> None:
    assert TAG.match("<1a>") is None
    assert TAG.match("<a b=>") is None
    assert BLOCK_TAG.match("   <p>").group(2) == "p"
