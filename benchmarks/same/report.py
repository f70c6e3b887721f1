"""What ``make same`` prints: counts, differences with a bounded number of lines, and the ratio of CPU seconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.same.comparing import Comparison, Difference
from benchmarks.same.expected import Expected
from benchmarks.same.session import Session
from benchmarks.same.snapshot import Snapshot

_KINDS = {
    "output": "documents and pages",
    "ledger": "ledgers",
    "store": "rows of stores",
    "json": "reports as JSON",
    "text": "reports as text",
    "requests": "logs of requests to upstreams",
    "files": "other files",
}
_MOST_PER_PLACE = 8


@dataclass
class Found:
    """One difference, and in which steps of a corpus it is."""

    corpus: str
    difference: Difference
    steps: list[str] = field(default_factory=list)


@dataclass
class Report:
    """Gathers the comparisons of all corpora."""

    expected: Expected
    differs: list[Found] = field(default_factory=list)
    allowed: list[Found] = field(default_factory=list)
    """Differences that the file of expected ones allows."""
    unsteady: list[Found] = field(default_factory=list)
    """Differences between two runs of the base."""
    compared: Counter[str] = field(default_factory=Counter)
    exact: Counter[str] = field(default_factory=Counter)
    costs: dict[str, tuple[list[Session], list[Session]]] = field(default_factory=dict)

    @property
    def exit_status(self) -> int:
        """1 if anything differs that is not expected."""
        return int(bool(self.differs))

    def add(self, corpus: str, base: list[Session], tree: list[Session], comparison: Comparison) -> None:
        """Compare the runs of a corpus.

        What differs between the two runs of the base cannot be compared. What differs only between the two
        runs of the working tree is a difference: the base was steady there.
        """
        self.costs[corpus] = (base, tree)
        unsteady = _compare_runs(base[0], base[1], comparison)
        comparison.compared.clear()
        comparison.exact.clear()
        found = _compare_runs(base[0], tree[0], comparison)
        self.compared += comparison.compared
        self.exact += comparison.exact
        found = {**_compare_runs(tree[0], tree[1], comparison), **found}
        self.unsteady += _gather(corpus, unsteady)
        compared = {at: one for at, one in found.items() if at not in unsteady}
        expected = {
            at: one for at, one in compared.items() if one.reworded or self.expected.allows(one.place)
        }
        self.allowed += _gather(corpus, expected)
        self.differs += _gather(corpus, {at: one for at, one in compared.items() if at not in expected})

    def show(self, lines: int) -> None:
        """Print everything; of differences no more than this many lines."""
        print()
        for kind, name in _KINDS.items():
            print(f"{self.compared[kind]:>8,} {name} compared, {self.exact[kind]:,} equal to the last byte")
        _show_found("Differs between two runs of the base, so it is not compared", self.unsteady, lines // 4)
        _show_found("Differs as expected", self.allowed, lines // 2)
        _show_found("DIFFERS", self.differs, lines)
        self._show_costs()
        verdict = "different" if self.differs else "equal"
        print(f"\n{verdict}: {len(self.differs)} differences, {len(self.allowed)} expected ones,", end=" ")
        print(f"{len(self.unsteady)} places that were not compared")

    def _show_costs(self) -> None:
        print(f"\n{'CPU seconds, all processes':<36}{'base':>16}{'working tree':>18}{'ratio':>8}")
        total_base = total_tree = 0.0
        for corpus, (base, tree) in self.costs.items():
            for cost in base[0].seconds:
                old, new = ([run.seconds[cost] for run in runs] for runs in (base, tree))
                _show_cost(f"{corpus}, {cost}", old, new)
                total_base, total_tree = total_base + sum(old), total_tree + sum(new)
        _show_cost("all", [total_base], [total_tree])


def _show_cost(name: str, base: list[float], tree: list[float]) -> None:
    texts = [" + ".join(f"{one:.2f}" for one in runs) for runs in (base, tree)]
    print(f"{name:<36}{texts[0]:>16}{texts[1]:>18}{sum(tree) / max(sum(base), 0.001):>8.2f}")


def _compare_runs(base: Session, tree: Session, comparison: Comparison) -> dict[tuple[str, str], Difference]:
    """Return the differences between two runs by step and place."""
    return {
        (step, one.place): one
        for step, snapshot in base.snapshots.items()
        for one in comparison.compare(snapshot, tree.snapshots.get(step, Snapshot()))
    }


def _gather(corpus: str, every: dict[tuple[str, str], Difference]) -> list[Found]:
    """Return each place once, as it differs first, with all the steps in which it does."""
    found: dict[str, Found] = {}
    for (step, place), one in every.items():
        found.setdefault(place, Found(corpus, one)).steps.append(step)
    return list(found.values())


def _show_found(title: str, every: list[Found], lines: int) -> None:
    """Print differences; those that look alike are printed once."""
    if not every:
        return
    print(f"\n{title}: {len(every)}")
    alike: dict[tuple[str, ...], list[Found]] = {}
    for one in every:
        alike.setdefault((one.corpus, *one.difference.lines), []).append(one)
    shown = 0
    for group in alike.values():
        if lines <= 0:
            print(f"  … and {len(every) - shown} more; `--lines N` prints more of them")
            return
        lines -= _show_group(group)
        shown += len(group)


def _show_group(group: list[Found]) -> int:
    """Print the first of some differences with the same lines; return how many lines that took."""
    first = group[0]
    steps = f" and {len(first.steps) - 1} more" if len(first.steps) > 1 else ""
    print(f"  {first.corpus} / {first.difference.place} (step “{first.steps[0]}”{steps})")
    shown = first.difference.lines[:_MOST_PER_PLACE]
    for line in shown:
        print(f"      {line}")
    if len(first.difference.lines) > len(shown):
        print("      …")
    if len(group) > 1:
        print(f"      the same in {len(group) - 1} more places, the last {group[-1].difference.place}")
    return len(shown) + 2
