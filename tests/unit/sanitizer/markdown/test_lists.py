"""List items as kramdown nests them."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown.lists import ITEM, Lists
from feeds.sanitizer.markdown.source import SEPARATOR
from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize(
    "name",
    ["adjacent-lists", "lists-behind-text", "lists-by-bullet", "lists-by-column", "items-with-attributes"],
)
def test_cases(name: str) -> None:
    assert_case(name)


def test_items_that_are_open() -> None:
    lists = Lists()
    assert (bool(lists), lists.column) == (False, 0)
    assert lists.rewrite("* one", 0, 0, True) == ("- one", True)
    assert (bool(lists), lists.column) == (True, 2)
    assert lists.is_continued_by(ITEM.match("- two"))
    assert not lists.is_continued_by(ITEM.match("1. two"))
    assert lists.rewrite("  1. in", 2, 0, True) == ("  1. in", True)
    assert lists.column == 5
    lists.leave(2)
    assert lists.column == 2
    lists.clear()
    assert not lists


def test_lines_that_are_no_items() -> None:
    lists = Lists()
    assert lists.rewrite("text", 0, 0, True) == ("text", False)
    assert lists.rewrite("* * *", 0, 0, True) == ("* * *", False)
    assert lists.rewrite("- {: .x} a", 0, 0, True) == ("- a", True)


def test_a_numbered_list_may_follow_a_paragraph() -> None:
    line, is_item = Lists().rewrite("3. three", 0, 1, False)
    assert is_item
    assert line == f"{SEPARATOR}\n3. three"
    assert Lists().rewrite("-      far", 0, 0, True) == ("-    far", True)
