"""Words in posts that look like elements."""

import pytest

from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.unknown_elements import escape_unknown_elements, find_unknown_elements


def publish(text: str, dialect: str = "kramdown") -> str:
    return clean_html(escape_unknown_elements(markdown_to_html(text, dialect)), "https://a.example/")


@pytest.mark.parametrize("dialect", ["kramdown", "commonmark"])
@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("A Map<K, V> and a Vec<T>.", "<p>A Map&lt;K, V&gt; and a Vec&lt;T&gt;.</p>"),
        ("Option<i32> is **bold**", "<p>Option&lt;i32&gt; is <strong>bold</strong></p>"),
        ("Press <leader> or <C-x>", "<p>Press &lt;leader&gt; or &lt;C-x&gt;</p>"),
        ("a Box<dyn Fn> of <your-name>", "<p>a Box&lt;dyn Fn&gt; of &lt;your-name&gt;</p>"),
        ("std::vector<int> and <iostream>", "<p>std::vector&lt;int&gt; and &lt;iostream&gt;</p>"),
        ("`Vec<T>` is code", "<p><code>Vec&lt;T&gt;</code> is code</p>"),
        ("a <my-widget>word</my-widget> b", "<p>a word b</p>"),
        ("a <my-player src='x'> b", "<p>a  b</p>"),
        ("a <Player /> b", "<p>a  b</p>"),
        ("a <kbd>key</kbd> and <b>bold</b>", "<p>a <kbd>key</kbd> and <b>bold</b></p>"),
    ],
)
def test_an_unknown_element_without_an_end_tag_is_text(text: str, html: str, dialect: str) -> None:
    assert publish(text, dialect) == html


@pytest.mark.parametrize("dialect", ["kramdown", "commonmark"])
@pytest.mark.parametrize(
    "name", ["title", "TEXTAREA", "plaintext", "xmp", "script", "style", "iframe", "template", "noembed"]
)
def test_an_element_without_an_end_swallows_no_text(name: str, dialect: str) -> None:
    expected = f"<p>Use the &lt;{name}&gt; tag, then <em>more</em>.</p>\n<p>Last</p>"
    assert publish(f"Use the <{name}> tag, then *more*.\n\nLast", dialect) == expected


def test_an_element_with_an_end_keeps_its_meaning() -> None:
    assert publish("a <script>let x</script> b <textarea>t</textarea> c") == "<p>a  b t c</p>"


@pytest.mark.parametrize(
    ("given", "html"),
    [
        ("<p>A Map<K, V> here</p>", "<p>A Map&lt;K, V&gt; here</p>"),
        ("<p>Ann <ann@a.example> wrote</p>", "<p>Ann &lt;ann@a.example&gt; wrote</p>"),
    ],
)
def test_names_in_html_may_have_any_characters(given: str, html: str) -> None:
    assert clean_html(escape_unknown_elements(given), "https://a.example/") == html


def test_what_posts_keep_is_found_in_entries() -> None:
    html = (
        "<p>Map<K, V> and <T>, <b>bold</b><o:p></o:p> <x/> <y a='1'> &lt;Z&gt;</p>"
        "<!-- <hidden> --><![CDATA[<shown>]]>"
    )
    assert find_unknown_elements(html) == ["<K, V>", "<T>"]
    assert find_unknown_elements("<p>a</p>") == []
    assert "K, V" not in clean_html(html, "https://a.example/")


def test_what_is_clean_stays_as_it_is() -> None:
    html = "<p>a <em>b</em> &lt;T&gt; <br></p>"
    assert escape_unknown_elements(html) is html


def test_it_takes_linear_time() -> None:
    assert escape_unknown_elements("<x " * 30_000)
    assert escape_unknown_elements("<x>" * 30_000).startswith("&lt;x&gt;")
    assert len(find_unknown_elements("<x>" * 30_000)) == 30_000
