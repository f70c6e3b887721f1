"""Cleaning: nothing dangerous survives, and no text that a reader wants is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.models import DIALECTS
from feeds.sanitizer.boilerplate import compile_patterns, load_default_boilerplate, split_tail
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.text import clean_title, extract_text, make_excerpt, make_title
from tests.rigs.active_html import find_dangers
from tests.rigs.examples import examples
from tests.rigs.meaning import meaning

BASE = "https://base.example/p.html"
KEPT = [
    '<p lang="zh-CN" dir="ltr">text</p>',
    "<ruby>漢<rt>kan</rt></ruby>",
    "<details><summary>s</summary>t</details>",
    "H<sub>2</sub>O<sup>2</sup>",
    '<table><tbody><tr><td colspan="2">1</td></tr></tbody></table>',
    '<figure><img src="https://a.example/i.png" alt="x"><figcaption>c</figcaption></figure>',
    '<audio src="https://a.example/a.mp3" controls=""></audio>',
    '<ol start="3"><li>x</li></ol>',
    '<pre><code class="language-python">a &lt; b</code></pre>',
    '<p style="text-align:center">x</p>',
]


@pytest.mark.parametrize("html", KEPT)
def test_what_a_reader_wants_is_kept(html: str) -> None:
    assert clean_html(html, BASE) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p style="display:none;height:1px"><br /></p><p>a</p>', "<p>a</p>"),
        ("<p>a<span id='x'></span>b</p>", "<p>ab</p>"),
        ("<p>a<!-- note -->b</p>", "<p>ab</p>"),
        ('<p>a<img src="https://t.example/p.gif" width="1" height="1"></p>', "<p>a</p>"),
        ('<a href="//x.example/a">a</a>', '<a href="https://x.example/a">a</a>'),
        ('<a href="../b">a</a>', '<a href="https://base.example/b">a</a>'),
        ("<p><script>evil()</script>a</p>", "<p>a</p>"),
        ('<p style="margin:-9px;color:red;background:url(x)">a</p>', '<p style="color:red">a</p>'),
    ],
)
def test_what_nobody_wants_goes(html: str, expected: str) -> None:
    assert clean_html(html, BASE) == expected


def test_an_embedded_page_becomes_a_link() -> None:
    assert 'href="https://v.example/42"' in clean_html('<iframe src="https://v.example/42"></iframe>', BASE)


WORD = st.text(st.characters(whitelist_categories=["L", "N"]), min_size=1, max_size=8)
TAG = st.sampled_from(["p", "b", "em", "div", "span", "blockquote", "li", "td", "center", "h2", "font"])
PIECE = st.one_of(
    WORD, st.builds("<{0}>{1}</{0}>".format, TAG, WORD), st.builds("<{0}>{1}".format, TAG, WORD)
)


@examples(150)
@given(st.lists(PIECE, max_size=12))
def test_no_text_is_lost_and_cleaning_twice_changes_nothing(pieces: list[str]) -> None:
    html = " ".join(pieces)
    clean = clean_html(html, BASE)
    assert "".join(extract_text(clean).split()) == "".join(re.sub(r"<[^>]*>", "", html).split())
    assert clean_html(clean, BASE) == clean


@examples(150)
@given(st.text())
def test_any_text_can_be_cleaned(text: str) -> None:
    assert find_dangers(clean_html(markdown_to_html(text), BASE)) == []
    split_tail(text, compile_patterns(load_default_boilerplate()), bool)
    clean_title(text)
    make_excerpt(text)
    make_title(text)


def test_text_that_parsers_of_html_would_drop_is_kept() -> None:
    assert clean_html("<p>see <https://a.example/x?a=1&amp;b=2></p>", BASE) == (
        '<p>see <a href="https://a.example/x?a=1&amp;b=2">https://a.example/x?a=1&amp;b=2</a></p>'
    )
    assert clean_html("<p>a <![CDATA[1 < 2 <b>]]> c</p>", BASE) == "<p>a 1 &lt; 2 &lt;b&gt; c</p>"
    assert clean_html("<p><![CDATA[open</p>", BASE) == clean_html(
        clean_html("<p><![CDATA[open</p>", BASE), BASE
    )


@pytest.mark.parametrize(
    "name",
    [
        "int",
        "list",
        "set",
        "path",
        "g",
        "mi",
        "text",
        "string",
        "vector",
        "o:p",
        "my-tag",
        "T",
        "image",
        "foreignObject",
    ],
)
def test_an_element_that_is_none_of_html_loses_its_tag_and_no_text(name: str) -> None:
    assert extract_text(clean_html(f"<p>a<{name}> b <i>c</i></p><p>d</p>", BASE)) == "a b c\nd"
    assert extract_text(clean_html(f'<p>a<{name} x="1"/> b</{name}> c</p>', BASE)) == "a b c"


def test_a_drawing_takes_no_text_with_it() -> None:
    drawing = '<svg viewBox="0 0 1 1"><title>t</title><path d="M0 0"/><g><text>in</text></g></svg>'
    assert extract_text(clean_html(f"<p>a {drawing} b</p>", BASE)).endswith(" b")
    assert 'alt="x&lt;int&gt;y"' in clean_html('<p><img src="/i.png" alt="x<int>y"> b</p>', BASE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Attribute lists belong to blocks and elements, and are no text; other braces are.
        ("para\n{: .x}\n\nmore", "<p>para</p>\n<p>more</p>"),
        ("## Head\n{: #here}\n\n[to](#here)", '<h2 id="user-content-here">Head</h2>\n<p><a href="#user-content-here">to</a></p>'),
        ("> said\n{: .x}", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("* one\n* two\n{: .x}", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
        ("* {: .x} one", "<ul>\n<li>one</li>\n</ul>"),
        ("{: .x}\npara", "<p>para</p>"),
        ("{:refdef: .y}\n\npara\n{: refdef}", "<p>para</p>"),
        ("```\na\n```\n{: .language-sh}\nb", '<pre><code class="language-sh">a\n</code></pre>\n<p>b</p>'),
        ('*a*{: style="color:red"} b', '<p><em style="color:red">a</em> b</p>'),
        ("## Title {draft}\n\n*a*{b} `c`{d}\n{e}", "<h2>Title {draft}</h2>\n<p><em>a</em>{b} <code>c</code>{d}\n{e}</p>"),
        # Extensions and marks.
        ("a{::comment}x{:/comment}b {::nomarkdown}*c*{:/}", "<p>ab *c*</p>"),
        ("{::options toc_levels='1' /}\n\na", "<p>a</p>"),
        ("a\n\n^\n\nb", "<p>a</p>\n<p>b</p>"),
        ("* x\n{:toc}\n\n# A\n\n## B\n\n# C\n{: .no_toc}",
         '<ul><li><a href="#user-content-a">A</a><ul><li><a href="#user-content-b">B</a></li></ul></li></ul>'
         '<h1 id="user-content-a">A</h1>\n<h2 id="user-content-b">B</h2>\n<h1>C</h1>'),
        ("# A\n\n### B\n\n## C\n\n# D\n\n* x\n{:toc}\n\n* y\n{:toc}",
         '<h1 id="user-content-a">A</h1>\n<h3 id="user-content-b">B</h3>\n<h2 id="user-content-c">C</h2>\n<h1 id="user-content-d">D</h1>\n'
         '<ul><li><a href="#user-content-a">A</a><ul><li><a href="#user-content-b">B</a></li><li><a href="#user-content-c">C</a></li></ul></li>'
         '<li><a href="#user-content-d">D</a></li></ul><ul><li>y</li></ul>'),
        ("Title\n===\n{: #t}\n\n[to](#t)", '<h1 id="user-content-t">Title</h1>\n<p><a href="#user-content-t">to</a></p>'),
        ("    code\n    {: .x}", "<pre><code>code\n{: .x}\n</code></pre>"),
        ("a\n\n    {: .x}\n\nb", "<p>a</p>\n<pre><code>{: .x}\n</code></pre><p>b</p>"),
        ("a | b\n{: .x}", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"),
        ("{::nomarkdown type='latex'}x{:/}a {::nomarkdown /}b", "<p>a b</p>"),
        ("~~a~~ ~~ b ~~", "<p><del>a</del> ~~ b ~~</p>"),
        # Fences.
        ('```js {1,3} title="a"\nb\n```', '<pre><code class="language-js">b\n</code></pre>'),
        ("~~~~\n~~~\n~~~~~~", "<pre><code>~~~\n</code></pre>"),
        ("```\nnever closed", "<p>```\nnever closed</p>"),
        ("  ```\n  code\n  ```\nafter", "<pre><code>  code\n</code></pre>\n<p>after</p>"),
        # Code in a list keeps its lines and their distance from its margin.
        ("* a\n  ```sh\n  one\n    two\n\n  - three\n  four\n  ```\n* b",
         '<ul>\n<li>a<pre><code class="language-sh">one\n  two\n\n- three\nfour\n</code></pre>\n</li>\n<li>b</li>\n</ul>'),
        ("1. a\n\n       - one\n       two\n   after\n2. b",
         "<ol>\n<li>\n<p>a</p>\n<pre><code>- one\ntwo after\n</code></pre>\n</li>\n<li>\n<p>b</p>\n</li>\n</ol>"),
        # Lists by the column of their text.
        ("* a\n  * b\n    * c\n* d",
         "<ul>\n<li>a<ul>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n</li>\n<li>d</li>\n</ul>"),
        ("1. a\n   goes on\n\n   second\n\nout",
         "<ol>\n<li>\n<p>a\ngoes on</p>\n<p>second</p>\n</li>\n</ol>\n<p>out</p>"),
        ("* a\n      * text", "<ul>\n<li>a\n        * text</li>\n</ul>"),
        ("* a\n\n  * b\n\n    c\n\n  d\n* e",
         "<ul>\n<li>\n<p>a</p>\n<ul>\n<li>\n<p>b</p>\n<p>c</p>\n</li>\n</ul>\n<p>d</p>\n</li>\n<li>\n<p>e</p>\n</li>\n</ul>"),
        # Tables.
        ("| a | b |\n|---|\n| c | d |\n|===|\n| e | f |\n|---|",
         "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c</td><td>d</td></tr></tbody><tfoot><tr><td>e</td><td>f</td></tr></tfoot></table>"),
        ("| a | b |\n| c | `d|e` |", "<table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td><td><code>d|e</code></td></tr></tbody></table>"),
        ("| a | b\n|---\n| c \\| d | e", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c | d</td><td>e</td></tr></tbody></table>"),
        ("| h | i |\n|:-:|\n| a | b |", '<table><thead><tr><th style="text-align:center">h</th><th>i</th></tr></thead><tbody><tr><td style="text-align:center">a</td><td>b</td></tr></tbody></table>'),
        # An item behind one with a paragraph of its own.
        ("* a\n\n  b\n* c", "<ul>\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>"),
        # Notes are numbered as they are referred to.
        ("a[^x] b[^y]\n\n[^y]: Y\n[^x]: X", None),
        ("HTML\n\n*[HTML]: Hyper", '<p><abbr title="Hyper">HTML</abbr></p>'),
        ("$$a_1*b*c$$", "<p>$$a_1*b*c$$</p>"),
        ("term\n: meaning", "<dl>\n<dt>term</dt>\n<dd>meaning</dd>\n</dl>"),
    ],
)  # fmt: skip
def test_markdown_means_what_it_means_to_kramdown(text: str, expected: str | None) -> None:
    html = clean_html(markdown_to_html(text), BASE)
    if expected is None:
        assert html.index("fn:x") < html.index("fn:y")
        assert html.index(">X") < html.index(">Y")
    else:
        assert meaning(html) == meaning(expected)


_PIECES = st.sampled_from(
    "{: .x}|{:toc}|* |1. |\n|\n\n|\x00 a | b \x00|\x00---\x00|```|~~~|    |> |# |[^1]|[^1]: |*[A]: b|A|{::comment}|{:/}|^|<div>|</div>"
    '|<div markdown="1">|`|$$|text|**|===|: d|{#id}|[a](b)|<!--|-->'.replace("\x00", "\u2502").split("|")
).map(lambda piece: piece.replace("\u2502", "|"))


@given(st.lists(_PIECES, max_size=24).map("".join))
@examples(200)
def test_no_markdown_is_too_much_for_the_library(text: str) -> None:
    for dialect in DIALECTS:
        markdown_to_html(text, dialect)
