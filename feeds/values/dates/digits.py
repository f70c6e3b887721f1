"""Dates in digits: RFC 3339 and similar, other forms of ISO 8601, seconds since 1970, East Asian forms."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, Literal

from feeds.values.dates.instant import build_instant, expand_year, parse_offset

_USUAL = re.compile(
    r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)"
    r"(?:[Tt\s]\s*(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?",
    re.ASCII,
)
_FAR_EAST = re.compile(
    r"(\d{4})\s*+[年년]\s*+(\d\d?)\s*+[月월]\s*+(\d\d?)\s*+[日号號일]?\s*+"
    r"[（(]?(?:(?:星期|周|週)?[一二三四五六日天月火水木金土월화수목금토일](?:曜日|요일)?(?![:\d]))?[）)]?[\s,，]*+"
    r"(凌晨|早上|上午|中午|下午|傍晚|晚上|午前|午後|오전|오후)?\s*+"
    r"(?:(\d\d?)\s*+[:：时時点點시]\s*+(?:(\d\d?)\s*+[:：分분]?\s*+(?:(\d\d?)\s*+[秒초]?)?)?)?"
    r"\s*+(Z|[+-]\d\d:?\d\d)?"
)
AFTERNOON: Final = frozenset(["下午", "傍晚", "晚上", "午後", "오후", "pm"])
"""Words after which twelve hours are added."""
_HANGUL = re.compile("[\uac00-\ud7a3]")
_KOREA = timezone(timedelta(hours=9))

# Other forms of ISO 8601, frequent in the first years of feeds: two-digit years, days of the year, weeks.
_ISO_DATES: Final = tuple(
    re.compile(
        form
        + r"(?:[Tt ]\s*(?P<time>\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?))?\s*(?P<zone>Z|z|[+-]\d\d:\d\d|(?(time)[+-]\d\d(?:\d\d)?|(?!)))?Z?",
        re.ASCII,
    )
    for form in (
        r"(?P<year>\d{4})",
        r"(?P<year>\d{4})-(?P<month>\d\d)",
        r"(?P<year>\d{4})-?0?(?P<month>\d\d)-?(?P<day>\d\d)",
        r"(?P<year>\d{4})-?(?P<ordinal>\d{3})",
        r"(?P<year>\d{4})-?W(?P<week>\d\d)(?:-?(?P<weekday>[1-7]))?",
        r"(?P<short>\d\d)-?(?P<month>\d\d)-?(?P<day>\d\d)",
        r"(?P<short>\d\d)-?(?P<ordinal>\d{3})",
        r"-(?P<short>\d\d)-?(?P<month>\d\d)",
        r"-(?P<short>\d\d)",
    )
)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?", re.ASCII)
_EPOCH = re.compile(r"(\d{9,10})(\d{3})?(?:\.\d+)?", re.ASCII)


def parse_usual(text: str, zone: tzinfo) -> datetime | Literal["none"] | None:
    """Parse RFC 3339 and similar; ``none`` for another form, None for an impossible date."""
    found = _USUAL.fullmatch(text)
    if not found:
        return "none"
    *numbers, offset = found.groups()
    return build_instant([int(n or 0) for n in numbers], parse_offset(offset) if offset else zone)


def choose_zone(text: str, zone: tzinfo) -> tzinfo:
    """Return the zone of a date without an offset: Korea's time if it is in Korean."""
    return _KOREA if _HANGUL.search(text) else zone


def parse_east_asian(text: str, zone: tzinfo) -> datetime | Literal["none"] | None:
    """Parse ``2021年12月23日 下午4:14`` and similar; ``none`` for another form, None for an impossible date."""
    found = _FAR_EAST.fullmatch(text)
    if not found:
        return "none"
    year, month, day, half, hour, minute, second, offset = found.groups()
    hours = int(hour or 0)
    if half in AFTERNOON and hours < 12:
        hours += 12
    elif half == "凌晨" and hours == 12:
        hours = 0
    numbers = [int(year), int(month), int(day), hours, int(minute or 0), int(second or 0)]
    return build_instant(numbers, parse_offset(offset) if offset else zone)


def parse_iso(text: str, zone: tzinfo) -> datetime | Literal["none"] | None:
    """Parse another form of ISO 8601, or seconds since 1970.

    Returns:
        The instant; ``none`` if the text has another form, None if the date is impossible.
    """
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    if stamp := _STAMP.fullmatch(text):
        return build_instant([int(part or 0) for part in stamp.groups()], zone)
    matches = (form.fullmatch(text) for form in _ISO_DATES)
    found = next((match for match in matches if match), None)
    if found is None:
        return "none"
    parts = found.groupdict()
    year = int(parts["year"]) if "year" in parts else expand_year(parts["short"])
    day = _compute_day(year, parts)
    if day is None:
        return None
    digits = re.sub(r"[.,].*|:", "", parts["time"] or "").ljust(6, "0")
    hour, minute, second = (int(digits[n : n + 2]) for n in (0, 2, 4))
    return build_instant([*day, hour, minute, second], parse_offset(parts["zone"]) if parts["zone"] else zone)


def _compute_day(year: int, parts: dict[str, str | None]) -> tuple[int, int, int] | None:
    """Return year, month and day of a calendar date, a day of the year or a week (ISO 8601, 4.1)."""
    try:
        if parts.get("ordinal"):
            date = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=int(parts["ordinal"] or 0) - 1)
            return (date.year, date.month, date.day) if date.year == year else None
        if parts.get("week"):
            week = datetime.fromisocalendar(year, int(parts["week"] or 1), int(parts.get("weekday") or 1))
            return week.year, week.month, week.day
    except (ValueError, OverflowError):
        return None
    return year, int(parts.get("month") or 1), int(parts.get("day") or 1)
