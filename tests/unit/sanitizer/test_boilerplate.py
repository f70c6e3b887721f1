"""Lines at the end of a body that only link back are removed."""

from __future__ import annotations

import pytest

from feeds.sanitizer.boilerplate import (
    compile_patterns,
    find_last_address,
    load_default_boilerplate,
    split_tail,
)


def test_the_tail_of_a_body_is_address_and_navigation() -> None:
    patterns = compile_patterns(load_default_boilerplate())
    body = "text\n\n<https://a.example/x?infoCode=1>\n\n[返回甲](//a.example/b/)｜[返回首页](//a.example/)"
    assert split_tail(body, patterns, bool) == ("text", "https://a.example/x?infoCode=1")
    kept = "text\n\n<https://a.example/x?infoCode=1>"
    assert split_tail(body, patterns, lambda _: False) == (kept, "")
    assert split_tail("- a book\n  <https://a.example/>", patterns, bool)[1] == "", "it belongs to the list"
    assert split_tail("text\n\n<>\n\n[返回甲](../b/)\n[返回首页](../)", patterns, bool) == ("text", "")
    assert split_tail("only text", patterns, bool) == ("only text", "")


@pytest.mark.parametrize(
    ("body", "rest", "address"),
    [
        ("Text.\n<https://a.example/1>", "Text.", "https://a.example/1"),
        ("Text.\n<>", "Text.", ""),
        ("Text.\n<https://other.example/>", "Text.\n<https://other.example/>", ""),
        ("Text.\n\nBack\n", "Text.", ""),
        ("Text.\nBack to top\n", "Text.\nBack to top", ""),
        ("Text.\n<https://a.example/1>\nBack", "Text.", "https://a.example/1"),
        (
            "Text.\n<https://a.example/1>\n<https://a.example/2>",
            "Text.\n<https://a.example/1>",
            "https://a.example/2",
        ),
        (
            '<p>T</p>\n<p><a href="https://a.example/?a&amp;b">https://a.example/?a&amp;b</a></p>',
            "<p>T</p>",
            "https://a.example/?a&b",
        ),
        ("", "", ""),
    ],
)
def test_the_end_of_a_body(body: str, rest: str, address: str) -> None:
    patterns = compile_patterns(["Back"])
    assert split_tail(body, patterns, lambda url: url.startswith("https://a.example/")) == (rest, address)


def test_at_most_twenty_four_lines_are_removed() -> None:
    rest, _ = split_tail("Text.\n" + "Back\n" * 30, compile_patterns(["Back"]), lambda _: False)
    assert rest.count("Back") == 6


def test_the_last_address() -> None:
    assert find_last_address("a\n<https://a.example/>\n\n") == "https://a.example/"
    assert find_last_address("<https://a.example/>\nend") == ""
    assert find_last_address("<https://a.example/" + "a" * 5000 + ">") == ""


def test_the_patterns_that_ship_compile_and_have_no_comments() -> None:
    lines = load_default_boilerplate()
    assert len(compile_patterns(lines)) == len(lines) > 0
    assert not any(line.startswith("#") for line in lines)
