r"""Compile regular expressions of users on RE2, whose time grows linearly with the text.

RE2 has no lookaround, no backreferences and no possessive quantifiers. A pattern that needs them still runs on
Python's ``re``; only work under a deadline may use it. In RE2 ``\d``, ``\s`` and ``\w`` mean ASCII, so they
are written as classes of Unicode, as Python means them.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from typing import Any, Protocol


class Match(Protocol):
    """What a pattern found."""

    def __getitem__(self, group: str | int, /) -> Any:  # noqa: ANN401 - a group that did not take part is None
        """Return the text of a group."""


class Pattern(Protocol):
    """A compiled regular expression of a user."""

    @property
    def pattern(self) -> str:
        """Return the text of the expression."""

    @property
    def groupindex(self) -> Any:  # noqa: ANN401 - a mapping of names to numbers
        """Return the names of the groups."""

    def search(self, text: str, /) -> Match | None:
        """Find the first place that matches."""

    def fullmatch(self, text: str, /) -> Match | None:
        """Match the whole text."""


_OUTSIDE = {
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
    "s": r"[\s\p{Z}\x0b\x1c-\x1f\x85]",
    "S": r"[^\s\p{Z}\x0b\x1c-\x1f\x85]",
    "w": r"[\p{L}\p{N}_]",
    "W": r"[^\p{L}\p{N}_]",
    "Z": r"\z",
}
_INSIDE = {"d": r"\p{Nd}", "D": r"\P{Nd}", "s": r"\s\p{Z}\x0b\x1c-\x1f\x85", "w": r"\p{L}\p{N}_"}


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """Compile an expression on RE2, or on ``re`` where RE2 refuses it.

    Raises:
        re.error: neither of them can compile it.
    """
    compiled, _ = _compile_linear(text)
    if compiled is not None:
        return compiled
    # Python warns of patterns that a later version may read differently; that concerns the operator only.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(text)


def find_refusal(text: str) -> str:
    """Return why RE2 refuses an expression that ``re`` accepts; empty if RE2 runs it."""
    return _compile_linear(text)[1]


def _compile_linear(text: str) -> tuple[Pattern | None, str]:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(_translate(text), options), ""
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        return None, reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _translate(text: str) -> str:
    """Write Python's classes of characters as RE2 needs them."""
    parts: list[str] = []
    position, in_class = 0, False
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            escaped = text[position + 1]
            table = _INSIDE if in_class else _OUTSIDE
            parts.append(table.get(escaped, character + escaped))
            position += 2
            continue
        if character == "[" and not in_class:
            in_class = True
            # A bracket that closes directly behind the opening is a character.
            lead = text[position + 1 : position + 3]
            extra = 2 if lead == "^]" else 1 if lead[:1] in ("]", "^") else 0
            parts.append(text[position : position + 1 + extra])
            position += 1 + extra
            continue
        if character == "]":
            in_class = False
        parts.append(character)
        position += 1
    return "".join(parts)
