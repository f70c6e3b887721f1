"""Where the bars of a small chart stand: numbers only, drawn by a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 600, 100
_FILLED = 0.8
_LEAST = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: a rectangle in a field of :data:`WIDTH` by :data:`HEIGHT` units, y downwards."""

    day: date
    count: int
    x: float
    y: float
    width: float
    height: float


def bars(activity: Sequence[tuple[date, int]]) -> tuple[Bar, ...]:
    """A bar for each day, in the order given; the tallest fills the field, a day with anything is seen."""
    if not activity:
        return ()
    step = WIDTH / len(activity)
    most = max(1, *(count for _, count in activity))
    found = []
    for place, (day, count) in enumerate(activity):
        height = round(max(_LEAST, HEIGHT * count / most), 1) if count > 0 else 0.0
        left = round(place * step + step * (1 - _FILLED) / 2, 1)
        found.append(Bar(day, count, left, round(HEIGHT - height, 1), round(step * _FILLED, 1), height))
    return tuple(found)
