"""The rectangles of a bar chart."""

from __future__ import annotations

from datetime import date

from feeds.renderer.bar_chart import HEIGHT, WIDTH, Bar, compute_bars


def test_no_days_make_no_bars() -> None:
    assert compute_bars([]) == ()


def test_the_tallest_bar_fills_the_field_and_bars_share_its_width() -> None:
    first, second = compute_bars([(date(2024, 1, 1), 5), (date(2024, 1, 2), 10)])
    assert first == Bar(date(2024, 1, 1), 5, 30.0, 50.0, 240.0, 50.0)
    assert second == Bar(date(2024, 1, 2), 10, 330.0, 0.0, 240.0, HEIGHT)
    assert second.x + second.width <= WIDTH


def test_any_count_is_visible_and_none_is_not() -> None:
    none, one, most = compute_bars([(date(2024, 1, n), count) for n, count in ((1, 0), (2, 1), (3, 10_000))])
    assert (none.height, none.y) == (0.0, HEIGHT)
    assert (one.height, one.y) == (1.5, 98.5)
    assert most.height == HEIGHT
    assert compute_bars([(date(2024, 1, 1), 0)])[0].height == 0.0
