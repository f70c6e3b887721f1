"""Markdown beside the real kramdown, and in time that grows with the length of the text."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.rigs.meaning import meaning
from tests.unit.sanitizer.markdown.test_markdown import CASES

OTHER_THAN_KRAMDOWN = frozenset(["formulas"])
"""Cases that feedd reads otherwise on purpose: formulas stay as they are written."""


@pytest.fixture(scope="module")
def kramdown() -> dict[str, str]:
    """What the real kramdown makes of the cases."""
    if shutil.which("ruby") is None:
        pytest.skip(
            "SKIPPED FOR WANT OF ruby: install ruby-kramdown and ruby-kramdown-parser-gfm to ask kramdown itself"
        )
    lines = "".join(json.dumps({"name": case.stem, "text": case.read_text("utf-8")}) + "\n" for case in CASES)
    oracle = ROOT / "tests" / "rigs" / "kramdown_oracle.rb"
    answer = subprocess.run(["ruby", str(oracle)], input=lines, capture_output=True, text=True)
    if "cannot load such file" in answer.stderr:
        pytest.skip("SKIPPED FOR WANT OF kramdown: install ruby-kramdown and ruby-kramdown-parser-gfm")
    assert answer.returncode == 0, answer.stderr
    return {one["name"]: one["html"] for one in map(json.loads, filter(None, answer.stdout.split("\n")))}


# CommonMark


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_an_expectation_means_what_kramdown_itself_makes(kramdown: dict[str, str], case: Path) -> None:
    expected = meaning(case.with_suffix(".html").read_text("utf-8"))
    same = _without_extras(expected) == _without_extras(meaning(kramdown[case.stem]))
    assert same != (case.stem in OTHER_THAN_KRAMDOWN)


def _without_extras(part: Any) -> Any:
    """A meaning without the classes, roles and ids of contents that only kramdown adds."""
    if isinstance(part, str) or part[0] == "pre":
        return part
    tag, attributes, parts = part
    if tag == "li" and len(parts) > 1 and parts[0][0] == "input":
        parts = [parts[0], parts[1].lstrip(), *parts[2:]]  # the box of a task
    kept = {
        name: value
        for name, value in attributes.items()
        if name in ("href", "src", "id", "title", "alt", "width", "style")
        and not value.startswith("markdown-toc")
    }
    return tag, kept, [_without_extras(one) for one in parts]


def test_nasty_text_takes_time_in_proportion_to_its_length() -> None:
    """In quadratic time one of these texts alone would take minutes; together they take seconds."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (90, 95))
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    command = [sys.executable, "-m", "tests.rigs.nasty_markdown", "100000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, preexec_fn=bound)
    assert done.stdout.splitlines()[-1:] == ["all"], done.stderr
