"""Compute when to poll an upstream feed again (pure): from its own rhythm or a fixed interval, and from its hints.

All times are seconds unless stated otherwise; the clock is passed in.
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
# More often is impolite, however often a feed changes.
LEAST = 10 * 60.0
"""The shortest adaptive interval."""
MOST = DAY
"""The longest adaptive interval, and the longest that hints and failures cause."""
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The due time of a feed that is not polled any more."""

# A new feed shows its rhythm only after some entries.
_UNKNOWN = HOUR
# Old entries show how a feed was written once, not how it is written now.
_RECENT = 20
_FIRST_RETRY = 5 * 60.0
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LEAST_DISTANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hints:
    """What an upstream feed states about the interval of polls; 0 and None mean that it states nothing."""

    ttl: float = 0
    """Minutes (RSS ``ttl``)."""
    sy: float = 0
    """Seconds (``sy:updatePeriod`` by ``sy:updateFrequency``)."""
    max_age: int | None = None
    """Seconds (``Cache-Control``, ``Expires``)."""
    retry_after: int | None = None
    """Seconds."""
    skip_hours: frozenset[int] = frozenset()
    """Hours of the day in GMT, 0 to 23 (24 is 0), without polls (RSS ``skipHours``)."""
    skip_days: frozenset[str] = frozenset()
    """English names of weekdays in GMT, without polls (RSS ``skipDays``)."""
    validators: bool = True
    """Whether it can answer 304; a feed without validators is polled less often."""


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When to poll next, and the rule that decided it."""

    due: datetime
    decided_by: str
    """``every``, ``rhythm``, ``no-validators``, ``ttl``, ``sy``, ``max-age``, ``backoff``,
    ``retry-after``, ``skip-hours``, ``skip-days`` or ``gone``."""


def compute_next_poll(
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
) -> NextPoll:
    """Compute when to poll again after a poll at ``now``.

    Args:
        now: When the poll ended, aware.
        every: The configured interval; 0 for an adaptive interval.
        recent: Dates of the feed's latest entries, in any order.
        hints: What the upstream feed states itself.
        failures: Failed polls in a row; each doubles the wait.
        jitter: A random number from 0 up to 1, different for each feed, so that polls spread.
            It only lengthens the interval.
        gone: Whether the feed is gone permanently.
        least: Lower limit of the adaptive interval.
        most: Upper limit of the adaptive interval.
    """
    if gone:
        return NextPoll(NEVER, "gone")
    wish, decided = _choose_interval(now, every, recent, hints, least, most)
    for seconds, name in ((hints.ttl * 60, "ttl"), (hints.sy, "sy"), (hints.max_age or 0, "max-age")):
        # Hints only lengthen the interval: a feed cannot demand more polls than its rhythm needs.
        if min(seconds, MOST) > wish:
            wish, decided = min(seconds, MOST), name
    if failures > 0:
        backoff = compute_backoff(wish, failures)
        if backoff > wish:
            wish, decided = backoff, "backoff"
        # Failed feeds often share a cause; a wide jitter keeps them from retrying together.
        wish *= 1 + jitter / 4
    else:
        # Feeds with the same interval would otherwise be polled in the same second forever.
        wish += jitter * min(60.0, wish / 20)
    # After the backoff, because a time that the server states is better than a guess.
    stated = min(hints.retry_after or 0, WEEK)
    if stated > wish:
        wish, decided = stated + jitter * min(60.0, stated / 10), "retry-after"
    return _move_out_of_skipped(NextPoll(now + timedelta(seconds=wish), decided), hints, jitter)


def compute_backoff(wish: float, failures: int) -> float:
    """Compute the interval after failures in a row: each doubles it, up to a day (or ``wish``, if that is longer)."""
    # A daily feed is tried again within the hour, because most failures are short.
    first = max(min(wish, HOUR), _FIRST_RETRY)
    # The exponent is bounded, because a feed may fail for years.
    return max(wish, min(first * 2.0 ** min(failures, 16), MOST))


def distribute_times(names: Iterable[str], now: datetime, over: float) -> dict[str, datetime]:
    """Assign each name a time within ``over`` seconds from ``now``, so that a start causes no burst.

    The order depends on the names alone, so sources of one host are not neighbours.
    """

    def compute_position(name: str) -> bytes:
        return hashlib.blake2b(name.encode(), digest_size=8).digest()

    ordered = sorted(set(names), key=lambda name: (compute_position(name), name))
    step = over / max(len(ordered), 1)
    return {name: now + timedelta(seconds=step * i) for i, name in enumerate(ordered)}


def estimate_interval(now: datetime, recent: Sequence[datetime]) -> float | None:
    """Estimate the interval in seconds that suits a feed with these entries; None if they show nothing.

    It is a quarter of the usual distance of its entries, and grows the longer the feed is silent. Dates in
    the future and entries that came together (an import) do not count.
    """
    # A set, because several entries may have the same date.
    past = sorted({when for when in recent if when <= now}, reverse=True)[:_RECENT]
    distances = [(a - b) for a, b in pairwise(past)]
    usual = [distance.total_seconds() for distance in distances if distance >= _LEAST_DISTANCE]
    if not past:
        return None
    silent = (now - past[0]).total_seconds()
    # One date shows no rhythm, only how long the feed has been silent.
    if not usual:
        return max(_UNKNOWN, silent / 10)
    return max(_compute_median(usual) / 4, silent / 10)


def _compute_median(values: Sequence[float]) -> float:
    """Compute the median, without the modules that the standard library's loads."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[~half]) / 2


def _choose_interval(
    now: datetime, every: float, recent: Sequence[datetime], hints: Hints, least: float, most: float
) -> tuple[float, str]:
    # An interval that the operator has set counts more than an estimate.
    if every > 0:
        return every, "every"
    wish, decided = min(max(estimate_interval(now, recent) or _UNKNOWN, least), most), "rhythm"
    # Without validators each poll transfers the whole document.
    rarer = min(2 * wish, most)
    if not hints.validators and rarer > wish:
        return rarer, "no-validators"
    return wish, decided


def _move_out_of_skipped(found: NextPoll, hints: Hints, jitter: float) -> NextPoll:
    """Move a poll out of the hours and days in which the upstream feed does not want it.

    Hints that leave no hour of the week are ignored.
    """
    hours = {hour % 24 for hour in hints.skip_hours if 0 <= hour <= 24}
    days = {day.strip().lower() for day in hints.skip_days} & set(_DAYS)
    # A feed that skips everything has made a mistake; it would never be polled again.
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
            return NextPoll(due, decided)
        # Steps of one hour end after at most a week, because some hour of it is free.
        hour = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        due = hour + timedelta(seconds=jitter * 600)
