"""Filters that Jekyll adds to Liquid, and their bounds."""

from __future__ import annotations

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
    text, dropped = render_liquid("{{ 'x' | to_integer }}", SITE, lambda kind, name: None)
    assert [tag.line for tag in dropped] == [1]
    assert "0" not in text
