"""The parts of a text that are code."""

import pytest

from feeds.parser.posts.code_ranges import CodeRanges


@pytest.mark.parametrize(
    "text",
    [
        "```\nX\n```",
        "~~~~\n~~~\nX\n~~~~",
        "``` `x`\n\n`X`",
        "1. ```\n   X\n   ```",
        "> ```\n> X\n> ```",
        "a `X`",
        "a `` ` X ``",
        "a `b\nX`",
        "<PRE class='x'>\n\nX</PRE>",
        "<pre><code>a</code>X</pre>",
        "```\nX",
    ],
)
def test_text_in_code_is_found(text: str) -> None:
    assert text.index("X") in CodeRanges(text)


@pytest.mark.parametrize(
    "text",
    [
        "X",
        "`a` X `b`",
        "`a\n\nX`",
        "```\na\n```\nX",
        "~~~\na\n~~~ \nX",
        "`` a ` X",
        "<pre>X",
        "<code>a</code> X",
        "<precise>X</precise>",
    ],
)
def test_text_outside_code_is_not(text: str) -> None:
    assert text.index("X") not in CodeRanges(text)
