"""Build an instant from numbers; None if no such instant exists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9999
"""Plausible years, inclusive: a date outside counts as a mistake."""


def build_instant(numbers: list[int], zone: tzinfo | None) -> datetime | None:
    """Return the instant of year, month, day, hour, minute, second in a zone; None if it is impossible."""
    if zone is None or not FIRST_YEAR <= numbers[0] <= LAST_YEAR:
        return None
    year, month, day, hour, minute, second = numbers
    try:
        local = datetime(year, month, day, hour % 24, minute, min(second, 59), tzinfo=zone)
        if hour > 24 or (hour == 24 and (minute or second)) or second > 60:
            return None
    except (ValueError, OverflowError):
        return None
    # 24:00 and the leap second are the next instant (RFC 3339, 5.7).
    try:
        local += timedelta(days=hour == 24, seconds=second == 60)
        local.astimezone(UTC)
    except OverflowError:
        return None
    offset = local.utcoffset() or timedelta()
    return local.replace(tzinfo=_make_offset(offset))


@lru_cache(maxsize=256)
def _make_offset(offset: timedelta) -> timezone:
    """Round an offset to whole minutes: local mean times before standard time had seconds."""
    return timezone(timedelta(minutes=round(offset.total_seconds() / 60)))


@lru_cache(maxsize=256)
def parse_offset(text: str) -> timezone | None:
    """Parse ``+01:00``, ``-0800`` or ``Z``; None for an offset that no place has."""
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes > 16 * 60 or int(digits[2:]) > 59:
        return None
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def expand_year(digits: str | None) -> int:
    """Expand a short year (RFC 2822, 4.3): up to 49 is this century, three digits count from 1900."""
    year = int(digits or 0)
    if len(digits or "") >= 4:
        return year
    return year + (2000 if year < 50 and len(digits or "") < 3 else 1900)
