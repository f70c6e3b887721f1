"""Compare two versions of a text word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

# Each ideograph counts as a word, because Chinese has no spaces between words.
_WORD = re.compile(r"[^\W\u2e80-\u9fff\uac00-\ud7af]+|\s+|.", re.DOTALL)
_MOST_WORDS = 20_000
_AROUND = 6


def find_changes(old: str, new: str) -> list[str]:
    """Return each changed place as ``before [-removed-] {+added+} after``; empty if the texts are equal.

    Only the first 20,000 words are compared, because the time grows with their square.
    """
    if old == new:
        return []
    before, after = _WORD.findall(old)[:_MOST_WORDS], _WORD.findall(new)[:_MOST_WORDS]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    found = []
    for group in matcher.get_grouped_opcodes(_AROUND):
        pieces = []
        for kind, a, b, c, d in group:
            if kind == "equal":
                pieces.append("".join(before[a:b]))
                continue
            if b > a:
                pieces.append("[-" + "".join(before[a:b]) + "-]")
            if d > c:
                pieces.append("{+" + "".join(after[c:d]) + "+}")
        found.append(" ".join("".join(pieces).split()))
    return found
