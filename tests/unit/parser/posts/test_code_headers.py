"""Headers of code blocks in Pelican's Markdown."""

import pytest

from feeds.parser.posts.code_headers import read_code_headers


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (":::python\nx\n", '<pre><code class="language-python">x\n</code></pre>'),
        ("::::C++\nx\n", '<pre><code class="language-c++">x\n</code></pre>'),
        ("#!python\nx\n", '<pre><code class="language-python">x\n</code></pre>'),
        (":::python hl_lines='1 3'\nx\n", '<pre><code class="language-python">x\n</code></pre>'),
        ("#!/usr/bin/python\nx\n", "<pre><code>#!/usr/bin/python\nx\n</code></pre>"),
        (":python\nx\n", "<pre><code>:python\nx\n</code></pre>"),
        ("x\n:::python\n", "<pre><code>x\n:::python\n</code></pre>"),
        (":::a word\nx\n", "<pre><code>:::a word\nx\n</code></pre>"),
    ],
)
def test_the_first_line_may_be_the_language(code: str, expected: str) -> None:
    assert read_code_headers(f"<pre><code>{code}</code></pre>") == expected
    with_class = f'<pre><code class="language-sh">{code}</code></pre>'
    assert read_code_headers(with_class) == with_class
