"""No regular expression of the program takes more than linear time for any text from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

OF_USERS = ["feeds.config.checks", "feeds.values.patterns"]
"""Compile the patterns of users: RE2 runs them, and a deadline bounds those that it refuses."""
CPU_SECONDS = 40
PLANTED = {
    "module": r"SPACES = re.compile(r'a\s*b?\s*c?\s*d')",
    "function": "def find(text):\n    return re.search(r'(x+x+)+y', text)",
    "cached": "def _compile():\n    return re.compile('|'.join(['<[^>]*>z', 'q']))\n\ndef use(t):\n    return _compile().search(t)",
    "attribute": "class Reader:\n    LINE = re.compile(r'(a|a)*b')",
    "table": r"MARKS = {'end': re.compile(rb'\s+$')}",
    "lookahead": "TAG = re.compile(r'<(?=.*>)')\n\ndef tags(text):\n    return TAG.sub('', text)",
    "local": "def end(text, mark):\n    return re.search(rf'{mark}.*{mark}.*{mark}z', text)",
    "anchored": "HEAD = re.compile(r'[^:]*:')\n\ndef head(text):\n    return HEAD.match(text)",
    "plain": "WORD = re.compile(r'\\w+')\n\ndef words(text):\n    return WORD.findall(text)",
}
"""Modules, each with one pattern; those of the last two are linear as they are used."""


def pump(package: str, folder: Path) -> dict[str, Any]:
    """Return the report of the rig, which runs in a process of its own with a bound for its CPU time."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.rigs.pattern_pump", package],
        capture_output=True,
        text=True,
        timeout=400,
        cwd=ROOT,
        env={"PYTHONPATH": f"{folder}:{ROOT}", "PYTHONHASHSEED": "0"},
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0, f"ended by {run.returncode} at {lines[-1:]}: {run.stderr[-2000:]}"
    report: dict[str, Any] = json.loads(lines[-1])
    return report


def test_every_pattern_takes_linear_time() -> None:
    report = pump("feeds", ROOT)
    assert report["slow"] == []
    assert [place.partition(":")[0] for place in report["unknown"]] == OF_USERS
    assert report["patterns"] > 350
    assert report["cpu"] < CPU_SECONDS


def test_planted_patterns_are_found_wherever_they_are(tmp_path: Path) -> None:
    package = tmp_path / "planted"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, source in PLANTED.items():
        (package / f"{name}.py").write_text(f"import re\n\n{source}\n", "utf-8")
    report = pump("planted", tmp_path)
    assert report["unknown"] == []
    assert report["patterns"] == len(PLANTED)
    found = {one["where"].partition(":")[0].removeprefix("planted.") for one in report["slow"]}
    assert found == set(PLANTED) - {"anchored", "plain"}
