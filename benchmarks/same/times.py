"""What differs between two runs of one program: times of the run get a mark in their place, some lists an order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

TIME = "<time>"
SECONDS = "<seconds>"

_DIGITS = {10: 1, 13: 1_000, 16: 1_000_000, 19: 1_000_000_000}
"""How many digits a time of these years has, and how many of its units are a second."""
_NUMBER = re.compile(r"(?<![\d.])\d{10,19}(?:\.\d+)?(?![\d.])")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_MAIL = re.compile(r"[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})")
_DURATION = re.compile(r"(?<=\bin )\d+\.\d+(?= s\b)")
_NEXT = re.compile(r"(?<=\bnext )\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DURATIONS = frozenset(["seconds"])
"""Keys of reports that say how long something took."""
_PLANNED = frozenset(["due", "next_poll"])
"""Columns and keys of times that are planned with some chance in them, so that not all upstreams are polled at once."""
_CHANCE = timedelta(hours=6)
"""A quarter of a day is added at most, after many failures."""
_UNORDERED = frozenset(["troubles"])
"""Keys of lists in the order in which answers came together, which depends on how busy the machine is."""


@dataclass(frozen=True)
class Times:
    """The span of time in which a time is one of the run: none of the corpora's own dates lies in it."""

    begin: datetime
    end: datetime

    @classmethod
    def around(cls, now: datetime) -> Times:
        """From two days before now, for dates in other time zones, to the farthest poll that is planned."""
        return cls(now - timedelta(days=2), now + timedelta(days=60))

    def mark_text(self, text: str) -> str:
        """Put a mark in the place of each time of the run, in any of the usual forms."""
        text = _NUMBER.sub(self._marker(_read_number), text)
        text = _ISO.sub(self._marker(_read_iso), text)
        text = _MAIL.sub(self._marker(parsedate_to_datetime), text)
        text = _NEXT.sub(TIME, text)
        return _DURATION.sub(SECONDS, text)

    def mark_value(self, value: Any, key: str = "") -> Any:  # noqa: ANN401 - whatever JSON can say
        """Do the same within a JSON value; ``key`` is the key it is the value of."""
        if isinstance(value, dict):
            return {name: self.mark_value(one, name) for name, one in value.items()}
        if isinstance(value, list):
            marked = [self.mark_value(one) for one in value]
            return sorted(marked, key=str) if key in _UNORDERED else marked
        if isinstance(value, str):
            return self.mark_text(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if key in _DURATIONS:
            return SECONDS
        text = self.mark_text(str(value))
        return value if text == str(value) else text

    def _marker(self, read: Callable[[str], datetime | None]) -> Callable[[re.Match[str]], str]:
        def mark(found: re.Match[str]) -> str:
            try:
                when = read(found[0])
            except (ValueError, OverflowError):
                return found[0]
            return TIME if when is not None and self.begin <= when <= self.end else found[0]

        return mark


def agree_by_chance(name: str, old: object, new: object) -> bool:
    """Return whether two times of this column or key are planned ones, and no farther apart than chance may put them."""
    if name not in _PLANNED:
        return False
    try:
        first, second = (_read_number(str(one)) or _read_iso(str(one)) for one in (old, new))
    except ValueError:
        return False
    return abs(first - second) <= _CHANCE


def _read_number(text: str) -> datetime | None:
    whole = text.partition(".")[0]
    unit = _DIGITS.get(len(whole)) if whole.isdecimal() else None
    return datetime.fromtimestamp(int(whole) // unit, UTC) if unit else None


def _read_iso(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
