"""What feedd is built on: locked, as installed, and without a known hole. No network is needed."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, version

import pytest
from packaging.markers import Marker

from tests.conftest import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-fuzz.lock")
MARKED = re.compile(r"^([A-Za-z0-9._-]+)==[^\s;]+(?: ; (.+?))? \\$", re.MULTILINE)
"""A package in a lock, and the marker of the platforms that it is for."""


def locked(name: str) -> dict[str, str]:
    """Package (normal form) to version."""
    text = (ROOT / name).read_text("utf-8")
    return {_normal(p): v for p, v in re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", text, re.MULTILINE)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", text))


@pytest.mark.parametrize("lock", [*LOCKS, "requirements-lowest.lock"])
def test_every_requirement_is_locked_with_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text("utf-8"))
    blocks = [one for one in blocks if re.match(r"[A-Za-z0-9]", one)]
    assert len(blocks) > 20
    assert [one.splitlines()[0] for one in blocks if "==" not in one or "--hash=sha256:" not in one] == []
    assert not re.search(r"https?://|^-e|^--(?:index|extra|find)", "\n".join(blocks), re.MULTILINE)


def test_everything_that_is_asked_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    extras["dev"].remove("feedd[test]")
    for lock, wanted in (
        ("requirements.lock", project["dependencies"]),
        ("requirements-dev.lock", project["dependencies"] + extras["test"] + extras["dev"]),
        ("requirements-fuzz.lock", project["dependencies"] + extras["fuzz"]),
    ):
        there = locked(lock)
        names = {_normal(re.split(r"[<>=!~;\[ ]", one)[0]) for one in wanted}
        assert names <= there.keys()
        for one in wanted:
            least = re.search(r">=\s*([\d.]+)", one)
            name = _normal(re.split(r"[<>=!~;\[ ]", one)[0])
            assert not least or _numbers(there[name]) >= _numbers(least[1]), one


def test_the_locks_agree() -> None:
    every: dict[str, set[str]] = {}
    for lock in LOCKS:
        for package, number in locked(lock).items():
            every.setdefault(package, set()).add(number)
    assert {package: numbers for package, numbers in every.items() if len(numbers) > 1} == {}


def test_what_is_installed_is_what_is_locked() -> None:
    differ = []
    text = (ROOT / "requirements-dev.lock").read_text("utf-8")
    here = {_normal(p) for p, m in MARKED.findall(text) if not m or Marker(m).evaluate()}
    for name, wanted in locked("requirements-dev.lock").items():
        if name not in here:
            continue
        try:
            if version(name) != wanted:
                differ.append((name, wanted, version(name)))
        except PackageNotFoundError:
            differ.append((name, wanted, ""))
    if differ and any(not there for _, _, there in differ):
        pytest.skip(f"this environment is not made of the lock, so it is NOT audited: {differ[:5]}")
    assert differ == []


def test_no_locked_version_is_known_to_be_vulnerable() -> None:
    advisories = tomllib.loads((ROOT / "tests" / "cases" / "advisories.toml").read_text("utf-8"))["advisory"]
    for lock in LOCKS:
        there = locked(lock)
        bad = [
            (one["id"], one["package"], there[one["package"]])
            for one in advisories
            if one["package"] in there and _numbers(there[one["package"]]) < _numbers(one["fixed"])
        ]
        assert bad == []
