"""Mistakes in ``feedd.toml``: collected by key, reported with file and line in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate

_PART = r"(?:[A-Za-z0-9_-]++|\"[^\"\n]*\"|'[^'\n]*')"
_HEADER = rf"[ \t]*+(\[\[?)[ \t]*+({_PART}(?>(?:[ \t]*+\.[ \t]*+{_PART})*))[ \t]*+\]"
_ASSIGNMENT = rf"[ \t]*+({_PART}(?>(?:[ \t]*+\.[ \t]*+{_PART})*))[ \t]*+="
_QUOTES = ('"""', "'''")
_SIMILAR, _SIMILAR_ELSEWHERE = 0.5, 0.75
"""A misspelt key more likely belongs to the section where it is."""


class Mistakes:
    """What is wrong with a file, key by key."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []
        self._keys: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str, text: str) -> None:
        """Note a mistake."""
        self._found.append((key, text))
        self._keys.add(key)

    def add_later(self, key: str, text: str) -> None:
        """Note a mistake that depends on a value; not if the value is wrong, because it then has its default."""
        if key not in self:
            self.add(key, text)

    def report(self, file: object, text: str) -> list[str]:
        """Return a message for each mistake in the order of the file; those without a line are last."""
        lines = find_lines(text)
        ranked = sorted(self._found, key=lambda mistake: get_line(lines, mistake[0]) or len(text))
        return [
            f"{file}{f':{line}' if (line := get_line(lines, key)) else ''}: {_make_printable(key)}: {message}"
            for key, message in ranked
        ]


def _make_printable(key: str) -> str:
    """Return a key in one line, whatever characters the file has in it."""
    return key[:200] if key.isprintable() else repr(key[:200])[1:-1]


def find_lines(text: str) -> dict[str, int]:
    """Return the line of each table and key in plain spelling: ``sources[1].path`` to 12."""
    headers = re.compile(_HEADER)  # rarely needed, so not compiled early
    assignments = re.compile(_ASSIGNMENT)
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = within = ""
    for number, line in enumerate(text.split("\n"), 1):
        if within:  # a string of several lines
            within = "" if within in line else within
            continue
        within = next((quotes for quotes in _QUOTES if line.count(quotes) % 2), "")
        if header := headers.match(line):
            name = _join_parts(header[2])
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                lines.setdefault(name, number)
                name = f"{name}[{counts[name]}]"
            for above in accumulate(
                name.split(".")[:-1], "{}.{}".format
            ):  # `[labels.tag]` is in `labels` too
                lines.setdefault(above, number)
            lines.setdefault(name, number)
            prefix = name + "."
        elif found := assignments.match(line):
            lines.setdefault(prefix + _join_parts(found[1]), number)
    return lines


def _join_parts(dotted: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, dotted))


def get_line(lines: Mapping[str, int], key: str) -> int:
    """Return the line of a key, or of the table that should have it; 0 if neither is found."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition("[" if key.endswith("]") else ".")[0]
    return 0


def suggest(name: str, here: Mapping[str, object], elsewhere: Mapping[str, str]) -> str:
    """Return the end of a message on an unknown key: where it belongs, or the most similar key.

    Args:
        name: The unknown key.
        here: The keys of its section.
        elsewhere: The sections that have a key, in words, for each key of the file.
    """
    sure = _find_similar(name, here, _SIMILAR_ELSEWHERE)
    if name in elsewhere and not sure:
        return f"; it belongs to {elsewhere[name]}"
    own = sure or _find_similar(name, here, _SIMILAR)
    other = _find_similar(name, elsewhere, _SIMILAR_ELSEWHERE)
    if other and not sure:
        return f"; did you mean `{other}`, which belongs to {elsewhere[other]}?"
    return f"; did you mean `{own}`?" if own else f"; known are {', '.join(here)}"


def _find_similar(name: str, known: Mapping[str, object], least: float) -> str:
    from difflib import get_close_matches  # needed only after a mistake

    return next(iter(get_close_matches(name[:200], known, 1, least)), "")
