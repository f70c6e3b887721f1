"""Dates in words and numbers, in the order in which people write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from feeds._resources import read_packaged_text
from feeds.values.dates.digits import AFTERNOON
from feeds.values.dates.instant import build_instant, expand_year, parse_offset

_COMMENT = re.compile(r"\([^()]*\)")
_MERIDIEM = r"(?P<{}>[ap]\.?m\b\.?|上午|下午|午前|午後|오전|오후)"
_TIME = re.compile(
    rf"(?:{_MERIDIEM.format('early')}\s*)?(?<![\d:])(?P<hour>\d{{1,2}})"
    rf"(?:[:h](?P<minute>\d\d?)(?:[:.](?P<second>\d\d?)(?:[.,:]\d+)?)?\s*(?:{_MERIDIEM.format('late')})?"
    r"|\s*(?P<only>[ap]\.?m\b\.?))(?!\d)"
)
_OFFSET = re.compile(
    r"\s*+(?:[a-z]{1,5}\s*+)?(?P<sign>[+-])(?P<digits>\d{1,2}:\d\d|\d{1,4})(?!\d)(?:\s*z\b)?"
)
_REGION = re.compile(r"\s*([a-z]+(?:/[a-z_+\-0-9]+){1,2})")
_ZONE_NAME = re.compile(r"\s*([a-z]{1,5})\b(?![/\w])")
_LAST_ZONE = re.compile(r"(?<=\d)\s+([+-]\d\d:?\d\d|[a-z]{2,5})\s*$")
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,4})\s*([/.-])\s*(\d{1,2})\s*\2\s*(\d{1,4})(?!\d)")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|eme|o|a|\.)(?![^\W\d_])")


@dataclass(frozen=True, slots=True)
class _WordLists:
    months: dict[str, int] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    """Names of zones with their offsets."""
    days: set[str] = field(default_factory=set)
    fillers: set[str] = field(default_factory=set)


def parse_words(text: str, zone: tzinfo) -> datetime | None:
    """Parse a date in words and numbers, in lower case: first its time and zone, then its day."""
    # Comments may be nested (RFC 822); four levels keep the time linear.
    for _ in range(4):
        text = _COMMENT.sub(" ", text)
    times = _TIME.search(text)
    hour = minute = second = 0
    offset = ""
    rest = text
    if times:
        clock = _parse_time(times)
        if clock is None:
            return None
        hour, minute, second = clock
        offset, after = _split_zone_after(text[times.end() :])
        rest = f"{text[: times.start()]} {after}"
    if not offset:
        offset, rest = _split_last_zone(rest)
    day = _parse_day(rest)
    if day is None:
        return None
    return build_instant([*day, hour, minute, second], _find_zone(offset, day, zone) if offset else zone)


def _parse_time(found: re.Match[str]) -> tuple[int, int, int] | None:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    half = (found["early"] or found["late"] or found["only"] or "").replace(".", "")
    if half:
        if hour > 12 and not (half in AFTERNOON and hour < 24):
            return None
        hour = hour % 12 + (12 if half in AFTERNOON else 0)
    return hour, minute, second


def _split_zone_after(text: str) -> tuple[str, str]:
    """Return the zone that follows a time, and the text after it."""
    if found := _OFFSET.match(text):
        offset, text = _pad_offset(found["sign"], found["digits"]), text[found.end() :]
        name = _ZONE_NAME.match(text)
        return offset, text[name.end() :] if name and name[1] in _load_words().zones else text
    if found := _REGION.match(text):
        return found[1], text[found.end() :]
    found = _ZONE_NAME.match(text)
    if found and found[1] in _load_words().zones:
        return found[1], text[found.end() :]
    return "", text


def _split_last_zone(text: str) -> tuple[str, str]:
    """Return the zone after the day, if the time has none, and the text before it."""
    found = _LAST_ZONE.search(text)
    if found and (found[1][0] in "+-" or (found[1] in _load_words().zones and not _is_filler(found[1]))):
        return found[1], text[: found.start()]
    return "", text


def _pad_offset(sign: str, digits: str) -> str:
    """Return ``+1:00``, ``+100`` and ``+1`` as ``+0100``."""
    hours, colon, minutes = digits.partition(":")
    if not colon and len(digits) > 2:
        return f"{sign}{digits:0>4}"
    return f"{sign}{hours:0>2}{minutes or '00'}"


def _find_zone(offset: str, day: tuple[int, int, int], zone: tzinfo) -> tzinfo | None:
    """Return the zone of an offset, region (``Europe/Brussels``) or name, where ``zone`` has precedence."""
    if offset[0] in "+-":
        return parse_offset(offset)
    if "/" in offset:
        return _find_region(offset)
    try:
        own = datetime(*day, 12, tzinfo=zone).tzname()
    except (ValueError, OverflowError):
        return None
    return zone if (own or "").lower() == offset else parse_offset(_load_words().zones[offset])


@lru_cache(maxsize=64)
def _find_region(name: str) -> tzinfo | None:
    spelled = "/".join("_".join(word.capitalize() for word in part.split("_")) for part in name.split("/"))
    for key in (spelled, spelled.replace("Gmt", "GMT").replace("Utc", "UTC")):
        try:
            return ZoneInfo(key)
        except (KeyError, ValueError, OSError):
            continue
    return None


def _parse_day(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day; None unless every word of the text belongs to dates."""
    folded = _fold(text)
    numeric = _NUMERIC.search(folded)
    if numeric:
        words = _TOKEN.findall(folded[: numeric.start()] + " " + folded[numeric.end() :])
        known = all(_is_filler(w) or (n == 0 and not w.isdigit()) for n, w in enumerate(words))
        return _parse_numeric_day(numeric) if known else None
    return _parse_named_day(_TOKEN.findall(_ORDINAL.sub(" ", folded)))


def _parse_numeric_day(found: re.Match[str]) -> tuple[int, int, int] | None:
    """Return year, month and day of three numbers.

    The year comes first or last. Between slashes the month precedes the day, as in America and in PHP,
    unless it cannot be a month.
    """
    first, mark, second, third = found.groups()
    if len(first) == 4:
        return int(first), int(second), int(third)
    if len(first) > 2 or len(third) not in (2, 4):
        return None
    left, right, year = int(first), int(second), expand_year(third)
    # With slashes the month usually comes first, unless the number cannot be a month.
    american = (mark == "/" and left <= 12) or right > 12
    return (year, left, right) if american else (year, right, left)


def _parse_named_day(words: list[str]) -> tuple[int, int, int] | None:
    numbers = [word for word in words if word.isdigit()]
    months: list[int] = []
    for place, word in enumerate(words):
        if word.isdigit() or _is_filler(word):
            continue
        month = _find_month(word)
        if month:
            # "mar" is Tuesday in some languages: then the month comes later.
            months = [month]
        elif place > 0:
            return None
    if not months and len(numbers) == 3 and not words[0].isdigit() and len(numbers[2]) == 4:
        # "Sat, 11 04 2020": as in RFC 822, but for the month.
        return int(numbers[2]), int(numbers[1]), int(numbers[0])
    if len(months) != 1 or not 1 <= len(numbers) <= 2 or any(len(n) > 4 for n in numbers):
        return None
    if len(numbers) == 1:
        return (int(numbers[0]), months[0], 1) if len(numbers[0]) == 4 else None
    day, year = numbers
    if len(day) > 2:
        day, year = year, day
    return (expand_year(year), months[0], int(day)) if len(day) <= 2 and len(year) >= 2 else None


@cache
def _load_words() -> _WordLists:
    words = _WordLists()
    for line in read_packaged_text("data/date_words.txt").splitlines():
        value, _, names = line.partition(" ")
        if value[0] in "+-":
            words.zones.update(dict.fromkeys(names.split(), value))
        elif value in ("day", "filler"):
            (words.days if value == "day" else words.fillers).update(names.split())
        elif value != "#":
            words.months.update((_fold(name), int(value)) for name in names.split())
    return words


def _fold(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).casefold()


def _is_filler(word: str) -> bool:
    """Return whether a word is not part of the date itself, such as the name of a weekday."""
    return word in _load_words().fillers or word in _load_words().days


@lru_cache(maxsize=1024)
def _find_month(word: str) -> int:
    """Return the number of a month, 0 for any other word."""
    months = _load_words().months
    if word in months:
        return months[word]
    if len(word) < 3:
        return 0
    found = {number for name, number in months.items() if name.startswith(word)}
    return found.pop() if len(found) == 1 else 0
