"""Where in ``feedd.toml`` a key stands: mistakes are told with their line."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PART = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_HEADER = rf"[ \t]*(\[\[?)[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*\]"
_ASSIGNMENT = rf"[ \t]*({_PART}(?:[ \t]*\.[ \t]*{_PART})*)[ \t]*="


def lines_of(text: str) -> dict[str, int]:
    """The line of each table and key as far as its spelling is plain: ``sources[1].path`` to 12."""
    headers, assignments = re.compile(_HEADER), re.compile(_ASSIGNMENT)  # only mistakes need them
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.split("\n"), 1):
        header = headers.match(line)
        if header:
            name = _plain(header[2])
            if header[1] == "[[":
                counts[name] = counts.get(name, -1) + 1
                lines.setdefault(name, number)
                name = f"{name}[{counts[name]}]"
            lines.setdefault(name, number)
            prefix = name + "."
        elif found := assignments.match(line):
            lines.setdefault(prefix + _plain(found[1]), number)
    return lines


def _plain(dotted: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, dotted))


def line_of(lines: Mapping[str, int], key: str) -> int:
    """The line of a key, or of the table that should have it; 0 if neither is found."""
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return 0
