"""When to ask an upstream again (pure): its own rhythm or a fixed one, and what it asks for itself.

All times are seconds unless they say otherwise; the clock is passed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
LEAST = 10 * 60.0
"""The shortest adaptive interval."""
MOST = DAY
"""The longest adaptive interval, and the longest that hints and failures lead to."""
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When something is due that is not asked any more."""

_UNKNOWN = HOUR
_RECENT = 20
_FIRST_RETRY = 5 * 60.0
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DISTINCT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hints:
    """What an upstream says about how often to ask; 0 and None for what it does not say."""

    ttl: float = 0
    """Minutes (RSS ``ttl``)."""
    sy: float = 0
    """Seconds (``sy:updatePeriod`` by ``sy:updateFrequency``)."""
    max_age: int | None = None
    """Seconds (``Cache-Control``, ``Expires``)."""
    retry_after: int | None = None
    """Seconds."""
    skip_hours: frozenset[int] = frozenset()
    """Hours of the day in GMT, 0 to 23 (24 is 0), in which not to ask (RSS ``skipHours``)."""
    skip_days: frozenset[str] = frozenset()
    """English names of weekdays, in GMT (RSS ``skipDays``)."""
    validators: bool = True
    """Whether it can say "not changed"; one that cannot is asked more rarely."""


@dataclass(frozen=True, slots=True)
class Next:
    """When to ask next, and which rule had the last word."""

    due: datetime
    decided_by: str
    """``every``, ``rhythm``, ``no-validators``, ``ttl``, ``sy``, ``max-age``, ``backoff``,
    ``retry-after``, ``skip-hours``, ``skip-days`` or ``gone``."""


def next_poll(
    now: datetime,
    every: float,
    recent: Sequence[datetime],
    hints: Hints,
    failures: int,
    jitter: float,
    *,
    gone: bool = False,
    least: float = LEAST,
    most: float = MOST,
) -> Next:
    """When to ask again after a poll at ``now``.

    Args:
        now: When the poll ended, aware.
        every: The configured interval; 0 for an adaptive one.
        recent: Dates of the feed's latest entries, in any order.
        hints: What the upstream says itself.
        failures: Failed polls in a row; each doubles the wait.
        jitter: A random number from 0 up to 1: the same for nobody, so that many upstreams spread.
            It only ever lengthens.
        gone: Whether it is gone for good.
        least: Lower limit of the adaptive interval.
        most: Upper limit of the adaptive interval.
    """
    if gone:
        return Next(NEVER, "gone")
    wish, decided = _wish(now, every, recent, hints, least, most)
    for seconds, name in ((hints.ttl * 60, "ttl"), (hints.sy, "sy"), (hints.max_age or 0, "max-age")):
        if min(seconds, MOST) > wish:
            wish, decided = min(seconds, MOST), name
    if failures > 0:
        backoff = backed_off(wish, failures)
        if backoff > wish:
            wish, decided = backoff, "backoff"
        wish *= 1 + jitter / 4
    else:
        wish += jitter * min(60.0, wish / 20)
    asked = min(hints.retry_after or 0, WEEK)
    if asked > wish:
        wish, decided = asked + jitter * min(60.0, asked / 10), "retry-after"
    return _skipped(Next(now + timedelta(seconds=wish), decided), hints, jitter)


def backed_off(wish: float, failures: int) -> float:
    """The interval after failures in a row: doubled by each, up to a day (or ``wish``, if that is longer)."""
    first = max(min(wish, HOUR), _FIRST_RETRY)
    return max(wish, min(first * 2.0 ** min(failures, 16), MOST))


def spread(names: Iterable[str], now: datetime, over: float) -> dict[str, datetime]:
    """A time for each name within ``over`` seconds from ``now``: no burst after a start.

    The order depends on the names alone, so sources of one host do not come together.
    """

    def place(name: str) -> bytes:
        return hashlib.blake2b(name.encode(), digest_size=8).digest()

    ordered = sorted(set(names), key=lambda name: (place(name), name))
    step = over / max(len(ordered), 1)
    return {name: now + timedelta(seconds=step * i) for i, name in enumerate(ordered)}


def rhythm(now: datetime, recent: Sequence[datetime]) -> float | None:
    """Seconds between two looks that suit a feed with these entries; None if they say nothing.

    A quarter of the usual distance of its entries, and the more the longer it has been silent. Dates in the
    future and entries that came together (an import) do not count.
    """
    past = sorted({when for when in recent if when <= now}, reverse=True)[:_RECENT]
    distances = [(a - b) for a, b in pairwise(past)]
    usual = [one.total_seconds() for one in distances if one >= _DISTINCT]
    if not past:
        return None
    silent = (now - past[0]).total_seconds()
    if not usual:
        return max(_UNKNOWN, silent / 10)
    return max(_middle(usual) / 4, silent / 10)


def _middle(values: Sequence[float]) -> float:
    """The median, without the modules that the standard library's loads."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[~half]) / 2


def _wish(
    now: datetime, every: float, recent: Sequence[datetime], hints: Hints, least: float, most: float
) -> tuple[float, str]:
    if every > 0:
        return every, "every"
    wish, decided = min(max(rhythm(now, recent) or _UNKNOWN, least), most), "rhythm"
    rarer = min(2 * wish, most)
    if not hints.validators and rarer > wish:
        return rarer, "no-validators"
    return wish, decided


def _skipped(found: Next, hints: Hints, jitter: float) -> Next:
    """Moved out of the hours and days in which the upstream does not want to be asked.

    Hints that leave no hour of the week are no hints.
    """
    hours = {hour % 24 for hour in hints.skip_hours if 0 <= hour <= 24}
    days = {day.strip().lower() for day in hints.skip_days} & set(_DAYS)
    if not (hours or days) or len(hours) == 24 or len(days) == 7:
        return found
    due, decided = found.due, found.decided_by
    while True:
        local = due.astimezone(UTC)
        if _DAYS[local.weekday()] in days:
            decided = "skip-days"
        elif local.hour in hours:
            decided = "skip-hours"
        else:
            return Next(due, decided)
        hour = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        due = hour + timedelta(seconds=jitter * 600)
