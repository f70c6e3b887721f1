"""Templates that nobody can parse are repaired: what cannot be used is dropped, hidden text stays hidden."""

from __future__ import annotations

import pytest

from feeds.parser.posts.liquid_source import MASK, Source, repair_source


def repair(text: str, known: bool = False) -> Source:
    return repair_source(text, lambda name, argument: "!" not in argument, lambda argument: known)


@pytest.mark.parametrize(
    ("text", "repaired", "dropped"),
    [
        ("a {{ b }} c", "a {{ b }} c", []),
        ("{{ }}", "", []),
        ("{{ ! }}x", "x", [""]),
        ("{% unknown %}x", "x", ["unknown"]),
        ("{% assign a = 1 %}", "{% assign a = 1 %}", []),
        ("{% assign ! %}", "", ["assign"]),
        ("{% # why %}x", "x", []),
        ("{% if a %}x{% endif %}", "{% if a %}x{% endif  %}", []),
        ("{%- if a -%}x{% endif -%}", "{%- if a -%}x{% endif  -%}", []),
        ("{% if ! %}x{% endif %}", "{% if false %}x{% endif  %}", ["if"]),
        ("{% unless ! %}x{% endunless %}", "{% unless true %}x{% endunless  %}", ["unless"]),
        ("{% if a %}x", "x", ["if"]),
        ("x{% endif %}", "x", ["endif"]),
        ("{% for a in b %}{% break %}{% endfor %}", "{% for a in b %}{% break %}{% endfor  %}", []),
        ("{% break %}", "", ["break"]),
        ("{% else %}", "", ["else"]),
        (
            "{% if a %}{% elseif b %}{% else %}{% endif %}",
            "{% if a %}{% elsif b %}{% else  %}{% endif  %}",
            [],
        ),
        ("{% if a %}{% elsif ! %}{% endif %}", "{% if a %}{% elsif false %}{% endif  %}", ["elsif"]),
        ("{% for a in b %}{% when c %}{% endfor %}", "{% for a in b %}{% endfor  %}", ["when"]),
        ("{% comment %}{% if %}{% endcomment %}x", "x", []),
        ("{% comment %}x", "x", ["comment"]),
        ("{% raw %}{{ a }}{% endraw %}", "{% raw %}{{ a }}{% endraw %}", []),
        ("{% raw %}x", "x", ["raw that nothing closes"]),
        ("{% ! %}x", "x", ["?"]),
        (
            "{% if a %}{% for b in c %}x{% endif %}{% endfor %}",
            "{% if a %}x{% endif  %}",
            ["for", "endfor"],
        ),
    ],
)
def test_each_kind_of_mark(text: str, repaired: str, dropped: list[str]) -> None:
    source = repair(text)
    assert source.text == repaired
    assert [mark.name for mark in source.dropped] == dropped
    assert source.original == text


def test_an_open_condition_hides_the_rest_only_if_its_names_are_known() -> None:
    assert repair("{% if a %}x", known=True).text == "{% if a %}x{% endif %}"
    assert repair("{% for a in b %}x", known=True).text == "x"
    nested = repair("{% if a %}{% for b in c %}x{% endfor %}{% if d %}y", known=True)
    assert nested.text == "{% if a %}{% for b in c %}x{% endfor  %}{% if d %}y{% endif %}{% endif %}"
    # An inner block that is still open ends with the outer block.
    crossed = repair("{% for b in c %}{% if a %}x{% endfor %}y", known=True)
    assert crossed.text == "{% for b in c %}{% if a %}x{% endif %}{% endfor  %}y"


def test_delimiters_without_their_other_half_are_masked() -> None:
    assert repair("a {{ b").text == f"a {MASK}{MASK} b"
    assert repair("a { b").text == "a { b"
    assert repair(f"a{MASK}b").text == "ab"
    assert "{{" not in repair("{{" + "x" * 2001 + "}}").text
    assert "{{" in repair("{{" + "x" * 1990 + "}}").text
    assert "{{" not in repair("{{ a" + " " * 120 + "}}").text


def test_deep_blocks_are_removed_with_their_content() -> None:
    text = "{% if a %}" * 51 + "deep" + "{% endif %}" * 51 + "after"
    source = repair(text)
    assert "deep" not in source.text
    assert source.text.endswith("after")
    assert len(source.dropped) == 1
    assert "deep" in repair("{% if a %}" * 50 + "deep" + "{% endif %}" * 50).text


def test_a_position_leads_to_its_line_and_mark() -> None:
    source = repair("one\n{% bad %}\n{{ a }}\nend")
    assert [source.find_line(position) for position in (0, 3, 4, len("one\n{% bad %}\n"))] == [1, 1, 2, 3]
    position = source.text.index("{{ a")
    mark = source.find_mark(position + 2)
    assert mark is not None
    assert (mark.name, mark.argument, source.find_line(mark.start)) == ("", "a", 3)
    assert source.find_mark(0) is None
    assert source.find_mark(len(source.text) - 1) is None
