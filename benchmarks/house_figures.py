"""The figures of a checkout: each is a row of the table of :mod:`benchmarks.house`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import house_code as code
from benchmarks import house_imports as imports
from benchmarks import house_words as words

if TYPE_CHECKING:
    from benchmarks.house_walks import Walk

_FUNCTION_LINES = (5, 25, 60)
_COMPLEXITY = 10
_FILE_LINES = 400
_VERB_PERCENT = 60
_SLOW = 50.0
"""Milliseconds of the processor from which an import inside a function counts as slow."""
_LISTED = 50
"""How many functions are listed by size and by complexity."""


@dataclass(frozen=True)
class Figure:
    """One row of the table."""

    name: str
    """For ``--list`` and ``--check``."""
    title: str
    text: str
    values: dict[str, float]
    """The numbers by name, for programs."""
    limit: str = ""
    """The bound in words; empty if there is none."""
    kept: bool = True
    """Whether the bound is kept."""
    items: list[str] = field(default_factory=list)
    """What is counted, or what misses the bound, one a line."""


class House:
    """A checkout whose code is counted; each file is read once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def modules(self) -> list[code.Module]:
        """Return the modules of the program."""
        return code.read_modules(self.root)

    @cached_property
    def functions(self) -> list[code.Function]:
        """Return the functions of the program."""
        return code.find_functions(self.modules)

    @cached_property
    def tests(self) -> list[code.Module]:
        """Return the files of the tests."""
        return code.read_modules(self.root, "tests")


def count_static(house: House) -> list[Figure]:
    """Return every figure for which nothing of the program is run."""
    counts = (
        count_modules,
        count_function_lines,
        count_complexity,
        count_large_files,
        count_cycles,
        count_types,
        count_docstrings,
        count_comments,
        count_names,
        count_words,
        count_mocks,
        count_tests,
        count_infrastructure,
    )
    return [count(house) for count in counts]


def count_dynamic(house: House) -> list[Figure]:
    """Return the figures for which code of the program is run."""
    from benchmarks import house_walks  # it loads the program

    walks = house_walks.follow_all()
    titles = {
        "document": "one fetched document, poll to store",
        "post": "one changed post, file to documents",
        "publish": "one changed post, its publication alone",
    }
    return [count_imports(house), *(count_walk(name, title, walks[name]) for name, title in titles.items())]


def _measure_share(part: int, whole: int) -> float:
    """Return the share with one decimal, rounded down, so that 100 means all."""
    return int(1000 * part / whole) / 10 if whole else 100.0


def count_modules(house: House) -> Figure:
    """Count files of Python and their lines."""
    sizes = {module.path: len(module.text_lines) for module in house.modules}
    lines = sum(sizes.values())
    return Figure(
        "modules",
        "modules / lines",
        f"{len(sizes)} / {lines:,}",
        {"modules": len(sizes), "lines": lines},
        items=[f"{size:5} {path}" for path, size in sizes.items()],
    )


def count_function_lines(house: House) -> Figure:
    """Measure the bodies of functions, without docstrings and blank lines."""
    sizes = code.measure_functions(house.functions)
    largest = sorted(house.functions, key=lambda function: -function.lines)[:_LISTED]
    return Figure(
        "functions",
        "function lines, median / p95 / max",
        " / ".join(f"{size:g}" for size in sizes),
        dict(zip(("median", "p95", "max"), sizes, strict=True)),
        limit="at most " + " / ".join(map(str, _FUNCTION_LINES)),
        kept=all(size <= most for size, most in zip(sizes, _FUNCTION_LINES, strict=True)),
        items=[f"{function.lines:4} {function.place}" for function in largest],
    )


def count_complexity(house: House) -> Figure:
    """Measure McCabe's number of every function."""
    numbers = code.measure_complexity(house.root)
    highest = numbers[0][0] if numbers else 0
    return Figure(
        "mccabe",
        "McCabe, max",
        str(highest),
        {"max": highest},
        limit=f"at most {_COMPLEXITY}",
        kept=highest <= _COMPLEXITY,
        items=[f"{number:4} {place}" for number, place in numbers[:_LISTED]],
    )


def count_large_files(house: House) -> Figure:
    """Count the long files of the program; those of tests and benchmarks are listed too."""
    large = code.find_large_files(house.modules, _FILE_LINES)
    others = [*house.tests, *code.read_modules(house.root, "benchmarks")]
    large_others = code.find_large_files(others, _FILE_LINES)
    return Figure(
        "files",
        f"files of {_FILE_LINES} lines or more (tests, benchmarks)",
        f"{len(large)} ({len(large_others)})",
        {"program": len(large), "others": len(large_others)},
        limit="0 in the program",
        kept=not large,
        items=large + large_others,
    )


def count_cycles(house: House) -> Figure:
    """Count the modules in import cycles: of imports when a module is loaded, and of all imports."""
    hard, every = (imports.find_cycles(graph) for graph in imports.build_graphs(house.modules))
    return Figure(
        "cycles",
        "modules in import cycles, hard / with late imports",
        f"{len(hard)} / {len(every)}",
        {"hard": len(hard), "with_late": len(every)},
        limit="0 / 0",
        kept=not every,
        items=every,
    )


def count_types(house: House) -> Figure:
    """Count the functions whose arguments and result all have types."""
    bare = [function.place for function in house.functions if not function.typed]
    return _count_share("types", "functions with types, %", len(house.functions), bare, 100)


def count_docstrings(house: House) -> Figure:
    """Count the public modules, classes and functions that have docstrings."""
    total, bare = code.find_undocumented(house.modules)
    return _count_share("docstrings", "public docstrings, %", total, bare, 100)


def count_names(house: House) -> Figure:
    """Count the names of functions that begin with a verb, among those that have to."""
    total, bare = words.find_names_without_verb(house.functions)
    return _count_share("names", "function names that begin with a verb, %", total, bare, _VERB_PERCENT)


def _count_share(name: str, title: str, total: int, bare: list[str], least: int) -> Figure:
    share = _measure_share(total - len(bare), total)
    return Figure(
        name,
        title,
        f"{share:g}",
        {"percent": share, "total": total, "without": len(bare)},
        limit=f"at least {least}",
        kept=share >= least,
        items=bare,
    )


def count_comments(house: House) -> Figure:
    """Count the lines with nothing but a comment, in a hundred lines that are not blank."""
    comments = sum(module.comment_lines for module in house.modules)
    lines = sum(bool(line.strip()) for module in house.modules for line in module.text_lines)
    found = [f"{module.path}:{line} {text}" for module in house.modules for line, text in module.comments]
    return Figure(
        "comments",
        "comment lines per 100",
        f"{100 * comments / lines:.1f}",
        {"lines": comments, "per_100": round(100 * comments / lines, 2), "comments": len(found)},
        items=found,
    )


def count_words(house: House) -> Figure:
    """Count the words of a private language in names, docstrings and comments."""
    uses = words.find_private_words(house.modules)
    kinds = Counter(use.kind for use in uses)
    order = ("name", "docstring", "comment")
    return Figure(
        "words",
        "private words in names / docstrings / comments",
        " / ".join(str(kinds[kind]) for kind in order),
        {kind: kinds[kind] for kind in order},
        items=[f"{use.place} {use.kind}: {use.form} -> {use.instead}" for use in uses],
    )


def count_mocks(house: House) -> Figure:
    """Count the places where tests replace something of the program, per hundred test functions."""
    mocks, tests = code.find_mocks(house.tests)
    share = round(100 * len(mocks) / tests, 1) if tests else 0.0
    return Figure(
        "mocks",
        "mocks per 100 tests",
        f"{share:g}",
        {"mocks": len(mocks), "tests": tests, "per_100": share},
        items=mocks,
    )


def count_tests(house: House) -> Figure:
    """Count the modules that a test file is named like."""
    total, bare = code.find_untested(house.modules, house.tests)
    share = _measure_share(total - len(bare), total)
    return Figure(
        "tests",
        "modules with a like-named test file, %",
        f"{share:g}",
        {"percent": share, "modules": total, "without": len(bare)},
        items=bare,
    )


def count_infrastructure(house: House) -> Figure:
    """Count the lines of infrastructure that libraries could do."""
    kinds = words.count_infrastructure(house.modules)
    sums = {kind: sum(lines for _, lines in files) for kind, files in kinds.items()}
    items = [f"{sums[kind]:5} {kind}" for kind in kinds]
    items += [f"{lines:5} {path}" for files in kinds.values() for path, lines in files]
    total = sum(sums.values())
    return Figure(
        "infrastructure", "own infrastructure, lines", f"{total:,}", {"lines": total, **sums}, items=items
    )


def count_imports(house: House) -> Figure:
    """Count the imports inside functions, and those that are slow in a program that has just started."""
    late = imports.find_late_imports(house.modules)
    costs = imports.measure_imports(house.root, sorted({found.statement for found in late}))
    slow = sum(costs[found.statement].milliseconds >= _SLOW for found in late)
    order = sorted(late, key=lambda found: -costs[found.statement].milliseconds)
    return Figure(
        "imports",
        f"imports inside functions (those of {_SLOW:g} ms or more)",
        f"{len(late)} ({slow})",
        {"imports": len(late), "slow": slow},
        items=[_describe_import(found, costs[found.statement]) for found in order],
    )


def _describe_import(late: imports.LateImport, cost: imports.Cost) -> str:
    what = cost.error or f"{cost.modules} modules"
    return f"{cost.milliseconds:7.1f} ms {what:>12}  {late.statement}  {late.place}"


def count_walk(name: str, title: str, walk: Walk) -> Figure:
    """Count what a document or post passes on its way."""
    sizes = {
        "functions": len(walk.functions),
        "files": len(walk.files),
        "switches": sum(walk.switches.values()),
    }
    return Figure(
        f"walk-{name}",
        f"{title}: functions / files / switches",
        " / ".join(map(str, sizes.values())),
        dict(sizes),
        items=[
            *(f"{file}:{line} {function}" for file, function, line in walk.functions),
            *(f"{count:5} {caller} -> {called}" for (caller, called), count in sorted(walk.switches.items())),
        ],
    )


def find_missed(figures: Sequence[Figure], names: Sequence[str] = ()) -> list[Figure]:
    """Return the figures that miss their bounds, of all or of those named."""
    return [figure for figure in figures if not figure.kept and (not names or figure.name in names)]
