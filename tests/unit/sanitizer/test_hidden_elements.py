"""Elements that a page does not show are removed with all that is in them."""

from __future__ import annotations

import pytest

from feeds.sanitizer.hidden_elements import find_hidden_marks, is_hidden, without_hidden


def fail(html: str) -> str:
    raise AssertionError(f"no parser is needed for {html}")


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('a<p style="display:none">b</p>c', "ac"),
        ('a<p style="DISPLAY : NONE">b <b>c</b></p>d', "ad"),
        ("a<span hidden>b</span>c", "ac"),
        ("a<span hidden=''>b</span>c", "ac"),
        ('a<img style="visibility:hidden" src="x">c', "ac"),
        ('a<p title="display:none">b</p>c', 'a<p title="display:none">b</p>c'),
        ("text about display:none", "text about display:none"),
        ('<p class="hidden">b</p>', '<p class="hidden">b</p>'),
        ('İ<p style="display:none">b</p>c', "İc"),
        ('<p style="display:none">x</p><p hidden>y</p>z', "z"),
    ],
)
def test_simple_elements_go_without_a_parser(html: str, shown: str) -> None:
    assert without_hidden(html, fail) == shown


def test_an_element_with_others_in_it_goes_by_a_parser() -> None:
    html = '<div hidden><div>a</div><p>b</p></div><p>c <i style="display:none"><u>d</u></i></p>'
    calls: list[str] = []

    def tidy(text: str) -> str:
        calls.append(text)
        return text

    assert without_hidden(html, tidy) == "<p>c </p>"
    assert calls == [html]


def test_marks_and_tags() -> None:
    assert find_hidden_marks('<p style="display:none" hidden>') == [(10, 22), (24, 30)]
    assert find_hidden_marks("<p nothidden=1>") == []
    assert is_hidden("<p hidden>")
    assert is_hidden('<p style="visibility : hidden">')
    assert not is_hidden('<p title="a hidden place">')
