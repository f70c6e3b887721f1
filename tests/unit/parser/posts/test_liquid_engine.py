"""Liquid in posts: values, filters and their bounds."""

from __future__ import annotations

import pytest

from feeds.parser.posts.liquid import render_liquid


def test_liquid_is_carried_out_or_dropped_and_named() -> None:
    text, dropped = render_liquid(
        "{{ site.title }} {% raw %}{{ x }}{% endraw %} {% include y %}a{% link p.md %}",
        {"site": {"title": "T"}},
        lambda k, a: "/p",
    )
    assert text == "T {{ x }} a/p"
    assert [one.text for one in dropped] == ["{% include y %}"]


@pytest.mark.parametrize("filters", ["append: a", "prepend: a", "replace: 'x', a"])
def test_a_value_that_liquid_multiplies_is_dropped_when_it_is_too_long(filters: str) -> None:
    text = "{% assign a = 'xxxx' %}" + f"{{% assign a = a | {filters} %}}" * 40 + "{{ a }}"
    found, dropped = render_liquid(text, {}, lambda k, a: None)
    assert 4 < len(found) <= 16_384
    assert dropped[0].text == f"{{% assign a = a | {filters} %}}"


def test_values_that_are_shown_again_and_again_end_at_a_bound() -> None:
    found, dropped = render_liquid("{{ page.a }}\n" * 1000, {"page": {"a": "x" * 10_000}}, lambda k, a: None)
    assert 1_000_000 < len(found) < 1_100_000
    assert dropped[-1].line == 1000


@pytest.mark.parametrize(
    ("expression", "value"),
    [("'a b' | replace: ' ', ''", "ab"), ("'a' | replace: '', 'x'", "xax"), ("'a' | replace: 'a'", "")],
)
def test_replace_does_what_it_does_in_jekyll(expression: str, value: str) -> None:
    assert render_liquid(f"{{{{ {expression} }}}}", {}, lambda k, a: None) == (value, ())
