"""Find import cycles, and what an import inside a function costs when it is reached."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grimp

from benchmarks.house_code import PACKAGE, Definition, Module

Graph = Mapping[str, set[str]]


@dataclass(frozen=True)
class LateImport:
    """An import that is not run before its function is called."""

    place: str
    """File, line and name of the function."""
    statement: str


@dataclass(frozen=True)
class Cost:
    """What an import adds to a started program."""

    milliseconds: float
    """Of the processor."""
    modules: int
    """That were not loaded before."""
    error: str = ""


def find_late_imports(modules: Sequence[Module]) -> list[LateImport]:
    """Return every import inside a function."""
    return [
        LateImport(f"{module.path}:{node.lineno} {name}", ast.unparse(node))
        for module in modules
        for node, name in _walk_imports(module.tree, "")
        if name
    ]


def _walk_imports(node: ast.AST, function: str) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Yield each import and the function that it is in; imports for the type checker alone are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, function
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        else:
            yield from _walk_imports(child, child.name if isinstance(child, Definition) else function)


def build_graphs(modules: Sequence[Module]) -> tuple[Graph, Graph]:
    """Return which module imports which: when it is loaded; and at any time, for the type checker too."""
    found = grimp.build_graph(PACKAGE, cache_dir=None)
    early = {
        module.name: {node.lineno for node, name in _walk_imports(module.tree, "") if not name}
        for module in modules
    }
    every = {name: found.find_modules_directly_imported_by(name) for name in found.modules}
    hard = {
        name: {other for other in others if _find_lines(found, name, other) & early.get(name, set())}
        for name, others in every.items()
    }
    return hard, every


def _find_lines(graph: grimp.ImportGraph, importer: str, imported: str) -> set[int]:
    details = graph.get_import_details(importer=importer, imported=imported)
    return {detail["line_number"] for detail in details}


def find_cycles(graph: Graph) -> list[str]:
    """Return the modules that import themselves by way of others."""
    return sorted(name for name in graph if name in _reach(graph, name))


def _reach(graph: Graph, start: str) -> set[str]:
    reached: set[str] = set()
    waiting = set(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting |= graph.get(name, set())
    return reached


def find_program(root: Path) -> str:
    """Return the module that the program ``feedd`` starts in."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    entry: str = project["scripts"]["feedd"]
    return entry.partition(":")[0]


def measure_imports(root: Path, statements: Sequence[str]) -> dict[str, Cost]:
    """Return what each import costs in a program that has loaded its command line and nothing else.

    Raises:
        SystemExit: the program that measures failed.
    """
    command = [sys.executable, "-m", "benchmarks.house_costs", find_program(root)]
    text = "".join(f"{statement}\n" for statement in statements)
    done = subprocess.run(command, check=False, cwd=root, input=text, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[2]}: {done.stderr.strip()}")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    costs = [Cost(float(milliseconds), int(modules), error) for milliseconds, modules, error in rows]
    return dict(zip(statements, costs, strict=True))
