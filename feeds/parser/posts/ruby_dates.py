"""Format dates as Ruby's ``Time#strftime`` does: Python's own has fewer directives, and its ``%s`` ignores the time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

_DIRECTIVE = re.compile(r"%([-_0^#]{0,5})(\d{0,2})(:{0,2})([A-Za-z%+])", re.ASCII)
_PLAIN: Final = frozenset("aAbBcdDFgGhHIjmMprRSTuUVwWxXyY")
"""Directives that Python has too."""
_PADDED: Final = frozenset("ekl")
"""Directives that Ruby fills with spaces, not with zeros."""


def format_ruby_date(date: datetime, pattern: str) -> str:
    """Return a date by a pattern of Ruby; an unknown directive stays as it is."""

    def write(found: re.Match[str]) -> str:
        flags, width, colons, letter = found.groups()
        if colons and letter != "z":
            return found[0]
        text = _write_offset(date, len(colons)) if letter == "z" else _write(date, letter)
        return found[0] if text is None else _apply_flags(text, flags, int(width or 0), letter)

    return _DIRECTIVE.sub(write, pattern)


def _write(date: datetime, letter: str) -> str | None:
    special = _SPECIAL.get(letter)
    if special:
        return special(date)
    return date.strftime(f"%{letter}") if letter in _PLAIN else None


_SPECIAL: Final[dict[str, Callable[[datetime], str]]] = {
    "%": lambda _: "%",
    "C": lambda date: f"{date.year // 100:02}",
    "e": lambda date: f"{date.day:2}",
    "k": lambda date: f"{date.hour:2}",
    "l": lambda date: f"{(date.hour + 11) % 12 + 1:2}",
    "L": lambda date: f"{date.microsecond // 1000:03}",
    "N": lambda date: f"{date.microsecond * 1000:09}",
    "n": lambda _: "\n",
    "P": lambda date: date.strftime("%p").lower(),
    "s": lambda date: str(int(date.timestamp())),
    "t": lambda _: "\t",
    "v": lambda date: f"{date.day:2}-{date.strftime('%b').upper()}-{date.year}",
    "Z": lambda date: "UTC" if not date.utcoffset() else _write_offset(date, 1),
    "+": lambda date: (
        f"{date.strftime('%a %b')} {date.day:2} {date:%H:%M:%S} {_write_offset(date, 1)} {date.year}"
    ),
}


def _write_offset(date: datetime, colons: int) -> str:
    minutes = round((date.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    between = ":" if colons else ""
    return f"{sign}{hours:02}{between}{rest:02}" + (":00" if colons == 2 else "")


def _apply_flags(text: str, flags: str, width: int, letter: str) -> str:
    if "^" in flags or "#" in flags:
        text = text.lower() if "#" in flags and letter == "p" else text.upper()
    # Fractions of a second are digits behind the point: there zeros count.
    if letter in "LN":
        return text
    if "-" in flags:
        return text.lstrip("0 ") or "0" if text.lstrip().isdigit() else text
    is_number = text.strip().isdigit()
    fill = " " if "_" in flags or letter in _PADDED or not is_number else "0"
    if "0" in flags:
        fill = "0"
    if is_number and flags:
        # The width of the number stays while its filling changes.
        width = max(width, len(text))
        text = text.lstrip("0 ") or "0"
    return text.rjust(width, fill)
