"""Texts of a header, and the lines of its keys."""

from __future__ import annotations

import pytest

from feeds.models import Repair
from feeds.parser.posts.front_matter import FrontMatter
from feeds.parser.posts.header_fields import HeaderFields

TEXT = """\
---
title: Tea
 Indented : x
"quoted": y
{json: z
toml = t
汉字：w
CASE: c
titled: no
---
later: body
"""


def build(**values: object) -> HeaderFields:
    return HeaderFields(TEXT, FrontMatter("yaml", values, "later: body\n", 11), values, [])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Green \n\ttea ", "Green tea"),
        ("~", ""),
        ("null", ""),
        ("Null", "Null"),
        ("", ""),
        (["a"], ""),
        (5, ""),
        (True, ""),
        (None, ""),
    ],
)
def test_only_a_text_is_read(value: object, text: str) -> None:
    assert build(key=value).read_text("key") == text
    assert build().read_text("key") == ""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("title", 2),
        ("indented", 3),
        ("quoted", 4),
        ("json", 5),
        ("toml", 6),
        ("汉字", 7),
        ("case", 8),
        ("titled", 9),
        ("tit", 1),
        ("t.tle", 1),
        ("later", 1),
    ],
)
def test_a_key_is_found_in_its_line_of_the_header(key: str, line: int) -> None:
    assert build().find_line(key) == line


def test_a_repair_names_line_key_and_value() -> None:
    fields = build(json="z")
    fields.add_repair("json", "rule", "new")
    fields.add_repair("missing", "rule", "new")
    assert fields.repairs == [Repair(5, "rule", "json: z", "new"), Repair(1, "rule", "missing: ", "new")]
