"""Filters of Jekyll over lists give what Jekyll 4 gives."""

from __future__ import annotations

import pytest

from feeds.parser.posts.liquid import render_liquid

SCOPE = {
    "people": [
        {"name": "Zoe", "age": "40", "team": "red"},
        {"name": "Abe", "age": "7", "team": "blue"},
        {"name": "Mia", "age": "22", "team": "red", "tags": ["a", "b"]},
    ],
    "list": ["b", "a", "c", "a"],
    "map": {"one": "1", "two": {"x": "y"}},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("people | where: 'team', 'red' | map: 'name' | join: ','", "Zoe,Mia"),
        ("people | where: 'age', 7 | map: 'name'", "Abe"),
        ("people | where: 'age', '7' | map: 'name'", "Abe"),
        ("people | where: 'tags', 'b' | map: 'name'", "Mia"),
        ("people | where: 'tags', nil | map: 'name' | join: ','", "Zoe,Abe"),
        ("people | where_exp: 'p', 'p.age > 10' | map: 'name' | join: ','", "Zoe,Mia"),
        ("people | where_exp: 'p', \"p.team == 'red' and p.age > 30\" | map: 'name'", "Zoe"),
        ("list | where_exp: 'i', \"i != 'a'\" | join: ''", "bc"),
        ("people | find: 'team', 'red' | jsonify", '{"name":"Zoe","age":40,"team":"red"}'),
        ("people | find_exp: 'p', 'p.age < 30' | map: 'name'", "Abe"),
        ("people | group_by: 'team' | map: 'size' | join: ','", "2,1"),
        ("people | group_by: 'team' | map: 'name' | join: ','", "red,blue"),
        ("people | group_by_exp: 'p', 'p.age | divided_by: 20' | map: 'name' | join: ','", "2,0,1"),
        ("people | sort: 'age' | map: 'name' | join: ','", "Abe,Mia,Zoe"),
        ("people | sort: 'tags' | map: 'name' | join: ','", "Zoe,Abe,Mia"),
        ("people | sort: 'tags', 'last' | map: 'name' | join: ','", "Mia,Zoe,Abe"),
        ("people | map: 'tags' | compact | size", "1"),
        ("list | push: 'x' | join: ''", "bacax"),
        ("list | unshift: 'x' | join: ''", "xbaca"),
        ("list | pop | join: ''", "bac"),
        ("list | pop: 2 | join: ''", "ba"),
        ("list | shift | join: ''", "aca"),
        ("'a,b,,' | split: ',' | size", "2"),
        ("' a  b ' | split: ' ' | join: '-'", "a-b"),
        ("'abc' | split: '' | join: '-'", "a-b-c"),
        ("map", '{"one"=>1, "two"=>{"x"=>"y"}}'),
        ("map.first", "one1"),
        ("list | inspect", "[&quot;b&quot;, &quot;a&quot;, &quot;c&quot;, &quot;a&quot;]"),
    ],
)
def test_lists(expression: str, expected: str) -> None:
    assert render_liquid("{{ " + expression + " }}", SCOPE, lambda *_: None) == (expected, ())


@pytest.mark.parametrize(
    "expression",
    [
        "'a' | where: 'b', 'c'",
        "1 | push: 2",
        "list | map: 'x'",
        "list | pop: 'x'",
        "people | where_exp: 'p', '('",
    ],
)
def test_a_value_that_does_not_fit_is_dropped_and_named(expression: str) -> None:
    text, dropped = render_liquid("{{ " + expression + " }}", SCOPE, lambda *_: None)
    assert text == ""
    assert len(dropped) == 1


def test_work_in_loops_is_bounded() -> None:
    text = "{% for i in (1..9000) %}{% assign x = list | where_exp: 'i', 'i > 1' %}{{ 'abcdefgh' | markdownify }}{% endfor %}"
    calls: list[str] = []

    def convert(markdown: str) -> str:
        calls.append(markdown)
        return ""

    _, dropped = render_liquid(text, {"list": ["2"] * 200}, lambda *_: None, lambda *_: None, convert)
    assert len(calls) < 1000
    assert dropped
