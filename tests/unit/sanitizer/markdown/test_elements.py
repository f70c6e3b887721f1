"""What kramdown knows of HTML elements."""

from __future__ import annotations

from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.markdown.elements import BLOCK_ELEMENTS


def test_elements_that_begin_a_block_are_text_within_one() -> None:
    for name in sorted(BLOCK_ELEMENTS):
        assert f"&lt;{name}&gt;" in markdown_to_html(f"a <{name}> b", "kramdown")
