"""What stands within lines is marked for the writer."""

from __future__ import annotations

import pytest

from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize(
    "name",
    [
        "code-spans",
        "emphasis",
        "escapes",
        "formulas",
        "raw-elements-in-text",
        "attribute-lists-in-lines",
        "extensions",
        "inline-links",
    ],
)
def test_cases(name: str) -> None:
    assert_case(name)
