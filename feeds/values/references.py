"""Character references of HTML: the library's decoder, which fails for a number of thousands of digits."""

from __future__ import annotations

import html
import re

_ENDLESS = re.compile(r"&#[0-9]{1000,}+;?")


def unescape(text: str) -> str:
    """Decode character references; a number that no character has becomes U+FFFD."""
    return html.unescape(_ENDLESS.sub("\ufffd", text) if "&#" in text else text)
