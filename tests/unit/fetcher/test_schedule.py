"""When an upstream is asked again: wishes, hints, failures and days off, under a simulated clock."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.fetcher.schedule import (
    DAY,
    HOUR,
    LEAST,
    MOST,
    NEVER,
    WEEK,
    Hints,
    compute_next_poll,
    distribute_times,
    estimate_interval,
)

NOW = datetime(2024, 1, 3, 10, 0, tzinfo=UTC)  # a Wednesday


def _in(
    hints: Hints | None = None, *, every: float = 1800, failures: int = 0, jitter: float = 0.0
) -> tuple[float, str]:
    found = compute_next_poll(NOW, every, (), hints or Hints(), failures, jitter)
    return (found.due - NOW).total_seconds(), found.decided_by


def _entries(distance: float, count: int = 20, silent: float = 0) -> list[datetime]:
    return [NOW - timedelta(seconds=silent + distance * i) for i in range(count)]


def test_a_fixed_pace_is_kept() -> None:
    assert _in() == (1800, "every")
    assert _in(every=3 * DAY) == (3 * DAY, "every")


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        (Hints(ttl=120), (7200, "ttl")),
        (Hints(ttl=10), (1800, "every")),
        (Hints(ttl=1e300), (DAY, "ttl")),
        (Hints(ttl=float("nan"), sy=float("-inf")), (1800, "every")),
        (Hints(sy=43200, ttl=120), (43200, "sy")),
        (Hints(max_age=3600), (3600, "max-age")),
        (Hints(max_age=10**9), (DAY, "max-age")),
        (Hints(retry_after=5), (1800, "every")),
        (Hints(retry_after=7200, max_age=3600), (7200, "retry-after")),
        (Hints(retry_after=10**9), (WEEK, "retry-after")),
    ],
)
def test_hints_lengthen_up_to_a_day_and_retry_after_up_to_a_week(
    hints: Hints, expected: tuple[float, str]
) -> None:
    assert _in(hints) == expected


def test_failures_double_the_wait_up_to_a_day() -> None:
    waits = [_in(failures=n) for n in range(9)]
    assert waits[0] == (1800, "every")
    assert waits[1] == (3600, "backoff")
    assert [b[0] >= 2 * a[0] or b[0] == DAY for a, b in itertools.pairwise(waits)] == [True] * 8
    assert waits[8] == (DAY, "backoff")
    assert _in(every=3 * DAY, failures=20) == (3 * DAY, "every")


def test_what_is_gone_is_never_due() -> None:
    assert compute_next_poll(NOW, 60, (), Hints(), 0, 0.5, gone=True).due == NEVER


def test_the_rhythm_follows_the_feed() -> None:
    assert estimate_interval(NOW, ()) is None
    assert estimate_interval(NOW, _entries(14400)) == 3600
    assert estimate_interval(NOW, _entries(7200, silent=10 * DAY)) == DAY
    imported = [NOW - timedelta(seconds=i) for i in range(20)]
    assert estimate_interval(NOW, imported) == HOUR
    assert estimate_interval(NOW, [NOW + timedelta(days=3), *_entries(14400)]) == 3600
    busy = compute_next_poll(NOW, 0, _entries(120), Hints(), 0, 0)
    assert (busy.due - NOW).total_seconds() == LEAST
    dead = compute_next_poll(NOW, 0, _entries(DAY, silent=300 * DAY), Hints(), 0, 0)
    assert (dead.due - NOW).total_seconds() == MOST
    blind = compute_next_poll(NOW, 0, _entries(14400), Hints(validators=False), 0, 0)
    assert (blind.due - NOW, blind.decided_by) == (timedelta(hours=2), "no-validators")


def test_hours_and_days_off_are_kept() -> None:
    hours = Hints(skip_hours=frozenset({10, 11, 24, 99}))
    assert _in(hours) == (7200, "skip-hours")
    days = Hints(skip_days=frozenset({"Wednesday", "thursday", "Caturday"}))
    assert _in(days) == (38 * HOUR, "skip-days")
    both = compute_next_poll(
        NOW, 1800, (), Hints(skip_hours=frozenset({0}), skip_days=days.skip_days), 0, 0.5
    )
    assert both.due == datetime(2024, 1, 5, 1, 5, tzinfo=UTC)
    assert _in(Hints(skip_hours=frozenset(range(24)))) == (1800, "every")


_MOMENTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda when: when.replace(year=2000 + when.year % 30 // 4 * 4)
)
_HINTS = st.builds(
    Hints,
    ttl=st.floats(),
    sy=st.floats(),
    max_age=st.none() | st.integers(-10, 10**12),
    retry_after=st.none() | st.integers(-10, 10**12),
    skip_hours=st.frozensets(st.integers(-5, 30)),
    skip_days=st.frozensets(st.sampled_from(["Monday", "friday", "sunday", "saturday", "x", "tuesday"])),
    validators=st.booleans(),
)


@given(
    _MOMENTS,
    st.sampled_from([0, 60, 1800, 2 * DAY]),
    st.lists(_MOMENTS),
    _HINTS,
    st.integers(0, 999),
    st.data(),
)
def test_nobody_is_asked_early_or_forgotten(
    now: datetime, every: float, recent: list[datetime], hints: Hints, failures: int, data: st.DataObject
) -> None:
    jitter = data.draw(st.floats(0, 1, exclude_max=True))
    plain = compute_next_poll(now, every, recent, hints, failures, 0)
    found = compute_next_poll(now, every, recent, hints, failures, jitter)
    seconds = (found.due - now).total_seconds()
    asked = min(max(hints.retry_after or 0, 0), WEEK)
    assert seconds >= max(every or LEAST, asked, min(hints.max_age or 0, DAY)) - 1e-3
    assert seconds <= 3 * WEEK
    assert found.due.hour not in hints.skip_hours or {
        h % 24 for h in hints.skip_hours if 0 <= h <= 24
    } == set(range(24))
    assert (plain.due - now).total_seconds() <= seconds + 1e-3 or hints.skip_hours or hints.skip_days


def test_a_simulated_week_of_a_daily_feed_is_asked_a_few_times_a_day() -> None:
    now, polls = NOW, []
    hints = Hints(skip_hours=frozenset({0, 1, 2, 3, 4}))
    for _ in range(1000):
        recent = [NOW + timedelta(days=i) for i in range(-20, 30) if NOW + timedelta(days=i) <= now]
        now = compute_next_poll(now, 0, recent, hints, 0, 0.5).due
        if now > NOW + timedelta(days=7):
            break
        polls.append(now)
    assert 14 <= len(polls) <= 28, polls
    assert not {one.hour for one in polls} & hints.skip_hours


def test_a_start_is_spread_evenly_and_the_same_each_time() -> None:
    names = [f"s{i}" for i in range(100)]
    times = distribute_times(names, NOW, 600)
    assert times == distribute_times(reversed(names), NOW, 600)
    gaps = sorted(times.values())
    assert {b - a for a, b in itertools.pairwise(gaps)} == {timedelta(seconds=6)}
    assert distribute_times([], NOW, 600) == {}
