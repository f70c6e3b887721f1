"""Broken headers: each kind of mistake is repaired on its own line, under its name, and harms no other key."""

from __future__ import annotations

import pytest

from feeds.parser.posts.front_matter_repair import (
    MOST_LINES,
    has_known_key,
    interpret_value,
    is_key_line,
    repair_json,
    repair_toml,
    repair_yaml,
)


@pytest.mark.parametrize(
    ("line", "is_key", "is_known"),
    [
        ("title: A", True, True),
        ("  Title : A", True, True),
        ('"tags": A', True, True),
        ("标题: A", True, False),
        ("note: A", True, False),
        ("title：A", True, True),
        ("note：A", False, False),
        ("- title: A", False, False),
        ("- 12:30", False, False),
        ("https://a.example/", False, False),
        ("prose", False, False),
        ("", False, False),
    ],
)
def test_a_line_with_a_key(line: str, is_key: bool, is_known: bool) -> None:
    assert (is_key_line(line), has_known_key(line)) == (is_key, is_known)


@pytest.mark.parametrize(
    ("key", "text", "value", "rule"),
    [
        ("tags", "[a, 'b', \"c\"", ["a", "b", "c"], "broken-list"),
        ("x", "[a, b]", ["a", "b"], "broken-list"),
        ("x", "[a", "[a", "unquoted-character"),
        ("title", "[a] b]", "[a] b]", "unquoted-character"),
        ("title", "A: b", "A: b", "unquoted-colon"),
        ("title", "at 12:30", "at 12:30", "unquoted-text"),
        ("title", "@a", "@a", "unquoted-character"),
        ("title", '"a', "a", "missing-quote"),
        ("title", '"a "b" c"', 'a "b" c', "unescaped-quote"),
        ("title", r'"a \d"', r"a \d", "unknown-escape"),
        ("title", "'it''s it's'", "it's it's", "unescaped-quote"),
        ("title", '"a" b', '"a" b', "unescaped-quote"),
        ("title", '"a "b"" # why', 'a "b"', "unescaped-quote"),
    ],
)
def test_what_a_broken_value_means(key: str, text: str, value: object, rule: str) -> None:
    assert interpret_value(key, text) == (value, rule)


@pytest.mark.parametrize(
    ("header", "values", "repairs"),
    [
        (
            'title: "a "b""\nlang: de',
            {"title": 'a "b"', "lang": "de"},
            [(2, "unescaped-quote", "title: 'a \"b\"'")],
        ),
        ("lang: de\ntitle: A: b", {"lang": "de", "title": "A: b"}, [(3, "unquoted-colon", 'title: "A: b"')]),
        ("title:A\nlang: de: x", {"title": "A", "lang": "de: x"}, None),
        ("title：A\nx: [", {"title": "A", "x": "["}, None),
        ("tags:\n\t- a\n\t- b", {"tags": ["a", "b"]}, [(3, "tab", "  - a"), (4, "tab", "  - b")]),
        ("tags: [a,\n  b: c, d", {"tags": ["a", "b: c", "d"]}, None),
        ("title: a\nstray\nlang: @x", {"title": "a stray", "lang": "@x"}, None),
        ("lang: a\n<<<<<<< HEAD\ntitle: b", {"lang": "a", "title": "b"}, [(3, "no-key", "")]),
        ("title: a\n  lang: de", {"title": "a", "lang": "de"}, [(3, "bad-indent", "lang: de")]),
        ("tags:\n- 'a\n- b", {"tags": ["a", "b"]}, None),
    ],
)
def test_each_mistake_of_yaml(
    header: str, values: object, repairs: list[tuple[int, str, str]] | None
) -> None:
    found, made = repair_yaml(header, 2)
    assert found == values
    assert made
    if repairs is not None:
        assert [(repair.line, repair.rule, repair.new) for repair in made] == repairs
        assert all(repair.old == header.split("\n")[repair.line - 2] for repair in made)


def test_a_long_header_is_read_line_by_line() -> None:
    long = "title: 'a'\n" + "# x\n" * (MOST_LINES - 2)
    assert "long-header" not in [repair.rule for repair in repair_yaml(long + "lang: @", 2)[1]]
    found, made = repair_yaml(long + "\nlang: de\nnumber: 3\n below: x", 2)
    assert found == {"title": "a", "lang": "de", "number": "3"}
    assert [(repair.line, repair.rule) for repair in made] == [(2, "long-header")]
    found, made = repair_toml('title = "a"\n' * (MOST_LINES + 1), 2)
    assert (found, [repair.rule for repair in made]) == ({"title": "a"}, ["long-header"])


def test_toml_keeps_tables_and_repairs_the_line_of_a_mistake() -> None:
    found, made = repair_toml('title = A "b"\nlang = "de"\n[author]\nname = "N"', 2)
    assert found == {"title": 'A "b"', "lang": "de", "author": {"name": "N"}}
    assert [(repair.line, repair.rule, repair.old) for repair in made] == [
        (2, "unquoted-text", 'title = A "b"')
    ]
    assert repair_toml("prose\nlang = 'de'", 2)[0] == {"lang": "de"}
    assert repair_toml("title =\nlang = 'de'", 2)[0] == {"title": "", "lang": "de"}
    found, made = repair_toml("lang = 'de'\nlang = 'en'", 7)
    assert found == {"lang": "en"}
    assert [(repair.line, repair.rule, repair.old) for repair in made] == [
        (7, "broken-header", "lang = 'de'")
    ]


def test_json_repairs_each_outer_key_by_itself() -> None:
    found, made = repair_json('{\n  "title": "a "b"",\n  "n": {\n    "x": 1\n  },\n  "tags": ["a",]\n}', 1)
    assert found == {"title": 'a "b"', "n": {"x": "1"}, "tags": ["a"]}
    assert [(repair.line, repair.rule) for repair in made] == [(2, "unescaped-quote"), (6, "broken-list")]
    assert made[0].old == '  "title": "a "b"",'
    found, made = repair_json('{"a": 1,\n"b": 2,\n}', 5)
    assert found == {"a": "1", "b": "2"}
    assert [(repair.line, repair.rule) for repair in made] == [(5, "broken-header")]


def test_toml_keeps_a_value_of_several_lines_beside_a_mistake() -> None:
    found, made = repair_toml('title = A "b"\ntags = [\n  "x",\n  "y",\n]\nlang = "de"', 2)
    assert found == {"title": 'A "b"', "tags": ["x", "y"], "lang": "de"}
    assert [(repair.line, repair.rule) for repair in made] == [(2, "unquoted-text")]
