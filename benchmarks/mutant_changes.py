"""Faults for mutation tests: what may be changed in the code of a module, and where a change can be seen."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

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
    elif isinstance(new, ast.Return) and not isinstance(new.value, ast.Constant | None):
        yield "return", ast.Return(ast.Constant(None))
    elif isinstance(new, ast.Expr | ast.AugAssign) and not isinstance(
        getattr(new, "value", None), ast.Constant
    ):
        yield "statement", ast.Pass()
    elif isinstance(new, ast.If | ast.IfExp):
        new.test = ast.UnaryOp(ast.Not(), new.test)
        yield "condition", new
    elif isinstance(new, ast.Continue | ast.Break):
        yield "jump", ast.Pass()


def _other_values(value: object) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(value, bool):
        yield "truth", ast.Constant(not value)
    elif isinstance(value, int):
        yield "number", ast.Constant(value + 1)
    elif isinstance(value, str):
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


def mutants(source: str) -> Iterator[tuple[int, str, ast.AST]]:
    """Line, kind and code of each mutant; docstrings, annotations and messages of errors stay."""
    for number, line, kind, new in find_changes(source):
        yield line, kind, apply_change(source, number, new)


def find_changes(source: str) -> Iterator[tuple[int, int, str, ast.AST]]:
    """Yield number and line of each node that can be changed, with the kind of change and the new node."""
    tree = ast.parse(source)
    passed_over = _passed_over(tree)
    for number, node in enumerate(_in_order(tree)):
        if id(node) not in passed_over and hasattr(node, "lineno"):
            yield from ((number, node.lineno, kind, new) for kind, new in _changes(node))


def apply_change(source: str, number: int, new: ast.AST) -> ast.AST:
    """Return the code of a module with ``new`` in the place of the node with this number."""
    return ast.fix_missing_locations(_Replace(number, new).visit(ast.parse(source)))


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


_TUNING = {
    *("buffering", "capacity", "check_same_thread", "chunksize", "copy", "flush", "maxsize", "max_workers"),
    *("repr", "slots", "stacklevel", "strict", "timeout"),
}
"""Arguments that change how fast or careful a call is, and not what it returns for sound values."""
_DESCRIBED = ("log", "print", "debug", "info", "warning", "error", "exception", "add_argument", "progress")
"""Calls whose arguments are texts for people, and numbers and flags about them."""
_INTERNAL = {"__repr__", "__slots__", "__getstate__", "__setstate__"}
_POOLS = {"Workers", "ThreadPoolExecutor", "ProcessPoolExecutor"}
"""Calls whose numbers say how many processes or threads share the work."""
_NUMERIC = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop)


def find_invisible(tree: ast.Module) -> set[int]:
    """Return the ids of the nodes in which a fault changes nothing that a test of behaviour can see.

    They are code for type checkers and debuggers, arguments of logs and helps, and limits: a limit or a cache that is
    larger by one is tuning. A test gives its own limit where it is passed in.
    """
    found: set[int] = set()
    for node in ast.walk(tree):
        if _is_invisible(node) or (node in tree.body and _is_limit(node)):
            found |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.Compare) and _is_bound(node):
            found.add(id(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in _POOLS:
            found |= {id(argument) for argument in node.args if _is_number(argument)}
        elif isinstance(node, ast.arguments):
            # A default that is a plain number is a limit, too.
            found |= {id(default) for default in [*node.defaults, *node.kw_defaults] if _is_number(default)}
    return found


def _is_invisible(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING" or "__name__" in ast.unparse(
            node.test
        )
    if isinstance(node, ast.keyword):
        return node.arg in _TUNING
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).rpartition(".")[2].strip("_") in _DESCRIBED
    if isinstance(node, ast.Assign):
        return any(ast.unparse(target) in _INTERNAL for target in node.targets)
    return isinstance(node, ast.FunctionDef) and node.name in _INTERNAL


def _is_bound(node: ast.Compare) -> bool:
    """Return whether a value is compared with a named limit: ``>`` or ``>=`` moves the limit by one."""
    return isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE) and any(
        isinstance(side, ast.Name) and side.id.isupper() for side in (node.left, *node.comparators)
    )


def _is_limit(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign) and _is_number(node.value)


def _is_number(node: ast.expr | None) -> bool:
    """Return whether an expression has nothing but numbers; True and False are none."""
    parts = [] if node is None else list(ast.walk(node))
    return bool(parts) and all(
        isinstance(part, _NUMERIC)
        and (not isinstance(part, ast.Constant) or type(part.value) in (int, float))
        for part in parts
    )


def find_visible_changes(source: str) -> list[tuple[int, int, str, ast.AST]]:
    """Return the changes that a test of behaviour can see: without texts, whole statements and limits."""
    tree = ast.parse(source)
    invisible = find_invisible(tree)
    nodes = _in_order(tree)
    return [
        change
        for change in find_changes(source)
        if change[2] not in ("text", "statement") and id(nodes[change[0]]) not in invisible
    ]
