"""What is different between two versions of a text, in words."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_WORD = re.compile(r"[^\W\u2e80-\u9fff\uac00-\ud7af]+|\s+|.", re.DOTALL)  # an ideograph is a word of its own
_MOST_WORDS = 20_000
_AROUND = 6


def changes(old: str, new: str) -> list[str]:
    """Each changed place as ``before [-gone-] {+come+} after``; empty if the texts are the same."""
    if old == new:
        return []
    one, two = _WORD.findall(old)[:_MOST_WORDS], _WORD.findall(new)[:_MOST_WORDS]
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    found = []
    for group in matcher.get_grouped_opcodes(_AROUND):
        pieces = []
        for kind, a, b, c, d in group:
            if kind == "equal":
                pieces.append("".join(one[a:b]))
                continue
            if b > a:
                pieces.append("[-" + "".join(one[a:b]) + "-]")
            if d > c:
                pieces.append("{+" + "".join(two[c:d]) + "+}")
        found.append(" ".join("".join(pieces).split()))
    return found
