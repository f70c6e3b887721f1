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


FILES = {"a.html": "A[{{ include.x }}|{{ include.y }}]", "b.html": "{% include a.html x=include.x %}"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{% include a.html\n  x='1'\n  y=\"2\"\n%}", "A[1|2]"),
        ("{%include a.html x = '1'%}", "A[1|]"),
        (r"{% include a.html x='say \'hi\'' y=page.title %}", "A[say 'hi'|P]"),
        ("{% assign f = 'a' %}{% include {{ f }}.html x=2 %}", "A[2|]"),
        ("{% include {{ page.file | downcase }} x=3 %}", "A[3|]"),
        ("{% include b.html x=page.title %}", "A[P|]"),
        ("{% liquid\nif page.title\n  echo page.title | upcase\nendif\nassign z = 1\n%}{{ z }}", "P1"),
        ("x {% liquid assign y = 1 %} {{ y }}", "x  1"),
        ("{% echo page.title %}", "P"),
        ("a {%- comment -%} x {%- endcomment -%} b {%- # y -%} c", "abc"),
        ("{% for i in (1..3) limit:2 reversed %}{{ i }}{% endfor %}", "12"),
        ("{% for i in (1..3) reversed limit:2 %}{{ i }}{% endfor %}", "21"),
        ("{% for i in page.list %}{% ifchanged %}{{ i }}{% endifchanged %}{% endfor %}", "ab"),
    ],
)
def test_tags_do_what_they_do_in_jekyll(text: str, expected: str) -> None:
    scope = {"page": {"title": "P", "file": "A.html", "list": ["a", "a", "b"]}}
    assert render_liquid(text, scope, lambda *_: None, lambda _, name: FILES.get(name)) == (expected, ())
