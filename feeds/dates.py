"""Dates as front matter writes them, and the two forms in which feedd writes them.

:func:`parse_date` reads a date or refuses it: a wrong date is worse than none, because the caller has
other places to look for one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import format_datetime, parsedate_tz
from functools import lru_cache
from typing import Final

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
"""The plausible years, inclusive: a date outside is a mistake of whoever wrote it."""

_LONGEST = 120
_USUAL = re.compile(
    r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)"
    r"(?:[Tt\s]\s*(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?",
    re.ASCII,
)
_FAR_EAST = re.compile(
    r"(\d{4})\s*[年년]\s*(\d\d?)\s*[月월]\s*(\d\d?)\s*[日号號일]?\s*(?:(?:星期|周|週)[一二三四五六日天])?\s*"
    r"(凌晨|早上|上午|中午|下午|傍晚|晚上|午前|午後|오전|오후)?\s*"
    r"(?:(\d\d?)\s*[:：时時点點시]\s*(?:(\d\d?)\s*[:：分분]?\s*(?:(\d\d?)\s*[秒초]?)?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)
_AFTERNOON = frozenset(["下午", "傍晚", "晚上", "午後", "오후"])
_WITH_TIME = re.compile(r"\d{1,2}:\d\d")
_SLASHES = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")
_NUMERIC_ZONE = re.compile(r"\s*(?:GMT|UTC)?([+-]\d\d):?(\d\d)$")
_UNKNOWN_ZONE = re.compile(r"\d\s+(?!(?:UT|UTC|GMT|Z|EST|EDT|CST|CDT|MST|MDT|PST|PDT|AM|PM)$)[A-Za-z][\w/]*$")
_AMBIGUOUS_ZONE = re.compile(r"\b(?:CST|IST|BST|AST)\s*$")


def parse_date(text: str, zone: tzinfo) -> datetime | None:
    """Read a date in the forms that posts use.

    Args:
        text: The date as written.
        zone: What a date without an offset means (``site.timezone``).

    Returns:
        An aware instant with the written offset, or that of ``zone``. A day without a time is its
        midnight. ``None`` for what is no date, is impossible (30 February), or lies outside the years
        1900 to 2200.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    usual = _USUAL.fullmatch(text)
    if usual:
        *numbers, offset = usual.groups()
        return _at([int(n or 0) for n in numbers], _offset(offset) if offset else zone)
    eastern = _FAR_EAST.fullmatch(text)
    if eastern:
        return _eastern(eastern, zone)
    return _mail(text, zone)


def _at(numbers: list[int], zone: tzinfo | None) -> datetime | None:
    """The instant of year, month, day, hour, minute, second in a zone, with a fixed offset."""
    if zone is None or not FIRST_YEAR <= numbers[0] <= LAST_YEAR:
        return None
    year, month, day, hour, minute, second = numbers
    try:
        local = datetime(year, month, day, hour % 24, minute, min(second, 59), tzinfo=zone)
        if hour > 24 or (hour == 24 and (minute or second)) or second > 60:
            return None
    except ValueError:
        return None
    # 24:00 and the leap second are the next instant (RFC 3339, 5.7).
    local += timedelta(days=hour == 24, seconds=second == 60)
    offset = local.utcoffset() or timedelta()
    return local.replace(tzinfo=_fixed(offset))


@lru_cache(maxsize=256)
def _fixed(offset: timedelta) -> timezone:
    """A fixed offset in whole minutes; local mean times before standard time had seconds."""
    return timezone(timedelta(minutes=round(offset.total_seconds() / 60)))


@lru_cache(maxsize=256)
def _offset(text: str) -> timezone | None:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes > 16 * 60 or int(digits[2:]) > 59:
        return None
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def _eastern(found: re.Match[str], zone: tzinfo) -> datetime | None:
    year, month, day, half, hour, minute, second, offset = found.groups()
    hours = int(hour or 0)
    if half in _AFTERNOON and hours < 12:
        hours += 12
    elif half == "凌晨" and hours == 12:
        hours = 0
    numbers = [int(year), int(month), int(day), hours, int(minute or 0), int(second or 0)]
    return _at(numbers, _offset(offset) if offset else zone)


def _mail(text: str, zone: tzinfo) -> datetime | None:
    """A date of RFC 822 and its sloppy kin; without a time it would be a guess."""
    if not _WITH_TIME.search(text) or _SLASHES.search(text):
        return None
    text = _NUMERIC_ZONE.sub(r" \1\2", text)
    if _UNKNOWN_ZONE.search(text) and not _AMBIGUOUS_ZONE.search(text):
        return None
    try:
        found = parsedate_tz(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if found is None:
        return None
    named = found[9] is not None and not _AMBIGUOUS_ZONE.search(text)
    seconds = found[9] or 0
    if abs(seconds) > 16 * 3600:
        return None
    return _at(list(found[:6]), _fixed(timedelta(seconds=seconds)) if named else zone)


def rfc3339(d: datetime) -> str:
    """Write an aware instant as Atom and JSON Feed want it (RFC 3339), to the second, with its own offset."""
    return d.isoformat(timespec="seconds")


def rfc822(d: datetime) -> str:
    """Write an aware instant as RSS wants it (RFC 822): English names, four-digit year, numeric offset."""
    return format_datetime(d)
