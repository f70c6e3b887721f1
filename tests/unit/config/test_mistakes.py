"""Mistakes have the line of their key and a suggestion."""

from __future__ import annotations

import pytest

from feeds.config.mistakes import Mistakes, find_lines, get_line, suggest

TEXT = """\
[site]
title = "T"
note = '''
[output]
dir = "x"
'''
"a.b" = 1
[[sources]]
name = "n"
[[sources]]   # the second
path.x = "p"
[[serve.private]]
feed = "f"
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("site", 1),
        ("site.title", 2),
        ("site.a.b", 7),
        ("site.missing", 1),
        ("output.dir", 0),
        ("sources", 8),
        ("sources[0].name", 9),
        ("sources[1]", 10),
        ("sources[1].path.x", 11),
        ("sources[1].url", 10),
        ("serve.private[0].feed", 13),
        ("sources[2].url", 8),
        ("limits.terms", 0),
    ],
)
def test_a_key_has_its_line_or_that_of_its_table(key: str, line: int) -> None:
    assert get_line(find_lines(TEXT), key) == line


def test_the_report_follows_the_file_and_keeps_each_mistake_in_one_line() -> None:
    mistakes = Mistakes()
    assert not mistakes
    for key, text in (("limits", "is wrong"), ("sources[1].path", "is missing"), ("site.a\nb", "is odd")):
        mistakes.add(key, text)
    assert mistakes
    assert "limits" in mistakes
    assert "site" not in mistakes
    assert mistakes.report("f.toml", TEXT) == [
        "f.toml:1: site.a\\nb: is odd",
        "f.toml:10: sources[1].path: is missing",
        "f.toml: limits: is wrong",
    ]


HERE = {"title": None, "path": None}
ELSEWHERE = {"formats": "[output]", "timeout": "[[sources]]", "title": "[[sources]]"}


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("pth", "; did you mean `path`?"),
        ("formats", "; it belongs to [output]"),
        ("fromats", "; did you mean `formats`, which belongs to [output]?"),
        ("titel", "; did you mean `title`?"),
        ("xyz", "; known are title, path"),
    ],
)
def test_an_unknown_key_gets_the_most_useful_suggestion(name: str, end: str) -> None:
    assert suggest(name, HERE, ELSEWHERE) == end
