"""Filters that Jekyll adds to Liquid, and their bounds."""

from __future__ import annotations

import pytest

from feeds.parser.posts.liquid import render_liquid

SITE = {
    "site": {"url": "https://a.example/", "baseurl": "/blog/"},
    "day": "2024-03-07 09:05:06 +0800",
    "list": ["a", "b", "c"],
    "none": None,
}


def render(expression: str) -> str:
    return render_liquid("{{ " + expression + " }}", SITE, lambda kind, name: None)[0]


def test_a_filter_that_fails_is_dropped_and_named() -> None:
    text, dropped = render_liquid("{{ 1 | divided_by: 0 }}", SITE, lambda kind, name: None)
    assert [tag.line for tag in dropped] == [1]
    assert "0" not in text


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'' | relative_url", "/blog"),
        ("'a b/\u00fc.png' | relative_url", "/blog/a%20b/%C3%BC.png"),
        ("'//x' | absolute_url", "https://a.example/blog//x"),
        ("list | jsonify", '["a","b","c"]'),
        ("none | jsonify", "null"),
        ("'The _config.yml File! \u4e2d' | slugify", "the-config-yml-file-\u4e2d"),
        ("'The _config.yml' | slugify: 'pretty'", "the-_config.yml"),
        ("'Gr\u00f6\u00dfe \u4e2d' | slugify: 'latin'", "grosse"),
        ("'A b_c' | slugify: 'raw'", "a-b_c"),
        ("'A b' | slugify: 'none'", "a b"),
        ("'\u4e2d\u6587 hello you' | number_of_words", "3"),
        ("'\u4e2d\u6587 hello you' | number_of_words: 'cjk'", "4"),
        ("'hello you' | number_of_words: 'auto'", "2"),
        ("2.5 | round", "3"),
        ("-2.5 | round", "-3"),
        ("3.14159 | round: 2", "3.14"),
        ("'3.7' | to_integer", "3"),
        ("'x' | to_integer", "0"),
        ("true | to_integer", "1"),
        ("'*a*' | markdownify", "[*a*]"),
    ],
)
def test_filters_give_what_they_give_in_jekyll(expression: str, expected: str) -> None:
    text = "{{ " + expression + " }}"
    found = render_liquid(text, SITE, lambda *_: None, lambda *_: None, lambda markdown: f"[{markdown}]")
    assert found == (expected, ())


@pytest.mark.parametrize("name", ["smartify", "sum", "sample", "squish"])
def test_a_filter_that_jekyll_lacks_or_that_is_random_changes_nothing_and_is_named(name: str) -> None:
    found, dropped = render_liquid("{{ list | " + name + " }}", SITE, lambda *_: None)
    assert found == "abc"
    assert len(dropped) == 1
