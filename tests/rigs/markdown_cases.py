"""Cases of kramdown: a text beside the HTML that means the same."""

from __future__ import annotations

from feeds.sanitizer.markdown import markdown_to_html
from tests.conftest import ROOT
from tests.rigs.meaning import meaning

FOLDER = ROOT / "tests" / "cases" / "markdown"


def assert_case(name: str) -> None:
    """Convert the text of a case, and compare what it means with the expectation."""
    html = markdown_to_html((FOLDER / f"{name}.md").read_text("utf-8"), "kramdown")
    assert meaning(html) == meaning((FOLDER / f"{name}.html").read_text("utf-8")), name
