"""What the documentation names is there: tests and rules."""

from __future__ import annotations

import re

from tests.conftest import ROOT


def test_the_threat_model_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = set(re.findall(r"`([\w/]*test_\w+\.py)::(test_\w+)`", text))
    assert len(named) > 30
    missing = [
        f"{file}::{test}"
        for file, test in sorted(named)
        if not (ROOT / "tests" / file).is_file()
        or f"def {test}(" not in (ROOT / "tests" / file).read_text("utf-8")
    ]
    assert missing == []
