"""Which list items are loose."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown.items import NOWHERE, Item, find_tight, is_blank_after, is_blank_before
from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize("name", ["loose-items", "definition-lists", "task-lists"])
def test_cases(name: str) -> None:
    assert_case(name)


def make_items(*values: tuple[int, int, bool]) -> list[Item]:
    """Make items of (children, start of the first paragraph, blank line behind it)."""
    items = []
    for children, start, blank in values:
        item = Item()
        item.children, item.start, item.blank = children, start, blank
        items.append(item)
    return items


@pytest.mark.parametrize(
    ("values", "tight"),
    [
        ([(1, 0, False)], [0]),
        ([(1, 0, False), (1, 5, False)], [0, 1]),
        ([(1, 0, True), (1, 5, False)], []),
        ([(1, 0, False), (1, 5, True)], [0, 1]),
        ([(1, 0, False), (2, 5, True)], [0]),
        ([(1, NOWHERE, False), (1, 5, False)], [1]),
        ([(1, 0, True)], [0]),
        ([(2, 0, True)], []),
    ],
)
def test_the_first_paragraph_of_a_tight_item_is_only_text(
    values: list[tuple[int, int, bool]], tight: list[int]
) -> None:
    items = make_items(*values)
    assert [items.index(item) for item in find_tight(items)] == tight


def test_blank_lines() -> None:
    data = b"a\n\n> \nb"
    assert is_blank_after(data, 2)
    assert is_blank_after(data, 3)
    assert not is_blank_after(data, 0)
    assert not is_blank_after(data, len(data))
    assert is_blank_before(data, 3)
    assert not is_blank_before(data, 2)
    assert not is_blank_before(data, 0)
