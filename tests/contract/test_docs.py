"""What the documentation names is there: tests and rules."""

from __future__ import annotations

import re

from tests.conftest import ROOT

_CITATION = re.compile(r"(\w+ )?\brules? (\d+)(?: (and|to) (\d+))?", re.IGNORECASE)


def find_cited_rules(text: str) -> set[tuple[str, int]]:
    """Return the kind and number of every rule that a text cites: ``identity rules 1 to 3`` cites three."""
    cited = set()
    for kind, first, joint, last in _CITATION.findall(re.sub(r"\s+#?\s*", " ", text)):
        numbers = range(int(first), int(last) + 1) if joint == "to" else (int(n) for n in (first, last) if n)
        cited |= {(kind.strip().lower(), number) for number in numbers}
    return cited


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


def test_each_rule_that_code_cites_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "reference" / "identity.md").read_text("utf-8")
    known = {("identity", int(number)) for number in re.findall(r"^### Rule (\d+):", reference, re.MULTILINE)}
    known |= {("address", int(number)) for number in re.findall(r"Address rule (\d+)", reference)}
    lost = [
        f"{path.relative_to(ROOT)}: {kind} rule {number}"
        for path in sorted((ROOT / "feeds").rglob("*.py"))
        for kind, number in sorted(find_cited_rules(path.read_text("utf-8")))
        if (kind, number) not in known
    ]
    assert lost == []


def test_citations_of_rules_are_found() -> None:
    text = "Identity rules 1 to 3, identity\n    # rule 7; address rules 2 and 3; see rule 12."
    assert find_cited_rules(text) == {
        *(("identity", number) for number in (1, 2, 3, 7)),
        ("address", 2),
        ("address", 3),
        ("see", 12),
    }
