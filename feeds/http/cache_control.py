"""Parse the caching headers of a response that decide when to poll again (pure)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MAX_AGE = re.compile(r"""(?:^|[,\s])max-age\s*=\s*"?(\d{1,18})""", re.IGNORECASE)
# Bounds numbers that a later sum of times could not represent.
_FOREVER = 10 * 365 * 86400
_WEEK = 7 * 86400


def compute_max_age(cache_control: str, expires: str, date: str, now: datetime) -> int | None:
    """Return the seconds for which a response is fresh (RFC 9111, section 4.2.1); None if it states nothing.

    ``max-age`` takes precedence over ``Expires``, which is compared with the sender's own ``Date``.
    ``no-cache`` and ``no-store`` have no effect on polling.
    """
    found = _MAX_AGE.search(cache_control)
    if found:
        # RFC 9111, 5.3: `Expires` is ignored where `max-age` is given.
        return min(int(found[1]), _FOREVER)
    # Clocks differ, so Expires is compared with the Date of the same server.
    until = parse_http_date(expires)
    if until is None:
        return None
    seconds = (until - (parse_http_date(date) or now)).total_seconds()
    return min(int(seconds), _FOREVER) if seconds > 0 else None


def parse_retry_after(value: str, now: datetime) -> int | None:
    """Parse ``Retry-After``, a number or a date (RFC 9110, section 10.2.3), into seconds, at most a week.

    None for any other value, a negative number or a past date.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Python refuses to convert very long digits, and any such number means the limit anyway.
        seconds = int(text[:18])
    else:
        until = parse_http_date(text)
        if until is None:
            return None
        # Rounded up: a second too late is polite, a second too early is not.
        seconds = int((until - now).total_seconds()) + 1
    # A mistake of a server must not silence a feed for years.
    return min(seconds, _WEEK) if seconds > 0 else None


def parse_http_date(text: str) -> datetime | None:
    """Parse a date in one of HTTP's forms (RFC 9110, section 5.6.7), aware; None for anything else."""
    # The parser of the standard library is lenient and slow; most values fail here.
    if not 10 < len(text) < 60:
        return None
    # email.utils takes long to import, and most responses have no date to parse.
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
