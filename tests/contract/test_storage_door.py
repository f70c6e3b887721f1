"""Other packages reach the store through protocols of at most ten methods, and use nothing else of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import isfunction, signature
from pathlib import Path

import pytest

from feeds.storage import interface
from feeds.storage.interface import Storage
from feeds.storage.store import Store
from tests.conftest import ROOT

CONCERNS = {name: getattr(interface, name) for name in interface.__all__ if name != "Storage"}
PURE = {"packing", "records", "removal_guard", "interface"}
"""Modules of values, without a database."""
WITHOUT_STORE = {
    "sqlite.lock_store",
    "backup.save_backup",
    "backup.restore_backup",
}
"""Functions that work on the file of a store before it is opened."""


def list_methods(protocol: type) -> list[str]:
    """Return the methods that a protocol declares itself."""
    return [name for name, value in vars(protocol).items() if isfunction(value) and not name.startswith("_")]


@cache
def parse_callers() -> dict[Path, ast.Module]:
    """Parse every module outside ``storage``."""
    paths = sorted((ROOT / "feeds").rglob("*.py"))
    return {
        path: ast.parse(path.read_text("utf-8"))
        for path in paths
        if path.relative_to(ROOT / "feeds").parts[0] != "storage"
    }


def list_imported_names() -> Iterator[str]:
    """Yield ``module.name`` of everything that other packages import or use of a module of ``storage``."""
    for tree in parse_callers().values():
        modules = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "feeds.storage":
                modules |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("feeds.storage."):
                module = str(node.module).rpartition(".")[2]
                yield from (f"{module}.{alias.name}" for alias in node.names)
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in modules
            ):
                yield f"{modules[node.value.id]}.{node.attr}"


@pytest.mark.parametrize("name", CONCERNS)
def test_a_protocol_has_at_most_ten_methods(name: str) -> None:
    assert 1 <= len(list_methods(CONCERNS[name])) <= 10
    assert CONCERNS[name] in Storage.__mro__


def test_no_method_belongs_to_two_protocols() -> None:
    every = [method for protocol in CONCERNS.values() for method in list_methods(protocol)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("name", CONCERNS)
def test_the_store_has_the_parameters_of_each_protocol(name: str) -> None:
    for method in list_methods(CONCERNS[name]):
        declared = list(signature(getattr(CONCERNS[name], method)).parameters.values())[1:]
        built = list(signature(getattr(Store, method)).parameters.values())[1:]
        assert built == declared, method


def test_the_store_has_no_method_without_a_protocol() -> None:
    every = {method for protocol in CONCERNS.values() for method in list_methods(protocol)}
    assert sorted({name for name in vars(Store) if not name.startswith("_")} - every) == []


def test_other_packages_use_every_method() -> None:
    used = {
        node.attr
        for tree in parse_callers().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    every = {method for protocol in CONCERNS.values() for method in list_methods(protocol)}
    assert sorted(every - used) == [], "nobody uses these any more"


def test_other_packages_use_no_function_of_storage() -> None:
    used = {name for name in list_imported_names() if name.partition(".")[0] not in PURE}
    functions = {
        name
        for name in used
        if isfunction(
            getattr(import_module(f"feeds.storage.{name.partition('.')[0]}"), name.partition(".")[2], None)
        )
    }
    assert sorted(functions - WITHOUT_STORE) == []
    assert "sqlite.Database" not in used, "name a protocol of feeds.storage.interface"


def test_other_packages_name_the_store_only_to_open_it() -> None:
    """A parameter or an attribute has the type of a protocol, so that a caller can be given another store."""
    for path, tree in parse_callers().items():
        annotations = [
            ast.unparse(annotation)
            for node in ast.walk(tree)
            for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
            if annotation is not None
        ]
        # The thread opens and closes the store that it keeps.
        if path.name != "storage_thread.py":
            assert not any(
                "Store" in annotation.replace("Storage", "").split() for annotation in annotations
            ), path
