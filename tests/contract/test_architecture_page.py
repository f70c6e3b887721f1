"""Who looks for the place of a change finds every package in the docs, and every name in the docs in the code."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "feeds"
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
_NAME = re.compile(r"`([^`\s]+)`")
_FILE = re.compile(r"(?:[a-z_]+/)*(?:[a-z_]+\.(?:py|toml|md)|[a-z_]+/)")
_DOTTED = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)*")
_OTHER = {"category/harbour/atom.xml", "_posts/2024-05-02-ferry.md", "harbour", "db"}
"""Files and names of the example, and an attribute."""


@cache
def list_definitions() -> dict[str, set[str]]:
    """Map each module to the functions, classes and methods that it defines."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        module = path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
        found[module] = {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    return found


def list_page_names() -> list[str]:
    """Return every name in code type on the page, without commands and tables of examples."""
    return sorted(set(_NAME.findall(PAGE.read_text("utf-8"))) - _OTHER)


def is_file(name: str) -> bool:
    """Return whether a path exists below the package or the repository, or ends the path of a module."""
    if (PACKAGE / name).exists() or (ROOT / name).exists():
        return True
    return any(path.as_posix().endswith(f"/{name}") for path in PACKAGE.rglob("*"))


def is_defined(name: str) -> bool:
    """Return whether a name, after the end of a module's name if it has dots, is defined in the code."""
    module, _, last = name.rpartition(".")
    return any(
        last in names
        for place, names in list_definitions().items()
        if not module or f".{place}".endswith(f".{module}")
    ) or any(f".{place}".endswith(f".{name}") for place in list_definitions())


def test_every_package_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    told = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text))))
    rooms = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert sorted(rooms - told - {"__init__", "__main__"}) == []


@pytest.mark.parametrize("name", [name for name in list_page_names() if _FILE.fullmatch(name)])
def test_a_file_on_the_page_exists(name: str) -> None:
    assert is_file(name)


@pytest.mark.parametrize(
    "name",
    [name for name in list_page_names() if _DOTTED.fullmatch(name) and not _FILE.fullmatch(name)],
)
def test_a_name_on_the_page_is_defined(name: str) -> None:
    assert is_defined(name)


@pytest.mark.parametrize("name", ["storage/nowhere.py", "nowhere/"])
def test_a_missing_file_is_noticed(name: str) -> None:
    assert not is_file(name)


@pytest.mark.parametrize("name", ["storage.files.nothing", "files.nothing", "nothing_like_it"])
def test_a_missing_name_is_noticed(name: str) -> None:
    assert not is_defined(name)
