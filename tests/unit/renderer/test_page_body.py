"""The HTML of an entry, prepared for a page."""

from __future__ import annotations

import pytest

from feeds.renderer.page_body import join_paragraphs, prepare_html


@pytest.mark.parametrize(
    ("html", "prepared"),
    [
        ("<p>a</p>", "<p>a</p>"),
        (
            '<img src="x">',
            '<img loading="lazy" decoding="async" referrerpolicy="no-referrer" src="x" alt="">',
        ),
        (
            '<img loading="eager" alt="A" src="x">',
            '<img loading="lazy" decoding="async" referrerpolicy="no-referrer" alt="A" src="x">',
        ),
        ('<video autoplay preload="auto">', '<video controls preload="none" autoplay="">'),
        ('<a href="x" target="_top">', '<a rel="noreferrer" href="x">'),
        ('<p style="color:red">', "<p>"),
        ('<p style="color:red;text-align:CENTER">', '<p align="center">'),
        ('<font size="7" color="red" title="t">', '<font title="t">'),
        ('<p id="user-content-x">', '<p id="user-content-m-x">'),
        ('<a href="#user-content-x">', '<a rel="noreferrer" href="#user-content-m-x">'),
        (
            '<a href="https://a.example/user-content-x">',
            '<a rel="noreferrer" href="https://a.example/user-content-x">',
        ),
        ('<td headers="user-content-a user-content-b">', '<td headers="user-content-m-a user-content-m-b">'),
        ("a &lt;img src=x&gt;", "a &lt;img src=x&gt;"),
    ],
)
def test_tags(html: str, prepared: str) -> None:
    assert prepare_html(html, "m") == prepared


@pytest.mark.parametrize(
    ("html", "prepared"),
    [
        ("<p>茶\n叶</p>", "<p>茶叶</p>"),
        ("<p>茶</b> \n <b>叶</p>", "<p>茶</b><b>叶</p>"),
        ("<p>茶\na</p>", "<p>茶\na</p>"),
        ("<p>a\n叶</p>", "<p>a\n叶</p>"),
        ("<pre>茶\n叶</pre>茶\n叶", "<pre>茶\n叶</pre>茶叶"),
        ("<p>a\nb</p>", "<p>a\nb</p>"),
    ],
)
def test_a_line_break_between_ideographs_is_no_space(html: str, prepared: str) -> None:
    assert prepare_html(html, "m") == prepared


@pytest.mark.parametrize(
    ("text", "joined"),
    [("一。 二", "一。二"), ("一。 two", "一。 two"), ("a. b", "a. b"), ("一， “二", "一，“二")],
)
def test_paragraphs_are_joined(text: str, joined: str) -> None:
    assert join_paragraphs(text) == joined
