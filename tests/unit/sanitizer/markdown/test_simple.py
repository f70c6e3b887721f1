"""The library writes what the writer would, for the texts that it may write."""

from __future__ import annotations

import re

import pyromark
from hypothesis import given
from hypothesis import strategies as st

from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import choose_options
from feeds.sanitizer.markdown.kramdown_writer import KramdownWriter
from feeds.sanitizer.markdown.lines import prepare
from feeds.sanitizer.markdown.marks import MARK, Marks
from feeds.sanitizer.markdown.simple import write_simply
from feeds.sanitizer.markdown.source import Source
from tests.rigs.examples import examples
from tests.rigs.meaning import meaning
from tests.unit.sanitizer.markdown.test_markdown import CASES

_TOKENS = (
    "{: .x}", "{: #a}", "{:toc}", "{:x: .y}", "{::comment}", "{:/comment}", "{::nomarkdown}", "{:/}", "* ", "- ", "1. ",
    "\n", "\n", "\n\n", "    ", "  ", "\t", "|", "|---|", "===", "---", "```", "~~~", "> ", "# ", "[^1]", "[^1]: ",
    "*[A]: b", "A", "^", "<div>", "</div>", '<div markdown="1">', '<p markdown="1">', "<p>", "</p>", "<code>",
    "</code>", "<font>", "</font>", "`", "``", "$$", "text", "**", "*", "_", "~~", "~", "[a](b)", "[a]: /u", "[a]",
    "](b c)", "[a\\_b]", "](", "[", "<!--", "-->", "\\", "\\\\", "\\|", "&amp;", "<", ">", '"', "{#id}", "中文", "“",
    "”", " ", MARK, f"{MARK}0{MARK}", "\0", "1) ", ": ", "é", "<http://x.example>", "<K, V>", "- [ ] ", "****", "\ud800",
)  # fmt: skip


def _ways(text: str) -> tuple[str | None, str]:
    """What the library itself and the writer make of a text in kramdown's dialect, without ids of headings."""
    source = Source(text, Marks())
    prepared = prepare(source)
    options = choose_options() & ~pyromark.Options.ENABLE_HEADING_ATTRIBUTES
    events = pyromark.events_with_range(
        prepared, options=options, merge_text=True, broken_link_callback=source.resolve_link
    )
    simply = write_simply(prepared, source, options)
    written = KramdownWriter(source, prepared, "").write(events)
    return simply, re.sub(r"(<h[1-6]) id=\"[^\"]*\"", r"\1", written)


@examples(500)
@given(
    st.lists(st.sampled_from([one for one in _TOKENS if one not in ("\ud800", "\0")]), max_size=14).map(
        "".join
    )
)
def test_the_shorter_way_through_kramdown_means_the_same(text: str) -> None:
    simply, written = _ways(text)
    if simply is not None:
        clean = [clean_html(html, "https://a.example/") for html in (simply, written)]
        assert meaning(clean[0]) == meaning(clean[1])


def test_the_shorter_way_through_the_cases_means_the_same() -> None:
    taken = 0
    for case in CASES:
        whole = case.read_text("utf-8")
        for text in (whole, *whole.split("\n\n")):
            simply, written = _ways(text)
            assert simply is None or meaning(simply) == meaning(written), text
            taken += simply is not None
    assert taken > 50
