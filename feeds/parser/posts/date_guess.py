"""Dates of posts that state none, out of what identity patterns find."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from feeds.values.patterns import Pattern

_KEY_NAME = re.compile(r"\D*((?:19|20)\d{6})\d{7,}\D*")


def guess_of(rules: Sequence[tuple[str, Pattern]], zone: str) -> Callable[[str], datetime | None]:
    """Finds the group ``date`` of a rule in an address or the name of a file."""
    dated = [pattern for _, pattern in rules if "date" in pattern.groupindex]

    def guess(text: str) -> datetime | None:
        for pattern in dated:
            found = pattern.search(text)
            date = (found["date"] if found else None) or _leading_date(text)
            if date:
                try:
                    return datetime.strptime(date, "%Y%m%d").replace(tzinfo=ZoneInfo(zone))
                except ValueError:
                    continue
        return None

    return guess


def _leading_date(text: str) -> str | None:
    """The date in a file name that is the key itself, such as ``-202205262391921712``."""
    found = _KEY_NAME.fullmatch(text.rpartition("/")[2])
    return found[1] if found else None
