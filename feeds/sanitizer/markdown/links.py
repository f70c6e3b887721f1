"""Link definitions as kramdown reads them: the last definition of a label counts, and its address may hold spaces."""

from __future__ import annotations

import re

LINK_INSIDE = re.compile(r"#(?<=[(<\"'=:\s]#)\w")
"""What may be a link to a place in the text: only then does a heading need an id."""

_LABEL = re.compile(r"^[ ]{0,3}\[(?!\^)([^\]\n]+)\]:", re.MULTILINE)
_DEFINITION = re.compile(r"[ ]{0,3}\[[^\]\n]+\]:[ \t]*+(<[^>\n]*+>(?=[ \t\n]|\Z))?([^\n]*+)")
_ESCAPED = re.compile(r"\\([\\.*_+`<>()\[\]{}#!:|\"'$=~-])")
_MOST_CHARACTERS = 200_000
"""Limit for all addresses together: a long address that thousands of links refer to would grow without bound."""


class LinkDefinitions:
    """The link definitions of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places = {normalize_label(found[1]): found.start() for found in _LABEL.finditer(text)}
        self._read: dict[str, tuple[str, str] | None] = {}
        self._room = _MOST_CHARACTERS

    def __contains__(self, label: str) -> bool:
        return normalize_label(label) in self._places

    def is_superseded(self, line: str, start: int) -> bool:
        """Return whether a line that begins at a position is a definition whose label is defined again later."""
        found = _LABEL.match(line)
        return found is not None and self._places.get(normalize_label(found[1]), start) > start

    def resolve(self, label: str) -> tuple[str, str] | None:
        """Return address and title of a label that the library found no definition for: one with escapes in it."""
        label = normalize_label(_ESCAPED.sub(r"\1", label))
        if label not in self._read:
            self._read[label] = self._read_definition(self._places.get(label))
        found = self._read[label]
        self._room -= sum(map(len, found or ()))
        return found if self._room >= 0 else None

    def _read_definition(self, place: int | None) -> tuple[str, str] | None:
        found = None if place is None else _DEFINITION.match(self._text, place)
        if found is None:
            return None
        rest = found[2].strip()
        begin = rest.find(rest[-1]) if rest[-1:] in ("'", '"') else -1
        title = ""
        if 0 <= begin < len(rest) - 1 and (begin == 0 or rest[begin - 1] in " \t"):
            rest, title = rest[:begin].rstrip(), rest[begin + 1 : -1]
        return (found[1][1:-1] if found[1] else rest), title


def normalize_label(label: str) -> str:
    """Return the form of a label in which two that mean the same are equal."""
    return " ".join(label.lower().split())
