"""Headings: their ids and the table of contents."""

from __future__ import annotations

import re

import pytest

from feeds.models import DIALECTS, Dialect
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.markdown.headings import Heading, HeadingIds, write_contents
from tests.rigs.markdown_cases import assert_case


@pytest.mark.parametrize("dialect", DIALECTS)
def test_headings_have_ids_once_each(dialect: Dialect) -> None:
    html = markdown_to_html("[to](#a)\n\n# A\n\n# A\n\n# `B` *c*, d!\n\n# 中文 e\n\n# !", dialect)
    assert re.findall(r"<h1 id=\"([^\"]*)\"", html) == ["a", "a-1", "b-c-d", "中文-e", "section"]


@pytest.mark.parametrize("name", ["headings", "table-of-contents"])
def test_cases(name: str) -> None:
    assert_case(name)


def test_the_table_of_contents_is_nested() -> None:
    levels = (2, 3, 3, 2, 4, 1)
    headings = [Heading(level, f"h{n}", f"<i>{n}</i>", [], 0) for n, level in enumerate(levels)]
    link = '<li><a href="#h{0}"><i>{0}</i></a>'
    assert write_contents(headings) == (
        "<ul>" + link.format(0) + "<ul>" + link.format(1) + "</li>" + link.format(2) + "</li></ul></li>"
        + link.format(3) + "<ul>" + link.format(4) + "</li></ul></li>" + link.format(5) + "</li></ul>"
    )  # fmt: skip
    assert write_contents([]) == ""


def test_ids_of_texts() -> None:
    ids = HeadingIds()
    found = [ids.make(text) for text in (" A b!", "a b", "a\tb", "?", "a_b-c")]
    assert found == ["a-b", "a-b-1", "a-b-2", "section", "a_b-c"]
