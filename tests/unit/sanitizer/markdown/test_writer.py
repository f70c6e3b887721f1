"""The writer of CommonMark writes what the library writes."""

from __future__ import annotations

from typing import Any

import pyromark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.sanitizer.markdown import choose_options, markdown_to_html
from tests.rigs.examples import examples
from tests.rigs.meaning import meaning
from tests.unit.sanitizer.markdown.test_markdown import _written

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
