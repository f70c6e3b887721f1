"""HTML blocks as kramdown reads them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.sanitizer.markdown import markdown_to_html
from tests.rigs.examples import examples
from tests.rigs.markdown_cases import assert_case
from tests.rigs.meaning import meaning

_BLOCKS = st.sampled_from([
    "<p>文字</p>", " <p>a <b>b</b></p>", '<center><img src="/i.png"></center>', "<table><tr><td>1</td></tr></table>",
    "<p>x\n\ny</p>", "<div>\n<p>in</p>\n</div>", "<p class='m'>（来源）</p>", "<ul><li>*a*</li></ul>", "<h2>A</h2>",
])  # fmt: skip


@examples(200)
@given(st.lists(_BLOCKS, min_size=1, max_size=7))
def test_simple_blocks_are_taken_as_any_are(blocks: list[str]) -> None:
    """A comment in each keeps them from the shorter way."""
    commented = [re.sub(r"(?=</\w+>$)", "<!-- -->", block) for block in blocks]
    one, other = ("\n\n".join(parts) for parts in (blocks, commented))
    assert meaning(markdown_to_html(one)) == meaning(markdown_to_html(other))


@pytest.mark.parametrize("name", ["html-blocks", "html-comments", "html-with-markdown", "no-tags"])
def test_cases(name: str) -> None:
    assert_case(name)
