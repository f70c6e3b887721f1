"""Dates as posts and feeds write them, and the two forms in which feedd writes them.

:func:`parse_date` reads a date or refuses it: a wrong date is worse than none, because the caller has
other places to look for one. The usual form (RFC 3339 and its kin) has a fast path; then come the other forms
of ISO 8601, the Far East, and last words and numbers in the order in which people put them.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import format_datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, Literal
from zoneinfo import ZoneInfo

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 9999
"""The plausible years, inclusive: a date outside is a mistake of whoever wrote it."""

_LONGEST = 120
_USUAL = re.compile(
    r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)"
    r"(?:[Tt\s]\s*(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(Z|z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?)?",
    re.ASCII,
)
_FAR_EAST = re.compile(
    r"(\d{4})\s*[年년]\s*(\d\d?)\s*[月월]\s*(\d\d?)\s*[日号號일]?\s*"
    r"[（(]?(?:(?:星期|周|週)?[一二三四五六日天月火水木金土월화수목금토일](?:曜日|요일)?(?![:\d]))?[）)]?[\s,，]*"
    r"(凌晨|早上|上午|中午|下午|傍晚|晚上|午前|午後|오전|오후)?\s*"
    r"(?:(\d\d?)\s*[:：时時点點시]\s*(?:(\d\d?)\s*[:：分분]?\s*(?:(\d\d?)\s*[秒초]?)?)?)?"
    r"\s*(Z|[+-]\d\d:?\d\d)?"
)
_AFTERNOON = frozenset(["下午", "傍晚", "晚上", "午後", "오후", "pm"])
_HANGUL = re.compile("[\uac00-\ud7a3]")
_KOREA = timezone(timedelta(hours=9))

# The other forms of ISO 8601, of which the feeds of the first years had many: two-digit years, days of the year, weeks.
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

_COMMENT = re.compile(r"\([^()]*\)")
_MERIDIEM = r"(?P<{}>[ap]\.?m\b\.?|上午|下午|午前|午後|오전|오후)"
_TIME = re.compile(
    rf"(?:{_MERIDIEM.format('early')}\s*)?(?<![\d:])(?P<hour>\d{{1,2}})"
    rf"(?:[:h](?P<minute>\d\d?)(?:[:.](?P<second>\d\d?)(?:[.,:]\d+)?)?\s*(?:{_MERIDIEM.format('late')})?"
    r"|\s*(?P<only>[ap]\.?m\b\.?))(?!\d)"
)
_OFFSET = re.compile(
    r"\s*(?:[a-z]{1,5})?\s*(?P<sign>[+-])(?P<digits>\d{1,2}:\d\d|\d{4}|\d{1,2})(?!\d)(?:\s*z\b)?"
)
_REGION = re.compile(r"\s*([a-z]+(?:/[a-z_+\-0-9]+){1,2})")
_ZONE_NAME = re.compile(r"\s*([a-z]{1,5})\b(?![/\w])")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,4})\s*([/.-])\s*(\d{1,2})\s*\2\s*(\d{1,4})(?!\d)")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|eme|o|a|\.)(?![^\W\d_])")
_FILLERS = frozenset(
    [
        "t",
        "at",
        "of",
        "the",
        "de",
        "del",
        "du",
        "le",
        "la",
        "el",
        "en",
        "on",
        "um",
        "uhr",
        "den",
        "der",
        "dia",
        "kl",
        "klo",
        "ore",
        "à",
        "a",
        "г",
        "года",
        "year",
    ]
)
_WEEKDAYS = frozenset(
    [
        "mon",
        "monday",
        "tue",
        "tues",
        "tuesday",
        "wed",
        "weds",
        "wednesday",
        "thu",
        "thur",
        "thurs",
        "thursday",
        "fri",
        "friday",
        "sat",
        "saturday",
        "sun",
        "sunday",
    ]
)


def parse_date(text: str, zone: tzinfo) -> datetime | None:
    """Read a date in the forms that posts and feeds use.

    ``1/2/2006`` is the second of January, ``1.2.2006`` and ``1-2-2006`` are the first of February. Two-digit
    years up to 49 are of this century (RFC 2822, 4.3). Zone names are those of RFC 822 and the common ones;
    one that ``zone`` itself uses at that time (CST in China) means ``zone``.

    Args:
        text: The date as written.
        zone: What a date without an offset means (``site.timezone``); a date in Korean is in Korea's time.

    Returns:
        An aware instant with the written offset, or that of ``zone``. A day without a time is its
        midnight. ``None`` for what is no date, is impossible (30 February), or lies outside the years
        1900 to 9999.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    usual = _USUAL.fullmatch(text)
    if usual:
        *numbers, offset = usual.groups()
        return _at([int(n or 0) for n in numbers], _offset(offset) if offset else zone)
    if not any(c.isdigit() for c in text):
        return None
    text = unicodedata.normalize("NFKC", text)
    where = _KOREA if _HANGUL.search(text) else zone
    eastern = _FAR_EAST.fullmatch(text)
    if eastern:
        return _eastern(eastern, where)
    if text.isascii() and text[0] in "-0123456789" and (found := _iso(text, zone)) != "none":
        return found
    return _written(text.lower(), where)


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
    try:
        local += timedelta(days=hour == 24, seconds=second == 60)
        local.astimezone(UTC)
    except OverflowError:
        return None
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


def _iso(text: str, zone: tzinfo) -> datetime | Literal["none"] | None:
    """A date in digits; ``none`` if the text is something else, None if it is impossible."""
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    if stamp := _STAMP.fullmatch(text):
        return _at([int(part or 0) for part in stamp.groups()], zone)
    matches = (form.fullmatch(text) for form in _ISO_DATES)
    found = next((one for one in matches if one), None)
    if found is None:
        return "none"
    parts = found.groupdict()
    year = int(parts["year"]) if "year" in parts else _full_year(parts["short"])
    day = _day(year, parts)
    if day is None:
        return None
    digits = re.sub(r"[.,].*|:", "", parts["time"] or "").ljust(6, "0")
    hour, minute, second = (int(digits[n : n + 2]) for n in (0, 2, 4))
    return _at([*day, hour, minute, second], _offset(parts["zone"]) if parts["zone"] else zone)


def _day(year: int, parts: dict[str, str | None]) -> tuple[int, int, int] | None:
    """Year, month and day of a calendar date, a day of the year or a week (ISO 8601, 4.1)."""
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


def _full_year(digits: str | None) -> int:
    """RFC 2822, 4.3: up to 49 this century, three digits count from 1900."""
    year = int(digits or 0)
    if len(digits or "") >= 4:
        return year
    return year + (2000 if year < 50 and len(digits or "") < 3 else 1900)


def _written(text: str, zone: tzinfo) -> datetime | None:
    """A date in words and numbers, in small letters: a time with its zone, and what is left is the day."""
    for _ in range(4):
        text = _COMMENT.sub(" ", text)
    times = _TIME.search(text)
    hour = minute = second = 0
    offset = ""
    rest = text
    if times:
        clock = _clock(times)
        if clock is None:
            return None
        hour, minute, second = clock
        offset, after = _zone_after(text[times.end() :])
        rest = f"{text[: times.start()]} {after}"
    day = _day_in_words(rest)
    if day is None:
        return None
    return _at([*day, hour, minute, second], _named_zone(offset, day, zone) if offset else zone)


def _clock(found: re.Match[str]) -> tuple[int, int, int] | None:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["early"] or found["late"] or found["only"] or "").replace(".", "")
    if half:
        if hour > 12 and not (half in _AFTERNOON and hour < 24):
            return None
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
    return hour, minute, second


def _zone_after(text: str) -> tuple[str, str]:
    """The zone that follows a time, and the text behind it."""
    if found := _OFFSET.match(text):
        offset, text = _four_digits(found["sign"], found["digits"]), text[found.end() :]
        name = _ZONE_NAME.match(text)
        return offset, text[name.end() :] if name and name[1] in _words()[1] else text
    if found := _REGION.match(text):
        return found[1], text[found.end() :]
    found = _ZONE_NAME.match(text)
    if found and found[1] in _words()[1]:
        return found[1], text[found.end() :]
    return "", text


def _four_digits(sign: str, digits: str) -> str:
    """``+1:00``, ``+100``, ``+1`` as ``+0100``."""
    hours, colon, minutes = digits.partition(":")
    if not colon and len(digits) == 4:
        return sign + digits
    return f"{sign}{hours:0>2}{minutes or '00'}"


def _named_zone(offset: str, day: tuple[int, int, int], zone: tzinfo) -> tzinfo | None:
    """The zone of an offset, of a region (``Europe/Brussels``) or of a name; its own name means ``zone``."""
    if offset[0] in "+-":
        return _offset(offset)
    if "/" in offset:
        return _region(offset)
    try:
        own = datetime(*day, 12, tzinfo=zone).tzname()
    except (ValueError, OverflowError):
        return None
    return zone if (own or "").lower() == offset else _offset(_words()[1][offset])


@lru_cache(maxsize=64)
def _region(name: str) -> tzinfo | None:
    spelled = "/".join("_".join(word.capitalize() for word in part.split("_")) for part in name.split("/"))
    try:
        return ZoneInfo(spelled)
    except (KeyError, ValueError, OSError):
        return None


def _day_in_words(text: str) -> tuple[int, int, int] | None:
    """Year, month and day; None unless every word of the text is known to dates."""
    folded = _fold(text)
    numeric = _NUMERIC.search(folded)
    if numeric:
        words = _TOKEN.findall(folded[: numeric.start()] + " " + folded[numeric.end() :])
        known = all(
            w in _FILLERS or w in _WEEKDAYS or (n == 0 and not w.isdigit()) for n, w in enumerate(words)
        )
        return _by_numbers(numeric) if known else None
    return _by_name(_TOKEN.findall(_ORDINAL.sub(" ", folded)))


def _by_numbers(found: re.Match[str]) -> tuple[int, int, int] | None:
    """Year first; else the month first between slashes, as in America and in PHP, unless it cannot be one."""
    first, mark, second, third = found.groups()
    if len(first) == 4:
        return int(first), int(second), int(third)
    if len(first) > 2 or len(third) not in (2, 4):
        return None
    one, two, year = int(first), int(second), _full_year(third)
    american = (mark == "/" and one <= 12) or two > 12
    return (year, one, two) if american else (year, two, one)


def _by_name(words: list[str]) -> tuple[int, int, int] | None:
    numbers = [word for word in words if word.isdigit()]
    months: list[int] = []
    for place, word in enumerate(words):
        if word.isdigit() or word in _FILLERS or word in _WEEKDAYS:
            continue
        month = _month(word)
        if month:
            # "mar" is Tuesday in some languages: then the month comes later.
            months = [month]
        elif place > 0:
            return None
    if len(months) != 1 or not 1 <= len(numbers) <= 2 or any(len(n) > 4 for n in numbers):
        return None
    if len(numbers) == 1:
        return (int(numbers[0]), months[0], 1) if len(numbers[0]) == 4 else None
    day, year = numbers
    if len(day) > 2:
        day, year = year, day
    return (_full_year(year), months[0], int(day)) if len(day) <= 2 and len(year) >= 2 else None


@cache
def _words() -> tuple[dict[str, int], dict[str, str]]:
    """Names of months with their numbers, names of zones with their offsets."""
    months: dict[str, int] = {}
    zones: dict[str, str] = {}
    for line in (files("feeds") / "data" / "date_words.txt").read_text("utf-8").splitlines():
        value, _, names = line.partition(" ")
        if value[0] in "+-":
            zones |= dict.fromkeys(names.split(), value)
        elif value != "#":
            months |= dict.fromkeys((_fold(name) for name in names.split()), int(value))
    return months, zones


def _fold(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=1024)
def _month(word: str) -> int:
    """The number of a month, 0 for a word that is none."""
    months = _words()[0]
    if word in months:
        return months[word]
    if len(word) < 3:
        return 0
    found = {number for name, number in months.items() if name.startswith(word)}
    return found.pop() if len(found) == 1 else 0


def rfc3339(d: datetime) -> str:
    """Write an aware instant as Atom and JSON Feed want it (RFC 3339), to the second, with its own offset."""
    return d.isoformat(timespec="seconds")


def rfc822(d: datetime) -> str:
    """Write an aware instant as RSS wants it (RFC 822): English names, four-digit year, numeric offset."""
    return format_datetime(d)
