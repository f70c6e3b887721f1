"""Markdown in both dialects: cases beside their expectation, the library's events, and text made up to break it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pyromark
import pytest

from feeds.models import DIALECTS, Dialect
from feeds.sanitizer.markdown import choose_options, markdown_to_html
from feeds.sanitizer.markdown.writer import Writer
from tests.conftest import ROOT
from tests.rigs.meaning import meaning

CASES = sorted((ROOT / "tests" / "cases" / "markdown").glob("*.md"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_case_of_kramdown_has_its_meaning(case: Path) -> None:
    html = markdown_to_html(case.read_text("utf-8"), "kramdown")
    assert meaning(html) == meaning(case.with_suffix(".html").read_text("utf-8"))


@pytest.fixture(scope="module")
def specification() -> list[tuple[str, str]]:
    """The examples of CommonMark 0.31.2: Markdown and HTML."""
    stated = os.environ.get("COMMONMARK_SPEC")
    if not stated:
        pytest.skip("SKIPPED FOR WANT OF COMMONMARK_SPEC: the path of spec.txt of CommonMark 0.31.2")
    pattern = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", re.MULTILINE | re.DOTALL)
    text = Path(stated).read_text("utf-8").replace("\u2192", "\t")
    return pattern.findall(text)


def test_every_example_of_commonmark_means_what_it_says(specification: list[tuple[str, str]]) -> None:
    assert len(specification) == 655
    wrong = [
        text for text, html in specification if _exact(markdown_to_html(text, "commonmark")) != _exact(html)
    ]
    wrong += [text for text, html in specification if _exact(_written(text)) != _exact(html)]
    assert wrong == []


def _exact(html: str) -> str:
    """HTML with one way to write quotation marks in text, and no line breaks between tags."""
    return re.sub(r"\n+(?=<)|(?<=>)\n+", "", html.replace("&quot;", '"'))


def _written(text: str) -> str:
    """What the writer makes of CommonMark, without ids of headings."""
    events = pyromark.events_with_range(text, options=choose_options(), merge_text=True)
    return re.sub(r"(<h[1-6]) id=\"[^\"]*\"", r"\1", Writer("").write(events))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a | b", "<p>a | b</p>"),
        ("1) x", "<ol><li>x</li></ol>"),
        ("para\n{: .x}", "<p>para {: .x}</p>"),
        ("# A {#b}", '<h1 id="b">A</h1>'),
        ("[to](#a)\n\n# A", '<p><a href="#a">to</a></p><h1 id="a">A</h1>'),
        ("<div>\n*a*\n\n*b*\n</div>", "<div>\n*a*\n<p><em>b</em></p></div>"),
    ],
)
def test_commonmark_is_another_dialect(text: str, html: str) -> None:
    assert meaning(markdown_to_html(text, "commonmark")) == meaning(html)
    assert (
        meaning(markdown_to_html(text, "commonmark")) != meaning(markdown_to_html(text, "kramdown"))
        or "#" in text
    )


# Events of the library: each kind with its form, which other releases may change.


# What both dialects promise


@pytest.mark.parametrize("dialect", DIALECTS)
def test_half_a_character_and_nul_are_replaced(dialect: Dialect) -> None:
    assert meaning(markdown_to_html("a\ud800b\0c", dialect)) == meaning("<p>a?b\ufffdc</p>")
    assert meaning(markdown_to_html("a\r\nb\r\rc", dialect)) == meaning("<p>a b</p><p>c</p>")


# Parts


# Text made up to break it
