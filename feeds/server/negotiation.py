"""HTTP rules that need neither file nor socket (RFC 9110, RFC 3229): pure functions over header fields.

Fields are bytes as received, repeated fields joined with commas (RFC 9110, 5.2).
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

Headers = Mapping[bytes, bytes]

# Brotli first, because it usually makes text smallest.
CODINGS = ("br", "zstd", "gzip")
"""Content codings that can be made, the preferred coding first; ``""`` means no coding."""

_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_WEIGHT = re.compile(rb"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Eighteen digits fit into 64 bits; longer numbers cannot be offsets in a real document.
_RANGE = re.compile(rb"(\d{0,18})-(\d{0,18})")
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_CLOCK = rb"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)"
# RFC 9110, 5.6.7: a recipient has to accept the two obsolete forms as well.
_DATES = (
    re.compile(rb"[A-Z][a-z]{2}, (?P<d>\d\d) (?P<mon>[A-Z][a-z]{2}) (?P<y>\d{4}) " + _CLOCK + rb" GMT"),
    re.compile(rb"[A-Z][a-z]{5,8}, (?P<d>\d\d)-(?P<mon>[A-Z][a-z]{2})-(?P<y>\d\d) " + _CLOCK + rb" GMT"),
    re.compile(rb"[A-Z][a-z]{2} (?P<mon>[A-Z][a-z]{2}) (?P<d>[ \d]\d) " + _CLOCK + rb" (?P<y>\d{4})"),
)
_CACHED_LENGTH = 256


class Range(NamedTuple):
    """Bytes ``start`` up to, not with, ``stop``."""

    start: int
    stop: int


def format_http_date(second: int) -> bytes:
    """Format seconds since 1970 as IMF-fixdate (RFC 9110, 5.6.7), whatever the locale."""
    t = time.gmtime(second)
    # `strftime` would use the names of days and months of the locale.
    return b"%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        _DAYS[t.tm_wday],
        t.tm_mday,
        _MONTHS[t.tm_mon - 1],
        t.tm_year,
        t.tm_hour,
        t.tm_min,
        t.tm_sec,
    )


def read_date(text: bytes) -> int | None:
    """Parse a date in any of the three forms (RFC 9110, 5.6.7) to seconds since 1970; None if invalid."""
    text = text.strip()
    found = next((match for form in _DATES if (match := form.fullmatch(text))), None)
    if found is None or found["mon"] not in _MONTHS:
        return None
    year, month, day = int(found["y"]), _MONTHS.index(found["mon"]) + 1, int(found["d"])
    if len(found["y"]) == 2:
        # More than 50 years ahead means the century before (RFC 9110, 5.6.7).
        now = time.gmtime().tm_year
        year += now - now % 100
        year -= 100 if year > now + 50 else 0
    hour, minute, second = int(found["h"]), int(found["m"]), int(found["s"])
    if not (1 <= day <= 31 and hour < 24 and minute < 60 and second <= 60 and year >= 1900):
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def parse_tags(field: bytes) -> list[bytes]:
    """Return the opaque tags of a list of entity tags, with quotes, weak or strong."""
    return [tag for _, tag in _TAG.findall(field)]


def matches_weakly(field: bytes, etag: bytes) -> bool:
    """Return whether ``If-None-Match`` matches: weak comparison, ``*`` is any (RFC 9110, 13.1.2)."""
    # The first comparison answers the usual client, which sends back exactly the tag it got.
    return field == etag or field.strip() == b"*" or etag in parse_tags(field)


def matches_strongly(field: bytes, etag: bytes) -> bool:
    """Return whether ``If-Match`` matches a strong tag; weak tags never do (RFC 9110, 13.1.1)."""
    return field.strip() == b"*" or any(not weak and tag == etag for weak, tag in _TAG.findall(field))


def evaluate_preconditions(headers: Headers, etag: bytes, modified: int) -> Literal[200, 304, 412]:
    """Evaluate the conditions of a GET or HEAD, in the order of RFC 9110, 13.2.2; return the status.

    ``If-None-Match`` overrides ``If-Modified-Since``, ``If-Match`` overrides ``If-Unmodified-Since``. A date
    that cannot be parsed is ignored.
    """
    # Checked first, as RFC 9110, 13.2.2 orders: a failed `If-Match` ends the evaluation.
    wanted = headers.get(b"if-match")
    if wanted is not None:
        if not matches_strongly(wanted, etag):
            return 412
    elif (before := _read_date_field(headers, b"if-unmodified-since")) is not None and modified > before:
        return 412
    known = headers.get(b"if-none-match")
    # RFC 9110, 13.1.3: a tag is more precise than a date, so the date is ignored.
    if known is not None:
        return 304 if matches_weakly(known, etag) else 200
    since = _read_date_field(headers, b"if-modified-since")
    return 304 if since is not None and modified <= since else 200


def _read_date_field(headers: Headers, name: bytes) -> int | None:
    field = headers.get(name)
    return read_date(field) if field is not None else None


def select_range(
    headers: Headers, etag: bytes, modified: int, now: int, size: int
) -> Range | Literal[416] | None:
    """Return the range to send, None for the whole, 416 if it is outside (RFC 9110, 14.2).

    Several ranges, an unknown unit and a malformed field are answered with the whole. So is an ``If-Range``
    that does not match strongly (13.1.5), or a date of this very second, which is weak.
    """
    field = headers.get(b"range")
    if field is None or not _is_range_wanted(headers.get(b"if-range"), etag, modified, now):
        return None
    # RFC 9110, 14.2: a server may ignore a range, and several ranges in one response are rarely worth it.
    unit, _, specification = field.partition(b"=")
    found = _RANGE.fullmatch(specification.strip())
    if unit.strip().lower() != b"bytes" or not found or found[0] == b"-":
        return None
    first, last = found[1], found[2]
    if not first:
        length = min(int(last), size)
        return Range(size - length, size) if length else 416
    # RFC 9110, 14.1.1: such a range is invalid and ignored, not refused.
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return 416
    return Range(int(first), min(int(last) + 1, size) if last else size)


def _is_range_wanted(condition: bytes | None, etag: bytes, modified: int, now: int) -> bool:
    if condition is None:
        return True
    condition = condition.strip()
    if condition.endswith(b'"'):
        return condition == etag
    # A second has room for two versions, so a date of this second is a weak validator (RFC 9110, 8.8.2.2).
    return read_date(condition) == modified < now


def list_acceptable_codings(field: bytes | None) -> tuple[str, ...]:
    """Return the codings that may be sent, the preferred first.

    ``""`` means no coding; an empty tuple means that every coding is refused. The client's weights come
    first, then our order (RFC 9110, 12.5.3). Without a field every coding is allowed, but the client may
    not be able to decode it, so none is used.
    """
    if not field:
        return ("",)
    # Clients choose the field, and long random values would fill the cache.
    if len(field) > _CACHED_LENGTH:
        return _parse_acceptable.__wrapped__(field)
    return _parse_acceptable(field)


@lru_cache(maxsize=1024)
def _parse_acceptable(field: bytes) -> tuple[str, ...]:
    weights = parse_weights(field)
    # RFC 9110, 8.4.1.3: an old name of gzip that recipients should accept.
    if "x-gzip" in weights:
        weights.setdefault("gzip", weights["x-gzip"])
    rest = weights.get("*")
    chosen: list[tuple[float, str]] = []
    for coding in CODINGS:
        weight = weights.get(coding, rest or 0)
        if weight:
            chosen.append((weight, coding))
    # Unnamed, the identity is acceptable and the last choice, unless "*;q=0" excludes it.
    weight = weights.get("identity", 0 if rest == 0 else 0.0001)
    if weight:
        chosen.append((weight, ""))
    # The sort is stable, so equal weights keep the order of `CODINGS`.
    chosen.sort(key=lambda pair: -pair[0])
    return tuple(coding for _, coding in chosen)


def parse_weights(field: bytes) -> dict[str, float]:
    """Parse members of a list with weights (``gzip;q=0.5, *``), in lower case; skip malformed members."""
    found: dict[str, float] = {}
    for member in field.split(b","):
        name, *parameters = (part.strip() for part in member.split(b";"))
        weight = 1.0
        for parameter in parameters:
            key, _, value = parameter.partition(b"=")
            if key.strip().lower() == b"q":
                # A malformed weight drops its member: guessing could choose a coding that the client refuses.
                weight = float(value) if _WEIGHT.fullmatch(value.strip()) else -1
        if weight >= 0 and _TOKEN.fullmatch(name):
            found[name.decode("ascii").lower()] = weight
    return found


def wants_delta(headers: Headers) -> bool:
    """Return whether ``A-IM: feed`` requests only the newer entries (RFC 3229, 10.5.3)."""
    field = headers.get(b"a-im")
    return field is not None and parse_weights(field).get("feed", 0) > 0
