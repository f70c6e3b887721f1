"""Cleaning: nothing dangerous survives, and no text that a reader wants is lost."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.clean.boilerplate import compile_patterns, default_boilerplate, split_tail
from feeds.clean.html import clean_html
from feeds.clean.markdown import markdown_to_html
from feeds.clean.text import clean_title, excerpt, plain_text, title_from
from tests.conftest import Project

BASE = "https://base.example/p.html"
ACTIVE = frozenset(
    [
        "script",
        "iframe",
        "object",
        "embed",
        "applet",
        "form",
        "input",
        "button",
        "select",
        "textarea",
        "svg",
        "math",
        "style",
        "link",
        "meta",
        "base",
    ]
)
ADDRESSES = (
    "href",
    "src",
    "srcset",
    "poster",
    "cite",
    "action",
    "data",
    "formaction",
    "background",
    "xlink:href",
)


class Dangers(HTMLParser):
    """Collects what must not be in published HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE or ":" in tag:
            self.found.append(tag)
        for name, value in attrs:
            text = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith("on"):
                self.found.append(name)
            if name in ADDRESSES and text.startswith(
                ("javascript:", "vbscript:", "data:text", "data:application", "livescript:")
            ):
                self.found.append(text[:40])
            if name == "style" and re.search(
                r"url\(|expression|position|z-index|opacity|behavio|binding|\\|@import", text
            ):
                self.found.append(text[:40])


def dangers(html: str) -> list[str]:
    parser = Dangers()
    parser.feed(html)
    parser.close()
    return parser.found


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


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECE, max_size=12))
def test_no_text_is_lost_and_cleaning_twice_changes_nothing(pieces: list[str]) -> None:
    html = " ".join(pieces)
    clean = clean_html(html, BASE)
    assert "".join(plain_text(clean).split()) == "".join(re.sub(r"<[^>]*>", "", html).split())
    assert clean_html(clean, BASE) == clean


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_text_can_be_cleaned(text: str) -> None:
    assert dangers(clean_html(markdown_to_html(text), BASE)) == []
    split_tail(text, compile_patterns(default_boilerplate()))
    clean_title(text)
    excerpt(text)
    title_from(text)


def test_the_tail_of_a_body_is_address_and_navigation() -> None:
    patterns = compile_patterns(default_boilerplate())
    body = "text\n\n<https://a.example/x?infoCode=1>\n\n[返回甲](//a.example/b/)｜[返回首页](//a.example/)"
    assert split_tail(body, patterns) == ("text", "https://a.example/x?infoCode=1")
    assert split_tail("text\n\n<>\n\n[返回甲](../b/)\n[返回首页](../)", patterns) == ("text", "")
    assert split_tail("only text", patterns) == ("only text", "")


@pytest.mark.parametrize(
    "hostile",
    ["<!--" * 50_000, "<div>" * 50_000, "[" * 200_000, "> " * 5_000, "<span>" * 50_000, "*" * 200_000],
)
def test_hostile_bodies_are_cleaned_in_bounded_time(hostile: str) -> None:
    clean_html(markdown_to_html(hostile), BASE)


@pytest.mark.acceptance
def test_no_vector_of_the_collection_survives(shared: Path) -> None:
    bad = []
    for line in (shared / "data" / "xss" / "vectors.jsonl").read_text("utf-8").splitlines():
        vector = json.loads(line)
        found = dangers(clean_html(vector["input"], BASE)) + dangers(
            clean_html(markdown_to_html(vector["input"]), BASE)
        )
        if found:
            bad.append((vector["id"], found))
    assert bad == []


@pytest.mark.acceptance
def test_no_vector_survives_in_any_document(tmp_path: Path, shared: Path) -> None:
    from lxml import etree

    project = Project(tmp_path, 5000)
    text = project.config.read_text("utf-8")
    project.config.write_text(
        text.replace(str(tmp_path / "site"), str(shared / "data" / "xss" / "posts")), "utf-8"
    )
    project.run("build")
    bad = []
    for path in project.output.rglob("*.xml"):
        for element in etree.fromstring(path.read_bytes()).iter():
            bad += [(path.name, found) for found in dangers(element.text or "")]
    assert bad == []
    for item in json.loads((project.output / "feed.json").read_bytes())["items"]:
        assert dangers(item["content_html"] + item["title"] + " ".join(item.get("tags", []))) == []
    assert project.run("validate").returncode == 0
