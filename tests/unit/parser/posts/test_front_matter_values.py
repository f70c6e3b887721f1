"""The values of a header that is well-formed: YAML, TOML and JSON, scalars as written."""

from __future__ import annotations

import json
import tomllib

import pytest
import yaml

from feeds.parser.posts.front_matter_values import (
    DEEPEST,
    LARGEST_HEADER,
    MOST_DOTS,
    load_json,
    load_toml,
    load_yaml,
    parse_constant,
    quote_value,
    read_json,
    read_simple_values,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("~", ""),
        ("null", ""),
        ("", ""),
        ("yes", "yes"),
        ("2021", "2021"),
        ("tRue", "tRue"),
    ],
)
def test_a_plain_scalar(text: str, value: object) -> None:
    assert parse_constant(text) is value or parse_constant(text) == value


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("title: A\ndraft: true\nempty:", {"title": "A", "draft": True, "empty": ""}),
        ("title: \"quoted: yes\"\ntag: 'a # b'", {"title": "quoted: yes", "tag": "a # b"}),
        ("time: 10:30", {"time": "10:30"}),
        ("title: a # comment", None),
        ("title: [a]", None),
        ("- a", None),
        ("title: a\n  more", None),
        ('title: "a\\n"', None),
    ],
)
def test_simple_lines_need_no_yaml(header: str, values: dict[str, object] | None) -> None:
    assert read_simple_values(header) == values
    if values is not None:
        assert load_yaml(header) == values


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("", {}),
        ("a: 1\nb: 2021-01-02\nc: 0x1F", {"a": "1", "b": "2021-01-02", "c": "0x1F"}),
        ("a: 'true'\nb: true", {"a": "true", "b": True}),
        ("a: [x, 1]\nb: {c: ~}", {"a": ["x", "1"], "b": {"c": ""}}),
        ("a: 1\na: 2", {"a": "2"}),
        ("a: &x 1\nb: *x", {"a": "1", "b": "1"}),
        ("base: &b {x: 1, y: 2}\n<<: *b\ny: 3", {"base": {"x": "1", "y": "2"}, "x": "1", "y": "3"}),
        ("<<: [{a: 1}, {a: 2, b: 3}]", {"a": "1", "b": "3"}),
        ("a: &unused 1", None),
        ("a: *none", None),
        ("a: !ruby/object x", None),
        ("- a", None),
        ("a: b: c", None),
        ("? [a]\n: b", None),
        ("a: 1\n---\nb: 2", None),
        ("a: " + "[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), None),
        ("a: " + "x" * LARGEST_HEADER, None),
    ],
)
def test_yaml(header: str, values: dict[str, object] | None) -> None:
    assert load_yaml(header) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('a = "x"\nb = 2021\nc = true', {"a": "x", "b": "2021", "c": True}),
        ("d = 2024-01-02 03:04:05 # when", {"d": "2024-01-02 03:04:05"}),
        ("f = 1_000\ng = 1.50", {"f": "1_000", "g": "1.50"}),
        (
            "[t]\na = 1\n[[l]]\nb = 1979-05-27T07:32:00Z",
            {"t": {"a": "1"}, "l": [{"b": "1979-05-27T07:32:00+00:00"}]},
        ),
        ("a =", None),
        ("a." * (MOST_DOTS + 1) + "a = 1", None),
        ("a = '" + "x" * LARGEST_HEADER + "'", None),
    ],
)
def test_toml(text: str, values: dict[str, object] | None) -> None:
    assert load_toml(text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            '{"a": 1, "b": 1.50, "c": null, "d": [true, {"e": 2}]}',
            {"a": "1", "b": "1.50", "c": "", "d": [True, {"e": "2"}]},
        ),
        ('{"a": 1} ', {"a": "1"}),
        ('{"a": 1} text', None),
        ("[1]", None),
        ("{", None),
    ],
)
def test_json(text: str, values: dict[str, object] | None) -> None:
    assert load_json(text) == values


def test_an_object_before_a_body() -> None:
    assert read_json('{"a": NaN}\nbody') == ({"a": "NaN"}, 10)
    assert read_json("body") is None


@pytest.mark.parametrize(
    "value", ["plain", 'a "b" \\ c', "a\nb\t", "\x7f\x85\u2028\ufeff\uffff", "茶 😀", ""]
)
def test_a_value_is_quoted_for_yaml_toml_and_json_alike(value: str) -> None:
    quoted = quote_value(value)
    assert json.loads(quoted) == value
    assert yaml.safe_load(quoted) == value
    assert tomllib.loads(f"a = {quoted}") == {"a": value}


def test_half_a_character_is_replaced() -> None:
    assert quote_value("a\ud800") == '"a\ufffd"'
