"""Fences and lines in braces."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.markdown.verbatim import FENCE
from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize(
    "name",
    ["fences", "fences-in-lists-and-quotes", "extensions", "attribute-lists-with-names", "table-of-contents"],
)
def test_cases(name: str) -> None:
    assert_case(name)


@pytest.mark.parametrize(
    ("line", "fence"),
    [
        ("```", "```"),
        ("~~~~ python", "~~~~"),
        ("> - ```", "```"),
        ("  1. ~~~", "~~~"),
        ("``` a`b", None),
        ("``", None),
        ("a ```", None),
    ],
)
def test_a_line_that_begins_a_fence(line: str, fence: str | None) -> None:
    found = FENCE.match(line)
    assert (found[2] if found else None) == fence


def test_code_stands_as_it_is_up_to_a_fence_of_the_same_length() -> None:
    html = markdown_to_html("~~~~ python\n{: .x}\n~~~\n  a | b\n~~~~\nafter {: .y}\n")
    assert '<code class="language-python">{: .x}\n~~~\n  a | b\n</code>' in html
    assert "<p" in html


def test_a_fence_without_an_end_is_text() -> None:
    assert "<code" not in markdown_to_html("~~~\ntext\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{::comment}\nhidden\n{:/comment}\n\nshown", "<p>shown</p>"),
        ("{::comment}\nhidden\n{:/}\n\nshown", "<p>shown</p>"),
        ("{::nomarkdown}\n*a*\n{:/}\n", "*a*"),
        ("{::options x=1 /}\n\nshown", "<p>shown</p>"),
        ("{:a: .x #i}\n\n*b*{:a}", '<p><em class="x" id="i">b</em></p>'),
    ],
)
def test_lines_in_braces(text: str, shown: str) -> None:
    assert markdown_to_html(text).strip() == shown
