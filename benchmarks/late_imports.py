"""``make imports``: every import inside a function, with what it costs; ``docs/reference/late-imports.md`` is this list.

Only imports that are new on the page are measured; delete the page to measure all of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.house_code import Module
from benchmarks.house_figures import House
from benchmarks.house_imports import Cost, LateImport, find_late_imports, measure_imports

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "late-imports.md"
_HEAD = """# Imports inside functions

A module that few runs need is imported inside the function that needs it. This page lists all of them, the slowest
first: `make imports` writes it, and a test compares it with the code. The cost is that of a program that has loaded its command line and
nothing else: milliseconds of the processor, and modules that were not loaded before. Figures are of the day when the page was
made; ratios count.

| import | ms | modules | in |
|---|--:|--:|---|
"""


def find_importers(modules: Sequence[Module]) -> dict[str, list[str]]:
    """Return the files that run each import statement inside a function, in a steady order."""
    found: dict[str, set[str]] = defaultdict(set)
    for late in find_late_imports(modules):
        found[late.statement].add(_get_file(late))
    return {statement: sorted(found[statement]) for statement in sorted(found)}


def _get_file(late: LateImport) -> str:
    return late.place.partition(":")[0].removeprefix("feeds/")


def render_page(importers: Mapping[str, Sequence[str]], costs: Mapping[str, Cost]) -> str:
    """Return the page."""
    rows = [
        f"| `{statement}` | {costs[statement].milliseconds:.1f} | {costs[statement].modules} | "
        f"{', '.join(importers[statement])} |"
        for statement in sorted(importers, key=lambda statement: -costs[statement].milliseconds)
    ]
    return _HEAD + "\n".join(rows) + "\n"


def read_page() -> tuple[dict[str, list[str]], dict[str, Cost]]:
    """Return the imports on the page: the files that run each, and what each costs."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    rows = re.findall(r"^\| `(.+?)` \| ([\d.]+) \| (\d+) \| (.+) \|$", text, re.MULTILINE)
    importers = {statement: files.split(", ") for statement, _, _, files in sorted(rows)}
    return importers, {row[0]: Cost(float(row[1]), int(row[2])) for row in rows}


def main() -> None:
    """Measure what is new and write the page."""
    importers = find_importers(House(ROOT).modules)
    costs = read_page()[1]
    costs |= measure_imports(ROOT, [statement for statement in importers if statement not in costs])
    PAGE.write_text(render_page(importers, costs), "utf-8")


if __name__ == "__main__":
    main()
