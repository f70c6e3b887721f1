"""The walk over the lines of a text in kramdown's dialect."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown import markdown_to_html
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
        "blocks-behind-items",
        "fences-behind-items",
        "indented-code",
    ],
)
def test_cases(name: str) -> None:
    assert_case(name)


def test_text_behind_a_fence_does_not_go_on_with_the_code_before_it() -> None:
    html = markdown_to_html("    code\n```\nfence\n```\ntext\n", "kramdown")
    assert "text" in html
    assert "fence" in html
