"""The walk over the lines of a text in kramdown's dialect."""

from __future__ import annotations

import pytest

from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize(
    "name",
    [
        "lines-that-go-on",
        "rules",
        "headings",
        "end-of-block",
        "abbreviations",
        "html-comments",
        "lists-behind-text",
        "indented-code",
    ],
)
def test_cases(name: str) -> None:
    assert_case(name)
