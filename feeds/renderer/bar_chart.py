"""Compute the rectangles of a small bar chart, which a template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 600, 100
_BAR_SHARE = 0.8
_MIN_HEIGHT = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of one day: a rectangle in a field of :data:`WIDTH` by :data:`HEIGHT` units, y downwards."""

    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


def compute_bars(activity: Sequence[tuple[date, int]]) -> tuple[Bar, ...]:
    """Return a bar for each day, in the order given; the tallest fills the field, any count is visible."""
    if not activity:
        return ()
    step = WIDTH / len(activity)
    most = max(1, *(count for _, count in activity))
    found = []
    for place, (day, count) in enumerate(activity):
        height = round(max(_MIN_HEIGHT, HEIGHT * count / most), 1) if count > 0 else 0.0
        left = round(place * step + step * (1 - _BAR_SHARE) / 2, 1)
        found.append(Bar(day, count, left, round(HEIGHT - height, 1), round(step * _BAR_SHARE, 1), height))
    return tuple(found)
