"""Headers of code blocks in Pelican's Markdown (the extension CodeHilite): ``:::python`` and ``#!python``."""

from __future__ import annotations

import re

_HEADER = re.compile(
    r"<pre><code>\n?+(?:::+|#!)([A-Za-z][\w#.+-]{0,30}+)[ \t]*+(?:hl_lines=(?:\"[\d ]*+\"|'[\d ]*+'))?[ \t]*+\n",
    re.ASCII,
)


def read_code_headers(html: str) -> str:
    """Return HTML in which the first line of a code block is the language of the block, if it is a header.

    A line such as ``#!/usr/bin/python`` belongs to the code.
    """
    if "<pre><code>" not in html:
        return html
    return _HEADER.sub(lambda found: f'<pre><code class="language-{found[1].lower()}">', html)
