"""Parse dates as posts and feeds write them, and format dates as feedd writes them.

:func:`parse_date` parses a date or refuses it. A wrong date is worse than none, because the caller has
other sources for a date. RFC 3339 and similar forms have a fast path. After it come the other forms of
ISO 8601, East Asian forms, and last dates in words and numbers.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo

from feeds.values.dates.digits import choose_zone, parse_east_asian, parse_iso, parse_usual
from feeds.values.dates.forms import simplify_date
from feeds.values.dates.instant import FIRST_YEAR, LAST_YEAR
from feeds.values.dates.words import parse_words

__all__ = ["FIRST_YEAR", "LAST_YEAR", "parse_date", "rfc822", "rfc3339"]

_LONGEST = 120
# Dates that the standard library parses by the same rules: no leap second, no end of a day at 24:00.
_USUAL = re.compile(
    r"(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d:[0-5]\d ?(?:Z|[+-](?:0\d|1[0-3]):?[0-5]\d)", re.ASCII
)


def parse_date(text: str, zone: tzinfo) -> datetime | None:
    """Parse a date in the forms that posts and feeds use.

    ``1/2/2006`` is the second of January, ``1.2.2006`` and ``1-2-2006`` are the first of February.
    Two-digit years up to 49 are of this century (RFC 2822, 4.3). Zone names are those of RFC 822 and other
    common names. A name that ``zone`` itself uses at that time (CST in China) means ``zone``.

    Args:
        text: The date as written.
        zone: Zone of a date without an offset (``site.timezone``); a date in Korean is in Korea's time.

    Returns:
        An aware instant with the written offset, or that of ``zone``. A day without a time is its
        midnight. ``None`` for text that is not a date, for an impossible date (30 February), and for
        years outside 1900 to 9999.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    if _USUAL.fullmatch(text):
        try:
            return datetime.fromisoformat(text[:19] + text[19:].lstrip())
        except ValueError:
            pass
    return parse_unusual_date(text, zone)


def parse_unusual_date(text: str, zone: tzinfo) -> datetime | None:
    """Do what :func:`parse_date` does, for dates in any form (without the fast path)."""
    if (found := parse_usual(text, zone)) != "none":
        return found
    if not any(c.isnumeric() for c in text):
        return None
    text, zone = simplify_date(unicodedata.normalize("NFKC", text), zone)
    if (found := parse_usual(text, zone)) != "none":
        return found
    where = choose_zone(text, zone)
    if (found := parse_east_asian(text, where)) != "none":
        return found
    if text.isascii() and text[0] in "-0123456789" and (found := parse_iso(text, zone)) != "none":
        return found
    return parse_words(text.lower(), where)


def format_rfc3339(d: datetime) -> str:
    """Format an aware instant for Atom and JSON Feed (RFC 3339), to the second, with its own offset."""
    return d.isoformat(timespec="seconds")


def format_rfc822(d: datetime) -> str:
    """Format an aware instant for RSS (RFC 822): English names, four-digit year, numeric offset."""
    from email.utils import format_datetime

    return format_datetime(d)
