"""``python -m benchmarks.day``: a day of 1,000 upstreams at high speed, drawn into ``docs/images/long-run.svg``.

``--speed N``, ``--upstreams N``: other than 240 times as fast as the clock, or other than 1,000.
"""

from __future__ import annotations

import argparse
import json
import signal
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.measuring import HERE, keep
from tests.conftest import Project
from tests.rigs.long_run import Day, LongRun, Sample

_PLOT = HERE.parent / "docs" / "images" / "long-run.svg"
DAY = [
    (6, signal.SIGTERM),
    (5, signal.SIGKILL),
    (1, signal.SIGTERM),
    (7, signal.SIGKILL),
    (5, signal.SIGTERM),
]
"""Hours of each start of the daemon, and the signal that ends it."""
_PANELS: list[tuple[str, str, Callable[[Sample], float]]] = [
    ("memory of the daemon, MB", "#1f6f54", lambda one: one.memory_mb),
    ("open descriptors", "#2b5fa8", lambda one: one.descriptors),
    ("store, MB", "#8a4fa3", lambda one: one.store_mb),
    ("its write-ahead log, MB", "#8a4fa3", lambda one: one.log_mb),
    ("posts", "#7aa33d", lambda one: one.posts),
    ("longest read of the store by another program, ms", "#2b5fa8", lambda one: one.read),
    ("saved file to feed on disk, ms", "#b5542b", lambda one: one.published),
    ("saved file to the last of five subscribers, ms", "#d79a3c", lambda one: one.pushed),
    ("a request for a feed, ms", "#1f6f54", lambda one: one.served),
]
_WIDTH, _HEIGHT = 380, 150
_LEFT, _TOP, _PLOT_WIDTH, _PLOT_HEIGHT = 48, 26, 316, 94


def draw(day: Day) -> str:
    """A panel for each of what is looked at, over the hours; a thin line where the daemon was stopped or killed."""
    rows = (len(_PANELS) + 1) // 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {rows * _HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{2 * _WIDTH}" height="{rows * _HEIGHT}" fill="#fff"/>',
    ]
    for number, (title, colour, value) in enumerate(_PANELS):
        parts.append(f'<g transform="translate({number % 2 * _WIDTH} {number // 2 * _HEIGHT})">')
        parts += _panel(title, colour, [(one.hour, value(one)) for one in day.samples], day.restarts)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(title: str, colour: str, points: list[tuple[float, float]], restarts: list[float]) -> list[str]:
    hours = max(hour for hour, _ in points)
    top = _round_up(max(value for _, value in points))
    bottom = _TOP + _PLOT_HEIGHT

    def place(hour: float, value: float) -> str:
        return f"{_LEFT + hour / hours * _PLOT_WIDTH:.1f},{bottom - value / top * _PLOT_HEIGHT:.1f}"

    parts = [f'<text x="{_LEFT}" y="16">{title}</text>']
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * _PLOT_HEIGHT
        parts.append(f'<path d="M{_LEFT} {y:.0f}H{_LEFT + _PLOT_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{top * share:g}</text>')
    for hour in restarts[:-1]:
        x = _LEFT + hour / hours * _PLOT_WIDTH
        parts.append(f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="#bbb" stroke-dasharray="2 2"/>')
    line = " ".join(place(*point) for point in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    parts += [
        f'<text x="{_LEFT + hour / hours * _PLOT_WIDTH:.0f}" y="{bottom + 16}" text-anchor="middle">{hour} h</text>'
        for hour in range(0, int(hours) + 1, 6)
    ]
    return parts


def _round_up(value: float) -> float:
    """The next number with which an axis may end."""
    size = 1.0
    while True:
        for step in (1, 2, 4, 5):
            if value <= step * size:
                return step * size
        size *= 10


def figures(day: Day) -> dict[str, object]:
    """What a reader of the plot wants as numbers: the second eighth of the day beside the last one, and the worst."""

    def mean(name: str, samples: list[Sample]) -> float:
        return round(sum(getattr(one, name) for one in samples) / len(samples), 1)

    some = max(1, len(day.samples) // 8)
    early, late = day.samples[some : 2 * some], day.samples[-some:]
    names = [name for name in asdict(day.samples[0]) if name != "hour"]
    beside = {name: [mean(name, early), mean(name, late), mean(name, day.samples)] for name in names}
    worst = {name: round(max(getattr(one, name) for one in day.samples), 1) for name in names}
    return {
        "early, late, mean": beside,
        "worst": worst,
        "polls": day.polls,
        "reads": day.reads,
        "commands": day.commands,
        "wrong": day.wrong,
    }


def main() -> None:
    """Live through a day, keep its figures and draw it."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.day", description=__doc__)
    options.add_argument("--speed", type=float, default=240)
    options.add_argument("--upstreams", type=int, default=1000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="feedd-day-") as folder:
        day = LongRun(Project(Path(folder)), chosen.upstreams, chosen.speed).run(DAY, 0.25)
    found = figures(day)
    keep({"job": "a day", "upstreams": chosen.upstreams, "speed": chosen.speed, **found})
    print(json.dumps(found, indent=1))
    _PLOT.write_text(draw(day), "utf-8")
    print(f"wrote {_PLOT}")


if __name__ == "__main__":
    main()
