"""The writer of kramdown's dialect."""

from __future__ import annotations

import pytest

from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize(
    "name",
    [
        "attribute-lists-of-blocks",
        "definition-lists",
        "footnotes",
        "headings",
        "table-of-contents",
        "task-lists",
        "tables",
    ],
)
def test_cases(name: str) -> None:
    assert_case(name)
