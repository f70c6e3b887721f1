"""``make house``: count sizes, words, tests and ways through the code of this checkout.

It prints a table, or every figure as JSON. What the figures mean is in ``docs/how-to/check-a-change.md``; the lists of verbs, words
and paths are in ``benchmarks/house.toml``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.house_figures import Figure, House, count_dynamic, count_static, find_missed

ROOT = Path(__file__).parents[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures that the command line selects; the exit code is 1 if a bound that is checked is missed."""
    options = build_parser().parse_args(arguments)
    house = House(ROOT)
    figures = count_static(house)
    if not options.static:
        figures += count_dynamic(house)
    check_names(figures, [*(options.check or ()), *(options.list or ())])
    if options.list:
        print_lists(figures, options.list)
    elif options.json:
        print(json.dumps({figure.name: figure.values for figure in figures}, indent=2))
    else:
        print_table(figures)
    if options.check is None:
        return 0
    missed = find_missed(figures, options.check)
    for figure in missed:
        print(f"{figure.title}: {figure.text}, but the bound is {figure.limit}", file=sys.stderr)
    return int(bool(missed))


def build_parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.house", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--static",
        action="store_true",
        help="only read the code and run none of it: no costs of imports, no walks",
    )
    parser.add_argument(
        "--list", action="append", metavar="FIGURE", help="print what a figure counts, one a line"
    )
    parser.add_argument(
        "--check",
        nargs="*",
        metavar="FIGURE",
        help="exit with 1 if a bound is missed, of all or of these figures",
    )
    return parser


def check_names(figures: Sequence[Figure], names: Sequence[str]) -> None:
    """Refuse names that no figure has.

    Raises:
        SystemExit: there is one; the message lists the names.
    """
    known = [figure.name for figure in figures]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise SystemExit(f"unknown figure {', '.join(unknown)}; the figures are {', '.join(known)}")


def print_table(figures: Sequence[Figure]) -> None:
    """Print a row for each figure: its name, title, numbers and bound."""
    rows = [
        (figure.name, figure.title, figure.text, figure.limit, "" if figure.kept else "MISSED")
        for figure in figures
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def print_lists(figures: Sequence[Figure], names: Sequence[str]) -> None:
    """Print what these figures count."""
    for figure in figures:
        if figure.name in names:
            print(*figure.items, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
