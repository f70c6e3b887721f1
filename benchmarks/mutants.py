"""Mutation testing: small faults put into a module, one at a time; its tests have to notice each.

``python -m benchmarks.mutants [MODULE...] [--most N] [--seed S]`` prints every mutant that survives, with its line.
The survivors that are left, and why, stand in ``docs/testing.md``.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import os
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
TESTS = {
    "feeds.identify": ["tests/test_identity_rules.py", "tests/test_identity.py", "tests/test_slugs.py"],
    "feeds.plan": ["tests/test_write.py", "tests/test_pages.py"],
    "feeds.write": ["tests/test_write.py"],
}
_SECONDS = 240
_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may be made of a node, each with its name."""
    new = copy.deepcopy(node)
    if isinstance(new, ast.Compare) and type(new.ops[0]) in _COMPARE:
        new.ops[0] = _COMPARE[type(new.ops[0])]()
        yield "comparison", new
    elif isinstance(new, ast.BoolOp):
        new.op = ast.Or() if isinstance(new.op, ast.And) else ast.And()
        yield "and/or", new
    elif isinstance(new, ast.UnaryOp) and isinstance(new.op, ast.Not):
        yield "not", new.operand
    elif isinstance(new, ast.BinOp) and type(new.op) in _ARITHMETIC:
        new.op = _ARITHMETIC[type(new.op)]()
        yield "operator", new
    elif isinstance(new, ast.Constant):
        yield from _other_values(new.value)
    elif isinstance(new, ast.Return) and new.value is not None:
        yield "return", ast.Return(ast.Constant(None))
    elif isinstance(new, ast.Expr | ast.AugAssign) and not isinstance(
        getattr(new, "value", None), ast.Constant
    ):
        yield "statement", ast.Pass()
    elif isinstance(new, ast.If | ast.IfExp):
        new.test = ast.UnaryOp(ast.Not(), new.test)
        yield "condition", new


def _other_values(value: object) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(value, bool):
        yield "truth", ast.Constant(not value)
    elif isinstance(value, int):
        yield "number", ast.Constant(value + 1)
    elif isinstance(value, str) and value:
        yield "text", ast.Constant(value + "X")


class _Replace(ast.NodeTransformer):
    """Puts ``new`` in the place of the node with this number."""

    def __init__(self, number: int, new: ast.AST) -> None:
        self._number, self._new, self._count = number, new, -1

    def visit(self, node: ast.AST) -> ast.AST:
        self._count += 1
        if self._count == self._number:
            return ast.copy_location(self._new, node)
        return self.generic_visit(node)


def mutants(source: str) -> Iterator[tuple[int, str, ast.Module]]:
    """Line, kind and code of each mutant; docstrings, annotations and messages of errors stay."""
    tree = ast.parse(source)
    passed_over = _passed_over(tree)
    order = _in_order(tree)
    for number, node in enumerate(order):
        if id(node) in passed_over or not hasattr(node, "lineno"):
            continue
        for kind, new in _changes(node):
            mutant = _Replace(number, new).visit(ast.parse(source))
            yield node.lineno, kind, ast.fix_missing_locations(mutant)


def _in_order(node: ast.AST) -> list[ast.AST]:
    """The nodes as a transformer meets them."""
    found = [node]
    for child in ast.iter_child_nodes(node):
        found += _in_order(child)
    return found


def _passed_over(tree: ast.AST) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.AnnAssign | ast.arg):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            parts = [node.returns, *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            parts = list(node.decorator_list)
        elif isinstance(node, ast.Raise) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            parts = [node]
        elif isinstance(node, ast.JoinedStr):
            parts = [one for one in node.values if isinstance(one, ast.Constant)]
        for part in parts:
            found |= {id(one) for one in ast.walk(part)} if part is not None else set()
    return found


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in the place of its module."""

    def __init__(self, name: str, file: Path, tree: ast.Module) -> None:
        self._name, self._file, self._tree = name, file, tree

    def find_spec(
        self, name: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The mutant's, if it is asked for."""
        if name != self._name:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=str(self._file))

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant."""
        module.__file__ = str(self._file)
        exec(compile(self._tree, str(self._file), "exec"), module.__dict__)


def survives(name: str, file: Path, tree: ast.Module) -> bool:
    """Whether no test notices the mutant; one that hangs is noticed."""
    child = os.fork()
    if not child:
        signal.alarm(_SECONDS)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = 1
        try:
            import pytest

            sys.meta_path.insert(0, _Finder(name, file, tree))
            code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *TESTS[name]]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return status == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants; 1 if some survive."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("module", nargs="*", default=list(TESTS))
    options.add_argument("--most", type=int, default=0, help="only so many, chosen by chance")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    os.chdir(ROOT)
    import pytest  # noqa: F401 - loaded once, before the first child

    left = 0
    for name in chosen.module:
        file = ROOT / (name.replace(".", "/") + ".py")
        source = file.read_text("utf-8")
        if not survives(name, file, ast.parse(source)):
            print(f"{name}: its tests fail without any fault; nothing can be said", flush=True)
            left += 1
            continue
        found = list(mutants(source))
        if chosen.most:
            found = random.Random(chosen.seed).sample(found, min(chosen.most, len(found)))
        lines = source.splitlines()
        alive = 0
        for line, kind, tree in found:
            if survives(name, file, tree):
                alive += 1
                print(f"{name}:{line}: {kind}: {lines[line - 1].strip()}", flush=True)
        print(f"{name}: {len(found) - alive} of {len(found)} mutants were noticed", flush=True)
        left += alive
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
