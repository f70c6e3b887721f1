"""Markdown in both dialects: cases beside their expectation, the library's events, and text made up to break it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pyromark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.models import DIALECTS, Dialect
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import choose_options, markdown_to_html
from feeds.sanitizer.markdown.elements import BLOCK_ELEMENTS
from feeds.sanitizer.markdown.kramdown_writer import KramdownWriter
from feeds.sanitizer.markdown.lines import prepare
from feeds.sanitizer.markdown.marks import APART, MARK, Marks, parse_attributes
from feeds.sanitizer.markdown.simple import write_simply
from feeds.sanitizer.markdown.source import Source
from feeds.sanitizer.markdown.tables import split_cells
from feeds.sanitizer.markdown.writer import Writer
from tests.conftest import ROOT
from tests.rigs.examples import examples
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


TEXTS = {
    "headings": "# One\n\nTwo\n---\n",
    "paragraphs": 'a  \nb\nc\\\nd & <e> "f"\n\n***\n',
    "emphasis": "*a* **b** ***c*** ~~d~~ `e < f`\n",
    "links": '[a](/b "c") <https://d.example/é> <f@g.example> ![h *i*](/j "k") ![l ![m](n)](o)\n',
    "lists": "- a\n- b\n\n3. c\n4. d\n\n- [ ] e\n- [x] f\n",
    "loose": "- a\n\n- b\n",
    "quotes": "> a\n>\n> > b\n",
    "code": "    a\n\n```js x\n<b>\n```\n",
    "tables": "| a | b |\n|:--|--:|\n| c | `d` |\n",
    "definitions": "a\n: b\n\n: c\n",
    "html": "<div>\n*a*\n</div>\n\nb <i>c</i>\n",
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_writer_writes_what_the_library_writes(name: str) -> None:
    assert meaning(_written(TEXTS[name])) == meaning(pyromark.html(TEXTS[name], options=choose_options()))


@examples(200)
@given(st.lists(st.sampled_from(sorted(TEXTS.values())), max_size=6).map("\n".join))
def test_both_ways_through_commonmark_mean_the_same(text: str) -> None:
    assert meaning(_written(text)) == meaning(markdown_to_html(text, "commonmark"))


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

EVENTS: dict[str, tuple[str, list[Any]]] = {
    "text": ("a", [{"Start": "Paragraph"}, {"Text": "a"}, {"End": "Paragraph"}]),
    "breaks": ("a\nb  \nc", [{"Start": "Paragraph"}, {"Text": "a"}, "SoftBreak", {"Text": "b"}, "HardBreak",
                             {"Text": "c"}, {"End": "Paragraph"}]),
    "rule": ("***", ["Rule"]),
    "heading": ("## a {#b .c}", [
        {"Start": {"Heading": {"level": "H2", "id": "b", "classes": ("c",), "attrs": ()}}}, {"Text": "a"},
        {"End": {"Heading": "H2"}}]),
    "quotation": ("> a", [{"Start": {"BlockQuote": None}}, {"Start": "Paragraph"}, {"Text": "a"}, {"End": "Paragraph"},
                          {"End": {"BlockQuote": None}}]),
    "indented code": ("    a", [{"Start": {"CodeBlock": "Indented"}}, {"Text": "a"}, {"End": "CodeBlock"}]),
    "fence": ("```b c\na\n```", [{"Start": {"CodeBlock": {"Fenced": "b c"}}}, {"Text": "a\n"}, {"End": "CodeBlock"}]),
    "html block": ("<div>\na", [{"Start": "HtmlBlock"}, {"Html": "<div>\n"}, {"Html": "a"}, {"End": "HtmlBlock"}]),
    "bullets": ("- a", [{"Start": {"List": None}}, {"Start": "Item"}, {"Text": "a"}, {"End": "Item"},
                        {"End": {"List": False}}]),
    "numbers": ("3. a", [{"Start": {"List": 3}}, {"Start": "Item"}, {"Text": "a"}, {"End": "Item"},
                         {"End": {"List": True}}]),
    "task": ("- [x] a", [{"Start": {"List": None}}, {"Start": "Item"}, {"TaskListMarker": True}, {"Text": "a"},
                         {"End": "Item"}, {"End": {"List": False}}]),
    "code": ("`a`", [{"Start": "Paragraph"}, {"Code": "a"}, {"End": "Paragraph"}]),
    "inline html": ("a <b>", [{"Start": "Paragraph"}, {"Text": "a "}, {"InlineHtml": "<b>"}, {"End": "Paragraph"}]),
    "emphasis": ("*a* **b** ~~c~~", [
        {"Start": "Paragraph"}, {"Start": "Emphasis"}, {"Text": "a"}, {"End": "Emphasis"}, {"Text": " "},
        {"Start": "Strong"}, {"Text": "b"}, {"End": "Strong"}, {"Text": " "}, {"Start": "Strikethrough"},
        {"Text": "c"}, {"End": "Strikethrough"}, {"End": "Paragraph"}]),
    "link": ('[a](b "c")', [
        {"Start": "Paragraph"}, {"Start": {"Link": {"link_type": "Inline", "dest_url": "b", "title": "c", "id": ""}}},
        {"Text": "a"}, {"End": "Link"}, {"End": "Paragraph"}]),
    "mail": ("<a@b.c>", [
        {"Start": "Paragraph"}, {"Start": {"Link": {"link_type": "Email", "dest_url": "a@b.c", "title": "", "id": ""}}},
        {"Text": "a@b.c"}, {"End": "Link"}, {"End": "Paragraph"}]),
    "image": ("![a](b)", [
        {"Start": "Paragraph"}, {"Start": {"Image": {"link_type": "Inline", "dest_url": "b", "title": "", "id": ""}}},
        {"Text": "a"}, {"End": "Image"}, {"End": "Paragraph"}]),
    "table": ("|a|\n|-:|\n|b|", [
        {"Start": {"Table": ("Right",)}}, {"Start": "TableHead"}, {"Start": "TableCell"}, {"Text": "a"},
        {"End": "TableCell"}, {"End": "TableHead"}, {"Start": "TableRow"}, {"Start": "TableCell"}, {"Text": "b"},
        {"End": "TableCell"}, {"End": "TableRow"}, {"End": "Table"}]),
    "definition": ("a\n: b", [
        {"Start": "DefinitionList"}, {"Start": "DefinitionListTitle"}, {"Text": "a"}, {"End": "DefinitionListTitle"},
        {"Start": "DefinitionListDefinition"}, {"Text": "b"}, {"End": "DefinitionListDefinition"},
        {"End": "DefinitionList"}]),
    "note": ("[^a]\n\n[^a]: b", [
        {"Start": "Paragraph"}, {"FootnoteReference": "a"}, {"End": "Paragraph"},
        {"Start": {"FootnoteDefinition": "a"}}, {"Start": "Paragraph"}, {"Text": "b"}, {"End": "Paragraph"},
        {"End": "FootnoteDefinition"}]),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTS)
def test_the_library_gives_events_in_the_form_that_the_writer_reads(name: str) -> None:
    text, expected = EVENTS[name]
    found = pyromark.events_with_range(text, options=choose_options(), merge_text=True)
    assert [event for event, _ in found] == expected


def test_places_of_events_are_bytes() -> None:
    found = {
        str(event): where
        for event, where in pyromark.events_with_range("é *a*", options=choose_options(), merge_text=True)
    }
    assert found["{'Start': 'Emphasis'}"] == {"start": 3, "end": 6}


# What both dialects promise


@pytest.mark.parametrize("dialect", DIALECTS)
def test_notes_of_two_posts_on_one_page_differ(dialect: Dialect) -> None:
    text = "a[^1] b[^1]\n\n[^1]: note"
    one, other = markdown_to_html(text, dialect, "p1-"), markdown_to_html(text, dialect, "p2-")
    ids = [set(re.findall(r"id=\"([^\"]*)\"", html)) for html in (one, other)]
    assert ids[0] == {"fn:p1-1", "fnref:p1-1", "fnref:p1-1:1"}
    assert not ids[0] & ids[1]
    assert set(re.findall(r"href=\"#([^\"]*)\"", one)) <= ids[0]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_notes_are_numbered_as_the_text_refers_to_them(dialect: Dialect) -> None:
    html = clean_html(
        markdown_to_html("> a[^x]\n\nb[^y] c[^x]\n\n[^y]: Y\n[^x]: X[^z]\n[^z]: Z\n[^no]: N", dialect),
        "https://a.example/",
    )
    assert re.findall(r">(\d)<", html) == ["1", "2", "1", "3", "2"]
    assert html.index(">X") < html.index(">Y") < html.index(">Z")
    assert "N" not in re.sub(r"<[^>]*>", "", html)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_headings_have_ids_once_each(dialect: Dialect) -> None:
    html = markdown_to_html("[to](#a)\n\n# A\n\n# A\n\n# `B` *c*, d!\n\n# 中文 e\n\n# !", dialect)
    assert re.findall(r"<h1 id=\"([^\"]*)\"", html) == ["a", "a-1", "b-c-d", "中文-e", "section"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_half_a_character_and_nul_are_replaced(dialect: Dialect) -> None:
    assert meaning(markdown_to_html("a\ud800b\0c", dialect)) == meaning("<p>a?b\ufffdc</p>")
    assert meaning(markdown_to_html("a\r\nb\r\rc", dialect)) == meaning("<p>a b</p><p>c</p>")


def test_the_text_has_no_mark_of_its_own() -> None:
    assert meaning(markdown_to_html(f"a{MARK}0{MARK} *b*{{: title='x'}}", "kramdown")) == meaning(
        "<p>a0 <em title='x'>b</em></p>"
    )
    assert markdown_to_html(f"a{MARK}b", "commonmark") == f"<p>a{MARK}b</p>\n"


# Parts


def test_what_marks_stood_for_comes_back_whole() -> None:
    marks = Marks()
    inner = marks.keep("text", "in")
    outer = marks.keep("html", f"<b>{inner}</b>")
    assert marks.restore(f"1 {outer}.{APART} 2{APART}10{APART}") == "1 <b>in</b>. 210"
    assert marks.restore(f"{MARK}7{MARK}{MARK}") == MARK


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("#a .b .c", {"id": "a", "class": "b c"}),
        ("k=\"v w\" l='x\\'y' m=z", {"k": "v w", "l": "x'y"}),
        ("known .d", {"class": "e d", "n": "1"}),
        ("unknown", {}),
    ],
)
def test_an_attribute_list(text: str, attributes: dict[str, str]) -> None:
    assert parse_attributes(text, {"known": '.e n="1" known'}) == attributes


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a | b", ["a", "b"]),
        ("| a | b |", ["a", "b"]),
        ("a |", ["a"]),
        ("no pipe", []),
        (r"a \| b | c", [r"a \| b", "c"]),
        ("`a|b` | ``c`|`d``", [r"`a\|b`", r"``c`\|`d``"]),
        ("`a | b", ["`a", "b"]),
        ("<code>a|b</code> | c", ["<code>a&#124;b</code>", "c"]),
    ],
)
def test_the_cells_of_a_row(line: str, cells: list[str]) -> None:
    assert split_cells(line) == cells


# Text made up to break it

_TOKENS = (
    "{: .x}", "{: #a}", "{:toc}", "{:x: .y}", "{::comment}", "{:/comment}", "{::nomarkdown}", "{:/}", "* ", "- ", "1. ",
    "\n", "\n", "\n\n", "    ", "  ", "\t", "|", "|---|", "===", "---", "```", "~~~", "> ", "# ", "[^1]", "[^1]: ",
    "*[A]: b", "A", "^", "<div>", "</div>", '<div markdown="1">', '<p markdown="1">', "<p>", "</p>", "<code>",
    "</code>", "<font>", "</font>", "`", "``", "$$", "text", "**", "*", "_", "~~", "~", "[a](b)", "[a]: /u", "[a]",
    "](b c)", "[a\\_b]", "](", "[", "<!--", "-->", "\\", "\\\\", "\\|", "&amp;", "<", ">", '"', "{#id}", "中文", "“",
    "”", " ", MARK, f"{MARK}0{MARK}", "\0", "1) ", ": ", "é", "<http://x.example>", "<K, V>", "- [ ] ", "****", "\ud800",
)  # fmt: skip


@examples(500)
@given(st.lists(st.sampled_from(_TOKENS), max_size=30).map("".join))
def test_no_mark_is_left_in_the_html(text: str) -> None:
    html = markdown_to_html(text, "kramdown")
    assert not {*APART} & {*html}
    assert "\0" not in html + markdown_to_html(text, "commonmark")
    html.encode()


_BLOCKS = st.sampled_from([
    "<p>文字</p>", " <p>a <b>b</b></p>", '<center><img src="/i.png"></center>', "<table><tr><td>1</td></tr></table>",
    "<p>x\n\ny</p>", "<div>\n<p>in</p>\n</div>", "<p class='m'>（来源）</p>", "<ul><li>*a*</li></ul>", "<h2>A</h2>",
])  # fmt: skip


@examples(200)
@given(st.lists(_BLOCKS, min_size=1, max_size=7))
def test_simple_blocks_are_taken_as_any_are(blocks: list[str]) -> None:
    """A comment in each keeps them from the shorter way."""
    commented = [re.sub(r"(?=</\w+>$)", "<!-- -->", block) for block in blocks]
    one, other = ("\n\n".join(parts) for parts in (blocks, commented))
    assert meaning(markdown_to_html(one)) == meaning(markdown_to_html(other))


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


def test_elements_that_begin_a_block_are_text_within_one() -> None:
    for name in sorted(BLOCK_ELEMENTS):
        assert f"&lt;{name}&gt;" in markdown_to_html(f"a <{name}> b", "kramdown")
