"""The checks of imports find what they promise: each forbidden import is planted in a copy, and a check has to name it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.contract.test_architecture import HOMES, find_query_calls, find_strays

OPTIONS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
LAYERS = [layer.split(" | ") for layer in OPTIONS["contracts"][0]["layers"]]
UPWARD = [(low, high) for (high, *_), (low, *_) in pairwise(LAYERS)]
FORBIDDEN = [
    (contract["name"], source, target)
    for contract in OPTIONS["contracts"][1:]
    for source in contract["source_modules"]
    # Each package with one of its libraries and with one package of feedd, in turn.
    for target in dict.fromkeys(
        contract["forbidden_modules"][place % len(contract["forbidden_modules"])]
        for place in (len(source), len(source) * 7 + 3)
    )
]
CYCLE = {"feeds.values.urls": "feeds.values.slugs", "feeds.values.slugs": "feeds.values.urls"}


class Copy:
    """A copy of the package, in which imports are planted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        away = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "feeds", folder / "feeds", ignore=away)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, folder / name)

    def find_module(self, name: str) -> Path:
        """Return the file of a module, or some module of a package."""
        place = self.folder / name.replace(".", "/")
        if place.is_dir():
            return sorted(path for path in place.rglob("*.py") if path.stem != "__init__")[-1]
        return place.with_suffix(".py")

    def plant(self, name: str, line: str) -> Path:
        path = self.find_module(name)
        text = path.read_text("utf-8")
        path.write_text(f"{text}\n\ndef plant() -> None:\n    {line}\n", "utf-8")
        return path

    def restore(self, path: Path) -> None:
        shutil.copy(ROOT / path.relative_to(self.folder), path)

    def check(self) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120
        )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    made = Copy(tmp_path_factory.mktemp("planted"))
    done = made.check()
    assert "0 broken" in done.stdout, done.stdout
    yield made
    done = made.check()
    assert "0 broken" in done.stdout, "a planted import was left"


def name_of(copy: Copy, path: Path) -> str:
    return ".".join(path.relative_to(copy.folder).with_suffix("").parts)


@pytest.mark.stress
@pytest.mark.parametrize(("low", "high"), UPWARD)
def test_an_upward_import_breaks_the_layers(copy: Copy, low: str, high: str) -> None:
    path = copy.plant(f"feeds.{low}", f"import feeds.{high}")
    done = copy.check()
    copy.restore(path)
    assert "Layers: a package imports only packages below it BROKEN" in done.stdout
    assert f"{name_of(copy, path)} -> feeds.{high}" in done.stdout


@pytest.mark.stress
@pytest.mark.parametrize(("contract", "source", "target"), FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(copy: Copy, contract: str, source: str, target: str) -> None:
    path = copy.plant(source, f"import {target}")
    done = copy.check()
    copy.restore(path)
    assert f"{contract} BROKEN" in done.stdout
    assert f"{name_of(copy, path)} -> {target}" in done.stdout


def test_a_library_outside_its_home_is_found(copy: Copy) -> None:
    libraries = [*HOMES, "requests"]
    path = copy.plant("feeds.values.markup", "; ".join(f"import {library}" for library in libraries))
    found = find_strays(copy.folder)
    copy.restore(path)
    assert sorted(found) == sorted(f"feeds.values.markup imports {library}" for library in libraries)


def test_a_query_outside_storage_is_found(copy: Copy) -> None:
    packages = ("cli", "daemon", "ingest", "publisher", "server", "websub")
    paths = [copy.plant(f"feeds.{package}", "db.rows('source_all')") for package in packages]
    found = find_query_calls(copy.folder)
    for path in paths:
        copy.restore(path)
    assert sorted(place.rpartition(":")[0] for place in found) == sorted(
        str(path.relative_to(copy.folder)) for path in paths
    )


@pytest.mark.stress
def test_an_import_cycle_is_found(copy: Copy) -> None:
    paths = [copy.plant(name, f"import {other}") for name, other in CYCLE.items()]
    shutil.copytree(
        ROOT / "benchmarks", copy.folder / "benchmarks", ignore=shutil.ignore_patterns("__pycache__")
    )
    (copy.folder / "tests").mkdir()
    command = [sys.executable, "-m", "benchmarks.house", "--static", "--check", "cycles"]
    done = subprocess.run(command, cwd=copy.folder, capture_output=True, text=True, timeout=120)
    for path in paths:
        copy.restore(path)
    assert done.returncode == 1, done.stdout
    assert "cycles" in done.stderr
