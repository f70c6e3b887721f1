"""Find what differs between two snapshots: a byte, a row, a line, a field."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from benchmarks.same.expected import Rewordings
from benchmarks.same.snapshot import Snapshot, Table
from benchmarks.same.times import Times, agree_by_chance

_WIDTH = 160
_MOST_LINES = 40
_MOST_MATCHED = 2_000


@dataclass(frozen=True)
class Difference:
    """One place at which two snapshots differ."""

    place: str
    """Kind, then a path: ``output/atom.xml``, ``store/state/feedd.db/post/17/state``, ``json/build/written/3``."""
    lines: tuple[str, ...]
    """What differs, ``-`` before what the first has and ``+`` before what the second has."""
    reworded: bool = False
    """Whether nothing but an expected rewording differs."""


@dataclass
class Comparison:
    """Compares snapshots, and counts what was compared."""

    times: Times
    rewordings: Rewordings = field(default_factory=Rewordings)
    compared: Counter[str] = field(default_factory=Counter)
    """Number of files, reports and rows by kind."""
    exact: Counter[str] = field(default_factory=Counter)
    """How many of them are equal byte for byte; in the others the times of the run differ, or more."""

    def compare(self, base: Snapshot, tree: Snapshot) -> Iterator[Difference]:
        """Yield everything that differs between two snapshots of one step."""
        yield from self._compare_files(base.files, tree.files)
        for name in sorted(base.modes.keys() & tree.modes.keys()):
            if base.modes[name] != tree.modes[name]:
                yield _difference(f"{name} (permissions)", base.modes[name], tree.modes[name])
        yield from self._compare_reports(base.reports, tree.reports)
        for name in sorted(base.tables.keys() | tree.tables.keys()):
            if name not in base.tables or name not in tree.tables:
                yield Difference(name, (_name_lack(name in base.tables, "table"),))
            else:
                yield from self._compare_tables(name, base.tables[name], tree.tables[name])

    def _count(self, place: str, equal: bool) -> None:
        kind = place.partition("/")[0]
        self.compared[kind] += 1
        self.exact[kind] += equal

    def _compare_files(self, base: Mapping[str, bytes], tree: Mapping[str, bytes]) -> Iterator[Difference]:
        for name in sorted(base.keys() | tree.keys()):
            if name not in base or name not in tree:
                yield Difference(name, (_name_lack(name in base, "file"),))
                continue
            self._count(name, base[name] == tree[name])
            if base[name] != tree[name]:
                yield from self._compare_bytes(name, base[name], tree[name])

    def _compare_bytes(self, place: str, base: bytes, tree: bytes) -> Iterator[Difference]:
        try:
            yield from self._compare_text(place, base.decode(), tree.decode())
        except UnicodeDecodeError:
            at = next((i for i, (a, b) in enumerate(zip(base, tree, strict=False)) if a != b), len(base))
            parts = (f"{data[max(0, at - 20) : at + 20]!r} … {len(data)} bytes" for data in (base, tree))
            old, new = parts
            yield _difference(place, old, new, note=f"first at byte {at}")

    def _compare_text(self, place: str, base: str, tree: str) -> Iterator[Difference]:
        """Compare two texts that differ, without the times of the run and with the expected rewordings."""
        old, new = self.times.mark_text(base), self.times.mark_text(tree)
        if old != new:
            reworded = self.rewordings.apply(place, old) == new
            yield Difference(place, tuple(show_lines(old, new)), reworded)

    def _compare_reports(self, base: Mapping[str, bytes], tree: Mapping[str, bytes]) -> Iterator[Difference]:
        for name in sorted(base.keys() | tree.keys()):
            if name not in base or name not in tree:
                yield Difference(name, (_name_lack(name in base, "report"),))
                continue
            self._count(name, base[name] == tree[name])
            if base[name] == tree[name]:
                continue
            try:
                old, new = json.loads(base[name]), json.loads(tree[name])
            except ValueError:
                yield from self._compare_bytes(name, base[name], tree[name])
                continue
            if json.dumps(old) == json.dumps(new):
                yield Difference(name, ("the values are equal, but not the layout of the JSON",))
            yield from self._compare_values(name, self.times.mark_value(old), self.times.mark_value(new))

    def _compare_values(self, place: str, old: Any, new: Any) -> Iterator[Difference]:  # noqa: ANN401 - JSON
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self._compare_objects(place, old, new)
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for number, (a, b) in enumerate(zip(old, new, strict=True)):
                yield from self._compare_values(f"{place}/{number}", a, b)
        elif isinstance(old, list) and isinstance(new, list):
            lines = (json.dumps(value, ensure_ascii=False, indent=0) for value in (old, new))
            yield Difference(place, tuple(show_lines(*lines)))
        elif (old != new or type(old) is not type(new)) and not agree_by_chance(_last(place), old, new):
            texts = [json.dumps(value, ensure_ascii=False) for value in (old, new)]
            reworded = self.rewordings.apply(place, texts[0]) == texts[1]
            yield replace(_difference(place, *texts), reworded=reworded)

    def _compare_objects(self, place: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
        for key in dict.fromkeys([*old, *new]):
            if key not in old or key not in new:
                yield Difference(f"{place}/{key}", (_name_lack(key in old, "key"),))
            else:
                yield from self._compare_values(f"{place}/{key}", old[key], new[key])
        if old.keys() == new.keys() and list(old) != list(new):
            yield _difference(place, ", ".join(old), ", ".join(new), note="the keys have another order")

    def _compare_tables(self, place: str, base: Table, tree: Table) -> Iterator[Difference]:
        for column in sorted(set(base.columns) ^ set(tree.columns)):
            yield Difference(f"{place}/{column}", (_name_lack(column in base.columns, "column"),))
        columns = [one for one in base.columns if one in tree.columns]
        old, new = (self._mark_keys(table) for table in (base, tree))
        for key in dict.fromkeys([*old, *new]):
            if key not in old or key not in new:
                cells = old.get(key) or new[key]
                lines = [f"{column} = {_clip(cells[column])}" for column in cells]
                yield Difference(f"{place}/{key}", (_name_lack(key in old, "row"), *lines))
                continue
            self._count(place, old[key] == new[key])
            for column in columns:
                a, b = old[key][column], new[key][column]
                if a != b and not agree_by_chance(column, a, b):
                    yield from self._compare_text(f"{place}/{key}/{column}", a, b)

    def _mark_keys(self, table: Table) -> dict[str, dict[str, str]]:
        """Return the rows by keys that hold no time of the run; equal keys are numbered in their order."""
        seen: Counter[str] = Counter()
        rows = {}
        for key, cells in sorted(table.rows.items()):
            marked = self.times.mark_text(key)
            seen[marked] += 1
            rows[marked if seen[marked] == 1 else f"{marked} ({seen[marked]})"] = cells
        return rows


def _last(place: str) -> str:
    return place.rpartition("/")[2]


def _name_lack(base_has_it: bool, what: str) -> str:
    return f"only the base has this {what}" if base_has_it else f"only the working tree has this {what}"


def _difference(place: str, old: str, new: str, note: str = "") -> Difference:
    return Difference(place, (*([note] if note else []), f"- {_clip(old)}", f"+ {_clip(new)}"))


def show_lines(old: str, new: str) -> Iterator[str]:
    """Yield the first lines that differ between two texts, each cut to what differs; one long line is cut at tags."""
    before, after = _leave_out_common_ends(_split(old), _split(new))
    return islice(_pair_lines(before, after), _MOST_LINES)


def _pair_lines(before: list[str], after: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            continue
        if j - i == m - k:
            for old, new in zip(before[i:j], after[k:m], strict=True):
                start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
                yield f"- {_clip(old, start)}"
                yield f"+ {_clip(new, start)}"
        else:
            yield from (f"- {_clip(line)}" for line in before[i:j])
            yield from (f"+ {_clip(line)}" for line in after[k:m])


def _split(text: str) -> list[str]:
    return text.replace("><", ">\n<").split("\n")


def _leave_out_common_ends(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines between the equal ones at both ends, not too many: matching takes quadratic time."""
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    parts = (lines[start : len(lines) - end] for lines in (old, new))
    before, after = (lines[:_MOST_MATCHED] for lines in parts)
    return before, after


def _clip(text: str, around: int = 0) -> str:
    """Return what stands around a position, in one line."""
    start = max(0, around - _WIDTH // 3)
    part = text[start : start + _WIDTH].replace("\n", "⏎")
    return ("…" if start else "") + part + ("…" if start + _WIDTH < len(text) else "")
