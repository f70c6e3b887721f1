"""The lowest versions that are declared: of Python, and of each dependency. No network is needed."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOWEST_PYTHON = "3.11.0"
DEBIAN_12 = "3.11.2"


def parse_requirements(*extras: str) -> list[Requirement]:
    """Return the direct requirements, and those of the extras."""
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    return [Requirement(text) for text in texts if text != "feedd[test]"]


def read_lock(name: str) -> dict[str, Version]:
    text = (ROOT / name).read_text("utf-8")
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", text, re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in found}


def find_refusing(pythons: dict[str, str | None], python: str) -> dict[str, str]:
    """Return the packages whose ``Requires-Python`` does not allow a release of Python."""
    return {name: spec for name, spec in pythons.items() if spec and python not in SpecifierSet(spec)}


def test_the_lowest_python_of_the_documentation_is_the_declared_one() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert LOWEST_PYTHON in SpecifierSet(PROJECT["requires-python"])
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "Python 3.11 or newer" in (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize("python", [LOWEST_PYTHON, DEBIAN_12])
def test_every_locked_package_allows_the_lowest_python(python: str) -> None:
    """The environment of the tests is made of the largest lock, which holds the versions of the others too."""
    pythons: dict[str, str | None] = {}
    for name, locked in read_lock("requirements-dev.lock").items():
        try:
            about = metadata(name)
        except PackageNotFoundError:
            continue
        if Version(about["Version"]) == locked:
            pythons[name] = about["Requires-Python"]
    if len(pythons) < len(parse_requirements("test")):
        pytest.skip("this environment is not made of the lock, so the lock is NOT checked")
    assert find_refusing(pythons, python) == {}


def test_a_package_that_refuses_the_lowest_python_is_found() -> None:
    pythons = {"soupsieve": ">=3.11.5", "idna": ">=3.9", "feedgen": None}
    assert find_refusing(pythons, DEBIAN_12) == {"soupsieve": ">=3.11.5"}


def test_every_dependency_has_a_lower_bound() -> None:
    unbounded = [
        str(requirement)
        for requirement in parse_requirements("test", "dev", "fuzz")
        if not any(spec.operator in (">=", "~=") for spec in requirement.specifier)
    ]
    assert unbounded == []


def test_the_lowest_versions_are_tested() -> None:
    """`make matrix` installs this lock: it has to hold the lower bound of each requirement, not a later version."""
    locked = read_lock("requirements-lowest.lock")
    differ = {}
    for requirement in parse_requirements("test"):
        version = locked[canonicalize_name(requirement.name)]
        bound = next(Version(s.version) for s in requirement.specifier if s.operator in (">=", "~="))
        # A bound such as 6.100 may have been released as 6.100.1 first.
        if version.release[: len(bound.release)] != bound.release:
            differ[requirement.name] = (str(bound), str(version))
    assert differ == {}


def test_no_lower_bound_is_known_to_be_vulnerable() -> None:
    advisories = tomllib.loads((ROOT / "tests" / "cases" / "advisories.toml").read_text("utf-8"))["advisory"]
    locked = read_lock("requirements-lowest.lock")
    direct = {canonicalize_name(requirement.name) for requirement in parse_requirements("test")}
    assert [
        (advisory["id"], advisory["package"])
        for advisory in advisories
        if advisory["package"] in direct and locked[advisory["package"]] < Version(advisory["fixed"])
    ] == []
