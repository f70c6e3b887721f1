"""Dates as posts and feeds write them, and the two forms in which feedd writes them.

:func:`parse_date` reads a date or refuses it: a wrong date is worse than none, because the caller has
other places to look for one. The usual form (RFC 3339 and its kin) has a fast path; then come the other forms
of ISO 8601, the Far East, and last words and numbers in the order in which people put them.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo

from feeds.values.dates.digits import eastern, iso, usual, zone_of
from feeds.values.dates.instant import FIRST_YEAR, LAST_YEAR
from feeds.values.dates.words import written

__all__ = ["FIRST_YEAR", "LAST_YEAR", "parse_date", "rfc822", "rfc3339"]

_LONGEST = 120
# A date that the standard library reads as we do: nothing of a leap second or of a day's end at 24:00.
_USUAL = re.compile(
    r"(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d:[0-5]\d ?(?:Z|[+-](?:0\d|1[0-3]):?[0-5]\d)", re.ASCII
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
    if _USUAL.fullmatch(text):
        try:
            return datetime.fromisoformat(text[:19] + text[19:].lstrip())
        except ValueError:
            pass
    return tolerant_date(text, zone)


def tolerant_date(text: str, zone: tzinfo) -> datetime | None:
    """:func:`parse_date` for dates in any form."""
    if (found := usual(text, zone)) != "none":
        return found
    if not any(c.isdigit() for c in text):
        return None
    text = unicodedata.normalize("NFKC", text)
    where = zone_of(text, zone)
    if (found := eastern(text, where)) != "none":
        return found
    if text.isascii() and text[0] in "-0123456789" and (found := iso(text, zone)) != "none":
        return found
    return written(text.lower(), where)


def rfc3339(d: datetime) -> str:
    """Write an aware instant as Atom and JSON Feed want it (RFC 3339), to the second, with its own offset."""
    return d.isoformat(timespec="seconds")


def rfc822(d: datetime) -> str:
    """Write an aware instant as RSS wants it (RFC 822): English names, four-digit year, numeric offset."""
    from email.utils import format_datetime

    return format_datetime(d)
