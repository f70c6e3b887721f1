"""Tables as kramdown reads them."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown.tables import split_cells
from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a | b", ["a", "b"]),
        ("| a | b |", ["a", "b"]),
        ("a |", ["a"]),
        ("no pipe", []),
        (r"a \| b | c", [r"a \| b", "c"]),
        ("`a|b` | ``c`|`d``", [r"`a\|b`", r"``c`\|`d``"]),
        ("`a | b", ["`a", "b"]),
        ("<code>a|b</code> | c", ["<code>a&#124;b</code>", "c"]),
    ],
)
def test_the_cells_of_a_row(line: str, cells: list[str]) -> None:
    assert split_cells(line) == cells


@pytest.mark.parametrize("name", ["tables", "tables-in-blocks"])
def test_cases(name: str) -> None:
    assert_case(name)
