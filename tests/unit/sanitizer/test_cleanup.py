"""What is mended before the sanitiser: hidden elements in every shape, lazy images, frames, odd characters."""

from __future__ import annotations

import pytest

from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html

BASE = "https://base.example/p.html"
IMAGE = '<img src="https://a.example/real.jpg">'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<div hidden>a<div>b</div>c</div>d", "d"),
        ('<div style="display: none">a<p>b</p><div>c</div></div><p>d</p>', "<p>d</p>"),
        ('<p style="visibility:hidden">a<b>b</b></p><p>c</p>', "<p>c</p>"),
        ('<span hidden>a</span>b<span style="display:none">c<span>d</span></span>e', "be"),
        ('<img hidden src="x.png">b', "b"),
        (
            '<b hidden>a</b><p title="hidden">kept, hidden in words</p>',
            '<p title="hidden">kept, hidden in words</p>',
        ),
        ("<p>nothing is hidden: display none</p>", "<p>nothing is hidden: display none</p>"),
        ("<div hidden><table><tr><td>a</td></tr></table></div><p>b</p>", "<p>b</p>"),
        ("<div hidden>a<div>b</div>", ""),
        ('<ul><li style="display:none">a<ul><li>b</li></ul></li><li>c</li></ul>', "<ul><li>c</li></ul>"),
    ],
)
def test_what_is_not_shown_goes_with_all_in_it(html: str, expected: str) -> None:
    assert clean_html(html, BASE) == expected


@pytest.mark.parametrize("name", ["data-src", "data-original", "data-lazy-src"])
def test_a_lazy_image_becomes_a_plain_one(name: str) -> None:
    lazy = f'<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" {name}="https://a.example/real.jpg">'
    assert IMAGE in clean_html(f"<p>{lazy}</p>", BASE)


def test_what_noscript_repeats_of_a_lazy_image_is_there_once() -> None:
    html = f'<p><img data-src="https://a.example/real.jpg"><noscript>{IMAGE}</noscript></p>'
    assert clean_html(html, BASE).count("real.jpg") == 1
    other = '<p><img data-src="https://a.example/real.jpg"><noscript><img src="https://a.example/other.jpg"></noscript></p>'
    assert clean_html(other, BASE).count("<img") == 2
    assert "real.jpg" in clean_html(other.replace("</noscript>", ""), BASE)


def test_a_real_image_stays_itself() -> None:
    html = '<img src="https://a.example/small.jpg" data-src="https://a.example/real.jpg">'
    assert 'src="https://a.example/small.jpg"' in clean_html(html, BASE)
    srcset = '<img data-src="https://a.example/r.jpg" data-srcset="https://a.example/r2.jpg 2x">'
    assert 'srcset="https://a.example/r2.jpg 2x"' in clean_html(srcset, BASE)


def test_line_ends_and_lone_surrogates() -> None:
    assert clean_html("<pre>a\r\nb\rc</pre>", BASE) == "<pre>a\nb\nc</pre>"
    assert clean_html("<p>a\ud800b</p>", BASE) == "<p>a?b</p>"


def test_text_of_very_many_references_is_kept_as_text() -> None:
    html = clean_html("<p>one</p><div>two &amp; " + "&lt;" * 90_000 + "</div>", BASE)
    assert html.startswith("<p>one</p>\n<p>two &amp; &lt;")


def test_markdown_of_many_marks_is_paragraphs() -> None:
    html = markdown_to_html("first *one*\n\nsecond\n\n" + "[" * 60_000)
    assert html.count("<p>") == 3
    assert "<em>one</em>" in html
    assert "second" in html


def test_the_boxes_of_a_task_list_stay_as_characters() -> None:
    tasks = markdown_to_html("- [ ] open\n- [x] done", "commonmark")
    assert clean_html(tasks, BASE) == "<ul>\n<li>☐ \nopen</li>\n<li>☑ \ndone</li>\n</ul>"
    assert clean_html('<p><input type="checkbox"> <input type="text" disabled>a</p>', BASE) == "<p> a</p>"


def test_crossed_formats_are_closed_in_order() -> None:
    assert clean_html("<b><i>x</b></i>", BASE) == "<b><i>x</i></b>"
    deep = "<b>" * 600 + "x" + "</b>" * 600
    assert clean_html(deep, BASE).count("x") == 1
    crossed = "<div><b>" * 400 + "text" + "</div></b></table>" * 400
    assert "text" in clean_html(crossed, BASE)


@pytest.mark.parametrize("before", ["", "<!DOCTYPE html>\n<html lang='en'>", " <!-- a --><HTML>"])
def test_the_head_of_a_whole_document_is_not_shown(before: str) -> None:
    html = f"{before}<HEAD><meta charset='utf-8'><title>Letter 7</title><style>p{{}}</style></HEAD ><body><p>text</p></body></html>"
    assert clean_html(html, BASE) == "<p>text</p>"


def test_a_text_about_heads_keeps_its_words() -> None:
    assert clean_html("<p>between <head> and </head>, then <body></p>", BASE) == "<p>between  and , then </p>"
    assert clean_html("<head>never closed<p>text</p>", BASE) == "never closed<p>text</p>"
