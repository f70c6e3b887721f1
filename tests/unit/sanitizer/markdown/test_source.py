"""The text that is read, and what is written of it."""

from __future__ import annotations

import pytest

from feeds.sanitizer.markdown.marks import Marks
from feeds.sanitizer.markdown.source import SEPARATOR, Source, expand_indent
from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize("name", ["link-definitions", "fences", "html-blocks"])
def test_cases(name: str) -> None:
    assert_case(name)


def test_reading_and_writing() -> None:
    source = Source("one\ntwo   \nthree", Marks())
    assert source.read_line() == "one"
    assert not source.is_within_line()
    assert source.find_end_of_line(5) == 10
    source.skip_to(5)
    assert source.position == 5
    assert source.is_within_line()
    source.skip_to(7)
    assert source.position == 11, "nothing but space was left of the line"
    source.lines.append("a")
    source.write_verbatim("code", lambda text, _: text.upper())
    source.write_block("mark", 2)
    assert source.needs_writer
    assert source.finish(lambda text, _: text.upper()) == f"A\ncode\n{SEPARATOR}\n  MARK\n{SEPARATOR}"


def test_tabs_of_an_indent_are_spaces() -> None:
    assert expand_indent("\ta\tb") == "    a\tb"
    assert expand_indent(" \ta") == "    a"
    assert expand_indent("  a") == "  a"
