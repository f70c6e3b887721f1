"""Guess the date of a post that states none, from a date in its address or file name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from feeds.values.patterns import Pattern

# Some systems name files by a time stamp and a number without separators.
_KEY_NAME = re.compile(r"\D*((?:19|20)\d{6})\d{7,}\D*")


def make_date_guess(rules: Sequence[tuple[str, Pattern]], zone: str) -> Callable[[str], datetime | None]:
    """Return a function that finds a date in an address or file name, by the group ``date`` of the rules."""
    dated = [pattern for _, pattern in rules if "date" in pattern.groupindex]

    def guess(text: str) -> datetime | None:
        for pattern in dated:
            found = pattern.search(text)
            date = (found["date"] if found else None) or _find_leading_date(text)
            if date:
                # Eight digits may also be a number of something else.
                try:
                    return datetime.strptime(date, "%Y%m%d").replace(tzinfo=ZoneInfo(zone))
                except ValueError:
                    continue
        return None

    return guess


def _find_leading_date(text: str) -> str | None:
    """Return the date in a file name that is the key itself, such as ``-202205262391921712``."""
    found = _KEY_NAME.fullmatch(text.rpartition("/")[2])
    return found[1] if found else None
