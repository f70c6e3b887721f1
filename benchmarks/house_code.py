"""Read the source text of a checkout and count sizes, types, docstrings and tests; nothing of it is run."""

from __future__ import annotations

import ast
import io
import json
import math
import re
import statistics
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "feeds"
Definition = ast.FunctionDef | ast.AsyncFunctionDef
_PATCHES = {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "PropertyMock", "create_autospec", "patch"}
_PATCHERS = {"monkeypatch.setattr", "monkeypatch.delattr", "monkeypatch.setitem", "monkeypatch.delitem"}
_PROPERTIES = {"property", "cached_property", "setter", "deleter"}


@dataclass(frozen=True)
class Function:
    """A function or method as it is written."""

    module: Module
    node: Definition
    owners: tuple[str, ...]
    """Names of the classes and functions around it, outermost first."""
    nested: bool
    """Inside another function."""
    method: bool
    """Directly inside a class."""

    @property
    def place(self) -> str:
        """Return file, line and qualified name, for lists."""
        return f"{self.module.path}:{self.node.lineno} {'.'.join((*self.owners, self.node.name))}"

    @property
    def lines(self) -> int:
        """Count the lines of the body that are not blank, without the docstring."""
        body = self.node.body[1:] if has_docstring(self.node) else self.node.body
        if not body:
            return 0
        text = self.module.text_lines[body[0].lineno - 1 : body[-1].end_lineno]
        return sum(bool(line.strip()) for line in text)

    @property
    def magic(self) -> bool:
        """Return whether Python gives the name."""
        return self.node.name.startswith("__") and self.node.name.endswith("__")

    @property
    def public(self) -> bool:
        """Return whether the name and all names around it are public."""
        return not any(name.startswith("_") for name in (*self.owners, self.node.name))

    @property
    def decorators(self) -> set[str]:
        """Return the last word of each decorator."""
        plain = [node.func if isinstance(node, ast.Call) else node for node in self.node.decorator_list]
        return {ast.unparse(node).rpartition(".")[2] for node in plain}

    @property
    def is_property(self) -> bool:
        """Return whether it is used as an attribute."""
        return bool(self.decorators & _PROPERTIES)

    @property
    def typed(self) -> bool:
        """Return whether every argument and the result have a type."""
        arguments = self.node.args
        plain = [*arguments.posonlyargs, *arguments.args]
        bound = self.method and "staticmethod" not in self.decorators
        given = [*plain[int(bound) :], *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        whole = self.node.returns is not None or self.node.name == "__init__"
        return whole and all(argument.annotation is not None for argument in given if argument is not None)


@dataclass(frozen=True)
class Module:
    """A file of Python."""

    path: str
    """From the checkout, with slashes."""
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def text_lines(self) -> list[str]:
        """Return the lines without their ends."""
        return self.text.splitlines()

    @property
    def name(self) -> str:
        """Return the dotted name; that of a package for its ``__init__``."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @cached_property
    def functions(self) -> list[Function]:
        """Return every function, also those inside others."""
        return list(_find_functions(self, self.tree, (), nested=False))

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        """Return line number and text of each comment."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]

    @property
    def comment_lines(self) -> int:
        """Count the lines that hold a comment and nothing else."""
        return sum(self.text_lines[line - 1].lstrip().startswith("#") for line, _ in self.comments)


def read_modules(root: Path, folder: str = PACKAGE) -> list[Module]:
    """Read the Python files below a folder of the checkout, sorted by path."""
    return [
        Module(path.relative_to(root).as_posix(), path.read_text("utf-8"))
        for path in sorted((root / folder).rglob("*.py"))
    ]


def has_docstring(node: ast.AST) -> bool:
    """Return whether a module, class or function begins with text that is not empty."""
    return isinstance(node, ast.Module | ast.ClassDef | Definition) and bool(ast.get_docstring(node))


def _find_functions(
    module: Module, node: ast.AST, owners: tuple[str, ...], nested: bool
) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Definition):
            yield Function(module, child, owners, nested, isinstance(node, ast.ClassDef))
            yield from _find_functions(module, child, (*owners, child.name), nested=True)
        elif isinstance(child, ast.ClassDef):
            yield from _find_functions(module, child, (*owners, child.name), nested)
        else:
            yield from _find_functions(module, child, owners, nested)


def find_functions(modules: Sequence[Module]) -> list[Function]:
    """Return every function of these modules."""
    return [function for module in modules for function in module.functions]


def measure_functions(functions: Sequence[Function]) -> tuple[float, int, int]:
    """Return median, 95th percentile and maximum of the lines of bodies."""
    sizes = sorted(function.lines for function in functions)
    return statistics.median(sizes), sizes[math.ceil(0.95 * len(sizes)) - 1], sizes[-1]


def measure_complexity(root: Path, above: int = 0) -> list[tuple[int, str]]:
    """Return McCabe's number and the place of each function above a bound, largest first; ruff counts.

    Raises:
        SystemExit: ruff failed.
    """
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--ignore-noqa",
        "--no-cache",
        "--exit-zero",
    ]
    command += ["--select", "C901", "--config", f"lint.mccabe.max-complexity={above}"]
    command += ["--output-format", "json", PACKAGE]
    done = subprocess.run(command, check=False, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"ruff: {done.stderr.strip()}")
    found = []
    for finding in json.loads(done.stdout):
        number = re.search(r"\((\d+) > ", finding["message"])
        if number:
            path = Path(finding["filename"]).relative_to(root.resolve()).as_posix()
            found.append(
                (int(number[1]), f"{path}:{finding['location']['row']} {finding['message'].split('`')[1]}")
            )
    return sorted(found, reverse=True)


def find_undocumented(modules: Sequence[Module]) -> tuple[int, list[str]]:
    """Return how many public modules, classes and functions there are, and those without a docstring.

    Magic methods do not count, and nothing that is defined inside a function.
    """
    count, bare = 0, []
    for module in modules:
        for node, owners, place in _find_public(module):
            count += 1
            if not has_docstring(node):
                bare.append(f"{module.path}:{place} {'.'.join(owners)}")
    return count, bare


def _find_public(module: Module) -> Iterator[tuple[ast.AST, tuple[str, ...], int]]:
    yield module.tree, (), 1
    for function in module.functions:
        if function.public and not function.magic and not function.nested:
            yield function.node, (*function.owners, function.node.name), function.node.lineno
    yield from _find_public_classes(module.tree, ())


def _find_public_classes(
    node: ast.AST, owners: tuple[str, ...]
) -> Iterator[tuple[ast.AST, tuple[str, ...], int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield child, (*owners, child.name), child.lineno
            yield from _find_public_classes(child, (*owners, child.name))


def find_mocks(modules: Sequence[Module]) -> tuple[list[str], int]:
    """Return where tests replace something of the program, and how many test functions there are."""
    mocks = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name in _PATCHERS or set(name.split(".")) & _PATCHES:
                    mocks.append(f"{module.path}:{node.lineno} {name}")
    return mocks, sum(function.node.name.startswith("test_") for function in find_functions(modules))


def find_untested(modules: Sequence[Module], tests: Sequence[Module]) -> tuple[int, list[str]]:
    """Return how many modules there are, and those without a test file that is named like them.

    ``feeds/a/b.py`` is tested by ``test_b.py`` or ``test_b_more.py`` in a folder ``a`` of the tests; elsewhere by a file
    whose name has the words ``a_b``, or ``b`` if no other module has that name. Packages and entry points need no test.
    """
    counted = [module for module in modules if not module.path.endswith(("__init__.py", "__main__.py"))]
    names = Counter(_split_path(module)[1] for module in counted)
    files = [_split_path(test) for test in tests]
    return len(counted), [
        module.path
        for module in counted
        if not any(_is_like_named(_split_path(module), test, names) for test in files)
    ]


def _split_path(module: Module) -> tuple[tuple[str, ...], str]:
    *folders, file = module.path.split("/")
    return tuple(folders[1:]), file.removesuffix(".py").lstrip("_")


def _is_like_named(
    module: tuple[tuple[str, ...], str], test: tuple[tuple[str, ...], str], names: Counter[str]
) -> bool:
    (folders, name), (test_folders, test_name) = module, test
    if not test_name.startswith("test_"):
        return False
    words = f"{test_name.removeprefix('test')}_"
    if folders and test_folders[-len(folders) :] == folders:
        return words.startswith(f"_{name}_")
    whole = "_".join((*folders[-1:], name))
    return f"_{whole}_" in words or (names[name] == 1 and f"_{name}_" in words)


def find_large_files(modules: Sequence[Module], lines: int = 400) -> list[str]:
    """Return the files that have as many lines or more, with their number."""
    return [f"{module.path}: {size}" for module in modules if (size := len(module.text_lines)) >= lines]
