"""The decision records are complete: each dependency has its reason, and records that no longer hold name their successor."""

from __future__ import annotations

import re

import pytest
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tests.contract.test_lowest_versions import parse_requirements

DECISIONS = ROOT / "docs" / "decisions"
RECORD = (DECISIONS / "0001-dependencies.md").read_text("utf-8")


def list_recorded(section: str) -> list[str]:
    """Return the libraries in the first column of the table of a section."""
    text = re.split(r"^## ", RECORD, flags=re.MULTILINE)
    body = next(part for part in text if part.startswith(section))
    cells = [line.split("|")[1] for line in body.splitlines() if line.startswith("| ")]
    return [canonicalize_name(name.strip()) for cell in cells[1:] for name in cell.split(",")]


@pytest.mark.parametrize(
    ("section", "extras"), [("To run", ()), ("To develop", ("test", "dev")), ("To fuzz", ("fuzz",))]
)
def test_every_dependency_has_a_row_with_its_reason(section: str, extras: tuple[str, ...]) -> None:
    run = {canonicalize_name(requirement.name) for requirement in parse_requirements()}
    wanted = {canonicalize_name(requirement.name) for requirement in parse_requirements(*extras)}
    assert sorted(list_recorded(section)) == sorted(wanted - run if extras else run)


def test_every_row_says_what_the_library_is_for() -> None:
    rows = [line.split("|")[1:-1] for line in RECORD.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows if len(row) < 2 or not row[1].strip()] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("0006-serving.md", "0012-serving.md"), ("0009-outgoing-http.md", "0011-outgoing-httpx.md")],
)
def test_a_superseded_record_and_its_successor_name_each_other_and_have_figures(old: str, new: str) -> None:
    before, after = ((DECISIONS / name).read_text("utf-8") for name in (old, new))
    assert re.search(rf"^Superseded by \[[^\]]+\]\({new}\)", before, re.MULTILINE)
    assert f"]({old})" in after
    assert re.search(r"\d+ µs", before + after)
    assert re.search(r"^\|.*\d+ µs.*\|$", after, re.MULTILINE)
    assert re.search(rf"\({old}\) \(superseded", (DECISIONS / "README.md").read_text("utf-8"))


def test_the_index_lists_every_record() -> None:
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (DECISIONS / "README.md").read_text("utf-8"))
    assert listed == sorted(path.name for path in DECISIONS.glob("0*.md"))
