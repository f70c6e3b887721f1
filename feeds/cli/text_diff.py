"""Compare two versions of a text word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

# Each ideograph counts as a word, because Chinese has no spaces between words.
_WORD = re.compile(r"[^\W\u2e80-\u9fff\uac00-\ud7af]+|\s+|.", re.DOTALL)
# Comparing takes time with the square of the words: two seconds for this many equal words.
_MOST_WORDS = 2_000
_AROUND = 6


def find_changes(old: str, new: str, most_words: int = _MOST_WORDS) -> list[str]:
    """Return each changed place as ``before [-removed-] {+added+} after``; empty if the texts are equal.

    Only ``most_words`` words from the first difference on are compared.
    """
    if old == new:
        return []
    before, after = _cut_common_start(_WORD.findall(old), _WORD.findall(new), most_words)
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


def _cut_common_start(before: list[str], after: list[str], most_words: int) -> tuple[list[str], list[str]]:
    """Return the words around and after the first difference."""
    same = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    start = max(0, (min(len(before), len(after)) if same is None else same) - _AROUND)
    return before[start : start + most_words], after[start : start + most_words]
