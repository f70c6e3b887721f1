"""The newest figures beside each other: cost over size, and ratios to the peers measured here.

``python -m benchmarks.table`` also puts them into ``docs/explanation/performance.md`` and draws ``docs/images/cost.svg``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from benchmarks.measuring import HERE, RESULTS

_PLOT = HERE.parent / "docs" / "images" / "cost.svg"
_PAGE = HERE.parent / "docs" / "explanation" / "performance.md"
_BEGIN, _END = "<!-- figures: python -m benchmarks.table -->", "<!-- /figures -->"
_LINES = {
    ("feedd", "full: Atom"): "#1f6f54",
    ("feedd", "full: Atom with its history"): "#7aa33d",
    ("feedd", "unchanged"): "#2b5fa8",
    ("feedd", "one new post"): "#8a4fa3",
    ("hugo", "full: RSS"): "#b5542b",
    ("hugo", "one new post"): "#d79a3c",
}
_PEERS = {
    "full: Atom": ("hugo", "full: RSS"),
    "full: Atom, Markdown (commonmark)": ("hugo", "full: RSS, Markdown"),
    "unchanged": ("hugo", "unchanged"),
    "one new post": ("hugo", "one new post"),
    "polling: nothing new": ("reader", "polling: nothing new"),
    "polling: one new entry": ("reader", "polling: one new entry"),
}
_WIDTH, _HEIGHT, _LEFT, _TOP = 760, 460, 60, 20
_RIGHT, _BOTTOM = 520, 410
_SIZES = (10_000, 30_000, 100_000, 300_000)
_COSTS = (0.1, 1.0, 10.0, 100.0, 1000.0)

Rows = dict[tuple[str, str], dict[int, dict[str, Any]]]


def newest() -> Rows:
    """The newest row of each program, job and size."""
    found: Rows = {}
    lines = RESULTS.read_text("utf-8").splitlines() if RESULTS.exists() else []
    for row in map(json.loads, lines):
        if "cpu" in row and isinstance(row["cpu"], (int, float)):
            size = row.get("posts") or row.get("upstreams") or 0
            found.setdefault((row.get("program", "feedd"), row["job"]), {})[size] = row
    return found


def show() -> None:
    """Print CPU seconds over sizes and how many times as much a peer needs."""
    rows = newest()
    for (program, job), sizes in rows.items():
        costs = "  ".join(f"{size}: {row['cpu']:g}" for size, row in sorted(sizes.items()))
        print(f"{program:8} {job:32} CPU s  {costs}")
    for job, peer in _PEERS.items():
        for size, row in rows.get(("feedd", job), {}).items():
            other = rows.get(peer, {}).get(size)
            if other:
                print(
                    f"{peer[0]} needs {other['cpu'] / row['cpu']:.1f} times the CPU and {other['peak_mb'] / row['peak_mb']:.1f} "
                    f"times the memory of feedd for {job} at {size}"
                )


def page(text: str, rows: Rows) -> str:
    """The page with a table of the newest figures between its marks."""
    lines = ["", "| program | job | size | CPU s | wall s | peak MB |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {program} | {job} | {size or ''} | {row['cpu']:g} | {row['wall']:g} | {row.get('peak_mb', '')} |"
        for (program, job), sizes in rows.items()
        for size, row in sorted(sizes.items())
    ]
    every = [row for sizes in rows.values() for row in sizes.values()]
    if every:
        machine = every[-1]["machine"]
        loads = [row["load"] for row in every]
        about = f"{machine['cpu']}, {machine['processors']} processors, {machine['memory_gb']} GB, Python {machine['python']}"
        lines += ["", f"{about}; feedd {every[-1]['version']}; load {min(loads):g} to {max(loads):g}.", ""]
    before, _, rest = text.partition(_BEGIN)
    return before + _BEGIN + "\n" + "\n".join(lines) + "\n" + _END + rest.partition(_END)[2]


def draw(rows: Mapping[tuple[str, str], Mapping[int, Mapping[str, Any]]]) -> str:
    """CPU seconds over posts, both on logarithmic axes: what grows with the posts is a line of slope one."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for cost in _COSTS:
        parts.append(f'<path d="M{_LEFT} {_y(cost):.0f}H{_RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{_y(cost) + 4:.0f}" text-anchor="end">{cost:g} s</text>')
    parts += [
        f'<text x="{_x(size):.0f}" y="{_BOTTOM + 20}" text-anchor="middle">{size // 1000}k</text>'
        for size in _SIZES
    ]
    labels: list[tuple[float, str, str]] = []
    for line, colour in _LINES.items():
        points = sorted((size, row["cpu"]) for size, row in rows.get(line, {}).items() if size >= 1000)
        if not points:
            continue
        way = " ".join(f"{_x(size):.1f},{_y(cost):.1f}" for size, cost in points)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{_x(size):.1f}" cy="{_y(cost):.1f}" r="3" fill="{colour}"/>'
            for size, cost in points
        ]
        labels.append((_y(points[-1][1]), " ".join(line), colour))
    return "\n".join([*parts, *_labels(labels), "</svg>", ""])


def _labels(labels: list[tuple[float, str, str]]) -> list[str]:
    """The names of the lines, none upon another."""
    found, last = [], -math.inf
    for y, text, colour in sorted(labels):
        last = max(y, last + 16)
        found.append(f'<text x="{_RIGHT + 8}" y="{last + 4:.0f}" fill="{colour}">{text}</text>')
    return found


def _x(size: float) -> float:
    first, last = math.log(_SIZES[0]), math.log(_SIZES[-1])
    return _LEFT + 20 + (math.log(size) - first) / (last - first) * (_RIGHT - _LEFT - 40)


def _y(cost: float) -> float:
    first, last = math.log(_COSTS[0]), math.log(_COSTS[-1])
    return _BOTTOM - (math.log(max(cost, 0.05)) - first) / (last - first) * (_BOTTOM - _TOP)


if __name__ == "__main__":
    show()
    _PLOT.write_text(draw(newest()), "utf-8")
    _PAGE.write_text(page(_PAGE.read_text("utf-8"), newest()), "utf-8")
    print(f"wrote {_PLOT} and {_PAGE}")
