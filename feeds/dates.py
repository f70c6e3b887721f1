"""Dates as front matter and feeds write them, and the two forms in which feedd writes them.

`parse_date` reads a date or refuses it: a date that can be read in two ways is refused, because a wrong
date is worse than none (the caller has other places to look for one). The usual form of front matter is
one regular expression; everything else goes the tolerant way: find the time, then the offset behind it,
and let what is left be the day, of which every word and number must be accounted for.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import isleap
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200
"""The plausible years, in UTC and inclusive: a date outside is a mistake of whoever wrote it."""

_LONGEST = 120
"""No date is longer, in characters; it also bounds the work on hostile text."""
_LARGEST_OFFSET = 16 * 60
"""Offsets in use lie between -12:00 and +14:00, historical ones a little outside (minutes)."""

_USUAL = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:[Tt\s]\s*(\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*([Zz]|[+-]\d\d:?(?:\d\d)?)?)?",
    re.ASCII,
).fullmatch


def parse_date(text: str, zone: tzinfo) -> datetime | None:
    """Read a date in any form that posts and feeds use.

    Args:
        text: The date as written.
        zone: What a date without an offset means (``site.timezone``); it also decides what an ambiguous
            zone name such as ``CST`` is.

    Returns:
        An aware instant with a fixed offset in whole minutes: the written one, or that of ``zone`` at that
        instant. A day without a time is its midnight, a month or a year its first day. Fractions of a
        second are dropped. ``None`` for what is no date, is impossible (30 February), is ambiguous
        (``03/04/2021``), needs today's date to be understood (``yesterday``), or lies outside the
        years 1900 to 2200.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    usual = _USUAL(text)
    if usual:
        year, month, day, hour, minute, second, offset = usual.groups()
        try:
            local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001 - zone follows
        except ValueError:
            pass  # perhaps 24:00 or a leap second
        else:
            return _placed(local, _numeric_zone(offset) if offset else zone)
    return _tolerant(text, zone)


def rfc3339(d: datetime) -> str:
    """Write an aware instant as Atom and JSON Feed want it (RFC 3339), to the second, with its own offset.

    UTC is written ``+00:00``, as feedgen does. An offset with seconds, which RFC 3339 cannot express,
    becomes UTC.
    """
    text = d.isoformat(timespec="seconds")
    return text if len(text) == len("2021-12-23T16:14:00+08:00") else _expressible(d).isoformat(timespec="seconds")


def rfc822(d: datetime) -> str:
    """Write an aware instant as RSS wants it (RFC 822, RFC 5322 3.3): English names, four-digit year.

    The names do not depend on the locale; the offset is numeric: ``Thu, 23 Dec 2021 16:14:00 +0800``.
    """
    iso = rfc3339(d)
    # Taken from the RFC 3339 text, so that both forms of one instant always say the same.
    when = datetime.fromisoformat(iso)
    return (
        f"{_DAY_NAMES[when.weekday()]}, {iso[8:10]} {_MONTH_NAMES[when.month - 1]} {iso[:4]}"
        f" {iso[11:19]} {iso[19:22]}{iso[23:]}"
    )


_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _expressible(d: datetime) -> datetime:
    if d.utcoffset() is None:
        raise ValueError("a date without an offset is no instant")
    return d.astimezone(UTC)


# --- from a local time to an instant -------------------------------------------------------------------


def _placed(local: datetime, zone: tzinfo | None) -> datetime | None:
    """The instant of a local time in a zone, with a fixed offset; None outside the plausible years."""
    offset = zone.utcoffset(local) if zone else None
    if offset is None:
        return None
    when = local.replace(tzinfo=_fixed(offset))
    # Only at the edges does the offset decide about the year.
    if FIRST_YEAR < local.year < LAST_YEAR:
        return when
    return when if FIRST_YEAR <= _utc_year(when) <= LAST_YEAR else None


def _utc_year(when: datetime) -> int:
    try:
        return when.astimezone(UTC).year
    except OverflowError:
        return 0


@lru_cache(maxsize=256)
def _fixed(offset: timedelta) -> timezone:
    """A fixed offset in whole minutes; local mean times before standard time had seconds."""
    return timezone(timedelta(minutes=round(offset.total_seconds() / 60)))


@lru_cache(maxsize=256)
def _numeric_zone(text: str) -> timezone | None:
    """The zone of ``Z``, ``+08:00``, ``+0800``, ``+08``, ``+8`` or ``+530``; None for an impossible one."""
    digits = text[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])  # noqa: PLR2004
    total = int(hours or 0) * 60 + int(minutes)
    if int(minutes) > 59 or total >= _LARGEST_OFFSET:  # noqa: PLR2004
        return None
    return timezone(timedelta(minutes=-total if text[0] == "-" else total))


# --- zones by name -------------------------------------------------------------------------------------

_OFFSETS = {
    name: timezone(timedelta(minutes=minutes))
    for minutes, names in (
        (0, "z ut utc gmt wet"),
        (60, "cet met mez bst west"),
        (120, "cest mest mesz eet sast"),
        (180, "eest msk trt"),
        (300, "pkt"),
        (330, "ist"),
        (420, "wib ict"),
        (480, "awst hkt sgt myt"),
        (540, "jst kst"),
        (570, "acst"),
        (600, "aest"),
        (630, "acdt"),
        (660, "aedt"),
        (720, "nzst"),
        (780, "nzdt"),
        (-150, "ndt"),
        (-180, "adt brt"),
        (-210, "nst"),
        (-240, "ast edt"),
        (-300, "est cdt"),
        (-360, "cst mdt"),
        (-420, "mst pdt"),
        (-480, "pst akdt"),
        (-540, "akst"),
        (-600, "hst"),
    )
    for name in names.split()
}
"""Names with one meaning, those of RFC 822 5.1, and the customary meaning where the site's zone decides."""

_ALSO = {"cst": (480, -300), "ist": (120, 60), "bst": (360,), "ast": (180,), "pst": (480,)}
"""Other meanings of a name in minutes: China, Cuba; Israel, Ireland; Bangladesh; Arabia; Philippines."""
_NEEDS_ZONE = frozenset({"ist"})
"""Names that no standard gives a meaning to and several countries use: refused unless the zone decides."""

_REGIONS = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
    "at": "America/Halifax",
}
"""Names that leave it to the date whether it is summer time."""


def _named_zone(name: str, local: datetime, zone: tzinfo) -> tzinfo | None:
    """The zone that a name means for readers in ``zone``; None if nobody can tell."""
    lower = name.lower()
    if (zone.tzname(local) or "").lower() == lower:
        return zone
    if lower in _REGIONS or "/" in name:
        return _region(_REGIONS.get(lower, name))
    here = zone.utcoffset(local)
    known = _OFFSETS.get(lower)
    if here is not None and here in [timedelta(minutes=also) for also in _ALSO.get(lower, ())]:
        return zone
    if known is not None and lower in _NEEDS_ZONE and known.utcoffset(None) != here:
        return None
    return known


def _region(key: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):  # unknown, malformed, a folder of the database
        return None


# --- the tolerant way ----------------------------------------------------------------------------------

_COMMENT = re.compile(r"\([^()]*\)")
_FAR_EAST_DAY = re.compile(r"(?<!\d)(\d{4}|\d\d) ?[年년] ?(\d\d?) ?[月월](?: ?(\d\d?) ?[日号號일])?")
_FAR_EAST_WEEKDAY = re.compile(r"(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일")
_FAR_EAST_TIME = re.compile(r"(?<!\d)(\d\d?) ?[時时点點시] ?(?:(\d\d?) ?[分분]?)?(?: ?(\d\d?) ?[秒초])?")
_FRENCH_TIME = re.compile(r"(?<![\d:])(\d\d?) ?h ?(\d\d)(?!\d)")
_BASIC_TIME = re.compile(r"(?<=\d)t(\d\d)(\d\d)(\d\d(?:[.,]\d+)?)?(?!\d)")
_ORDINAL_SUFFIX = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|[ºª°])(?![^\W\d_])")
_DAY_HALF = (
    (re.compile(r"(上午|凌晨|早上|清晨|午前|오전)"), "am"),
    (re.compile(r"(下午|傍晚|中午|晚上(?! ?12)|午後|오후)"), "pm"),
)
_TIME = re.compile(
    r"(?:(am|pm) ?)?(?<![\d:+\-/])(\d\d?):(\d\d)(?::(\d\d))?(?:(?<=:\d\d)[.,]\d+)?(?![\d:])"
    r"(?: ?([apπμ])\. ?[mμ]\.?(?!\w)| ?([apπμ])[mμ]\b\.?)?"
)
_OFFSET = re.compile(r"[\s,]*(?:(?:gmt|utc?|z)? ?([+-]\d\d:?\d\d|[+-]\d:?\d\d|[+-]\d\d?)(?![\d:])|z\b)")
_ZONE_NAME = re.compile(r"[\s,]*([A-Za-z]+(?:/[A-Za-z_+\-0-9]+){1,2}|[A-Za-z]{1,4}\b)(?!\w)")
_DAY_OFFSET = re.compile(r"(?<=\d) ?(z|[+-]\d\d:\d\d)$|(?<=\d) ([+-]\d{4})$|(?<=\d) ?(?:gmt|utc)$")
_NOISE = frozenset("of at the on de del do um uhr den der kl klo le el il à a alle г p r".split())


def _tolerant(text: str, zone: tzinfo) -> datetime | None:
    """Read a date piece by piece: time, offset, then the day from all that is left."""
    lower, original = _simplified(text)
    time = _TIME.search(lower)
    if time is None:
        return _without_time(lower, zone)
    clock = _clock(time)
    if clock is None:
        return None
    offset, name, rest = _offset_after(lower[time.end() :], original[time.end() :])
    before = lower[: time.start()].rstrip(" -t,")
    day = _read_day(f"{before} {rest}".strip())
    if day is None:
        # Not every short word behind a time names a zone: "16:14 May 5 2021".
        day, name = _read_day(f"{before} {lower[time.end() :]}".strip()), ""
    if day is None:
        return None
    return _at(day, clock, zone, offset, name)


def _simplified(text: str) -> tuple[str, str]:
    """The text with one kind of digits, spaces and signs: in lower case for words, as written for names."""
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2013", "-")
    text = " ".join(_COMMENT.sub(" ", text).split())
    text = _FAR_EAST_WEEKDAY.sub(" ", text)
    text = _FAR_EAST_DAY.sub(lambda m: f"{m[1]}-{m[2]}-{m[3] or 1} ", text)
    text = _FAR_EAST_TIME.sub(lambda m: f"{m[1]}:{int(m[2] or 0):02}:{int(m[3] or 0):02} ", text)
    for marker, half in _DAY_HALF:
        text = marker.sub(half + " ", text)
    text = re.sub(r"(?<=\d)[Tt](?=\d\d?:)", " ", " ".join(text.split()))
    lower = text.lower()
    return (lower, text) if len(lower) == len(text) else (lower, lower)


def _clock(time: re.Match[str]) -> timedelta | None:
    """The time of day; 24:00 and the leap second are the next instant (RFC 3339 5.7)."""
    before, hours, minutes, seconds, dotted, plain = time.groups()
    hour, minute, second = int(hours), int(minutes), int(seconds or 0)
    half = (before or dotted or plain or "")[:1]
    if half in ("a", "π"):
        hour = hour % 12 if hour <= 12 else 99  # noqa: PLR2004 - 16:14 am is no time
    elif half and hour < 12:  # noqa: PLR2004
        hour += 12
    midnight = hour == 24 and minute == second == 0  # noqa: PLR2004
    if minute > 59 or second > 60 or (hour > 23 and not midnight):  # noqa: PLR2004
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second)
