"""Find the parts of a text in Markdown or HTML that are code, so that markup inside them stays as it is written."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

_FENCE = re.compile(r"^[ \t>]*+(?:[-*+][ \t]++|\d{1,9}[.)][ \t]++)?(`{3,}+|~{3,}+)([^\n]*+)$", re.MULTILINE)
_TICKS = re.compile(r"`++")
_BLANK = re.compile(r"\n[ \t>]*+\n")
_ELEMENT = re.compile(r"<(/?)(pre|code)\b[^<>]*+>", re.IGNORECASE | re.ASCII)


class CodeRanges:
    """The ranges of a text that are code."""

    def __init__(self, text: str) -> None:
        fences = list(_find_fences(text))
        self._ranges = sorted([*fences, *_find_spans(text, fences), *_find_elements(text)])
        self._starts = [start for start, _ in self._ranges]
        # A range may be inside another, so the end that counts is the furthest so far.
        self._ends: list[int] = []
        for _, end in self._ranges:
            self._ends.append(max(end, self._ends[-1] if self._ends else 0))

    def __contains__(self, position: int) -> bool:
        """Return whether a position of the text is in code."""
        before = bisect_right(self._starts, position) - 1
        return before >= 0 and position < self._ends[before]


def _find_fences(text: str) -> Iterator[tuple[int, int]]:
    start, mark = -1, ""
    for line in _FENCE.finditer(text):
        if start < 0:
            # Backticks behind an opening fence mean a code span in one line.
            if "`" not in line[2] or line[1][0] == "~":
                start, mark = line.start(), line[1]
        elif line[1].startswith(mark) and not line[2].strip():
            yield start, line.end()
            start = -1
    if start >= 0:
        yield start, len(text)


def _find_spans(text: str, fences: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield code spans: two runs of as many backticks, without a blank line between them."""
    starts = [start for start, _ in fences]
    runs = []
    for run in _TICKS.finditer(text):
        before = bisect_right(starts, run.start()) - 1
        if before < 0 or run.start() >= fences[before][1]:
            runs.append(run.span())
    blanks = [blank.start() for blank in _BLANK.finditer(text)]
    nearest: dict[int, int] = {}
    closers = [-1] * len(runs)
    for index in range(len(runs) - 1, -1, -1):
        length = runs[index][1] - runs[index][0]
        closers[index] = nearest.get(length, -1)
        nearest[length] = index
    index = 0
    while index < len(runs):
        closer = closers[index]
        start = runs[index][0]
        if closer > 0 and bisect_left(blanks, start) == bisect_left(blanks, runs[closer][0]):
            yield start, runs[closer][1]
            index = closer
        index += 1


def _find_elements(text: str) -> Iterator[tuple[int, int]]:
    """Yield the elements ``pre`` and ``code`` of HTML."""
    start, name = -1, ""
    for tag in _ELEMENT.finditer(text):
        if start < 0 and not tag[1]:
            start, name = tag.start(), tag[2].lower()
        elif start >= 0 and tag[1] and tag[2].lower() == name:
            yield start, tag.end()
            start = -1
