"""Attributes, abbreviations and marks in what the writer writes."""

from __future__ import annotations

import pytest

from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize(
    "name",
    [
        "attribute-lists-of-blocks",
        "attribute-lists-in-lines",
        "attribute-lists-with-names",
        "abbreviations",
        "items-with-attributes",
    ],
)
def test_cases(name: str) -> None:
    assert_case(name)
