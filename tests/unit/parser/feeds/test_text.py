"""Text and HTML of entries, as their formats mean them."""

import pytest

from feeds.parser.feeds.feed import parse_upstream
from feeds.parser.feeds.text import html_to_text, rebase_addresses

NAMES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


def parse_rss(inside: str):
    text = (
        f'<rss version="2.0" {NAMES}><channel><title>f</title><link>https://a.example/</link>'
        f"<item>{inside}</item></channel></rss>"
    )
    return parse_upstream(text, "https://a.example/feed", "UTC").items[0]


def parse_atom(inside: str):
    text = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>f</title><entry><id>urn:a</id>{inside}</entry></feed>'
    return parse_upstream(text, "https://a.example/feed", "UTC").items[0]


def test_content_is_the_body_however_short_it_is() -> None:
    item = parse_rss(
        "<description>A teaser that is a good deal longer than the text</description>"
        "<content:encoded>&lt;p&gt;Text&lt;/p&gt;</content:encoded>"
    )
    assert (item.body, item.summary) == ("<p>Text</p>", "A teaser that is a good deal longer than the text")


@pytest.mark.parametrize("empty", ["", "&lt;p&gt; &lt;/p&gt;", "&lt;!-- nothing --&gt;", "&amp;nbsp;"])
def test_content_without_anything_to_see_is_not_the_body(empty: str) -> None:
    item = parse_rss(f"<content:encoded>{empty}</content:encoded><description>Words</description>")
    assert item.body == "Words"


def test_a_picture_alone_is_content() -> None:
    item = parse_rss(
        '<content:encoded>&lt;img src="a.png"&gt;</content:encoded><description>About the picture</description>'
    )
    assert "<img" in item.body
    assert item.summary == "About the picture"


def test_atom_content_is_the_body_and_its_summary_is_not() -> None:
    item = parse_atom("<summary>A summary that goes on and on</summary><content>Short</content>")
    assert (item.body, item.summary) == ("<p>Short</p>", "A summary that goes on and on")


@pytest.mark.parametrize("name", ["itunes:summary", "dc:description", "itunes:subtitle"])
def test_other_vocabularies_are_the_body_only_of_an_entry_without_one(name: str) -> None:
    other = f"<{name}>Words that are much longer than what the entry has to say</{name}>"
    assert parse_rss(f"<description>Short</description>{other}").body == "Short"
    assert parse_rss(f"{other}<description>Short</description>").body == "Short"
    assert "much longer" in parse_rss(f"<title>t</title>{other}").body


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("<title>The &lt;video&gt; element</title>", "The <video> element"),
        (
            '<title type="html">How &amp;lt;select&amp;gt; &lt;i&gt;works&lt;/i&gt;</title>',
            "How <select> works",
        ),
        ("<title>Close it with &lt;b&gt;&lt;/b&gt;</title>", "Close it with <b></b>"),
        ("<title>&lt;![CDATA[Open letter]]&gt;</title>", "Open letter"),
        ("<title>An &lt;![CDATA[ is no title</title>", "An <![CDATA[ is no title"),
    ],
)
def test_a_title_of_atom_is_what_its_type_says(inside: str, title: str) -> None:
    assert parse_atom(inside).title == title


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        ("<title>The &lt;video&gt; element</title>", "The <video> element"),
        ("<title>A &lt;b&gt;bold&lt;/b&gt; claim</title>", "A bold claim"),
        ("<title>One&lt;br&gt;two</title>", "One two"),
        ("<title>&lt;![CDATA[Open &amp; shut]]&gt;</title>", "Open & shut"),
    ],
)
def test_a_title_of_rss_loses_only_what_is_plainly_markup(inside: str, title: str) -> None:
    assert parse_rss(inside).title == title


def test_escaped_character_data_is_what_it_holds() -> None:
    item = parse_rss("<description>&lt;![CDATA[&lt;p&gt;Words&lt;/p&gt;]]&gt;</description>")
    assert item.body == "<p>Words</p>"


@pytest.mark.parametrize("tag", ["br", "hr", "img", "wbr"])
def test_an_empty_element_of_xhtml_has_no_end_tag_in_html(tag: str) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">A<{tag}/>B<{tag} /></div>'
    body = parse_atom(f'<content type="xhtml">{div}</content>').body
    assert body.count(f"<{tag}") == 2
    assert f"</{tag}" not in body
    assert f"</{tag}" not in parse_rss(f"<description>A<{tag}/>B</description>").body


@pytest.mark.parametrize("pair", ["&#55357;&#56832;", "&#xD83D;&#xDE00;", "&#xd83d;&#56832;"])
def test_two_halves_of_a_character_are_one(pair: str) -> None:
    assert parse_rss(f"<description>a {pair} b</description>").body == "a 😀 b"


def test_a_half_alone_is_replaced() -> None:
    assert parse_rss("<description>a &#55357;b</description>").body == "a \ufffdb"


@pytest.mark.parametrize("guid", ["/blog/one", "blog/one", "?p=7", "one.html"])
def test_a_guid_that_is_said_to_be_a_permalink_is_resolved(guid: str) -> None:
    item = parse_rss(f'<title>t</title><guid isPermaLink="true">{guid}</guid>')
    assert item.permalink == "https://a.example/" + guid.lstrip("/")
    assert item.guid == guid


def test_a_guid_that_says_nothing_is_a_page_only_if_it_is_a_path() -> None:
    assert parse_rss("<title>t</title><guid>12345</guid>").permalink == ""
    assert parse_rss("<title>t</title><guid>/blog/one</guid>").permalink == "https://a.example/blog/one"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="x">y</a>', '<a href="https://b.example/d/x">y</a>'),
        ("<a href='?q=1&amp;r=2'>y</a>", '<a href="https://b.example/d/?q=1&amp;r=2">y</a>'),
        ('<a href="#note">y</a>', '<a href="#note">y</a>'),
        ("<img src=p.png>", '<img src="https://b.example/d/p.png">'),
        (
            '<img srcset="p.png, /q.png 2x, https://c.example/r,s.png 3x">',
            '<img srcset="https://b.example/d/p.png, https://b.example/q.png 2x, https://c.example/r,s.png 3x">',
        ),
        (
            '<div xml:base="e/"><a href="x">y</a></div><a href="x">z</a>',
            '<div xml:base="e/"><a href="https://b.example/d/e/x">y</a></div><a href="https://b.example/d/x">z</a>',
        ),
        (
            '<div xml:base="https://c.example/"><p><br><img src="x"/></p><p xml:base="f/"><a href="x">y</a></p></div>',
            '<div xml:base="https://c.example/"><p><br><img src="https://c.example/x"/></p>'
            '<p xml:base="f/"><a href="https://c.example/f/x">y</a></p></div>',
        ),
    ],
)
def test_addresses_resolve_against_the_base_of_their_element(html: str, expected: str) -> None:
    assert rebase_addresses(html, "https://b.example/d/") == expected


def test_a_base_inside_the_content_counts_without_one_outside() -> None:
    html = '<div xml:base="https://c.example/"><a href="x">y</a></div><a href="x">z</a>'
    assert rebase_addresses(html, "") == html.replace('<a href="x">y', '<a href="https://c.example/x">y')
    div = '<div xmlns="http://www.w3.org/1999/xhtml" xml:base="https://c.example/d/"><a href="x">y</a></div>'
    body = parse_atom(f'<link href="https://a.example/1"/><content type="xhtml">{div}</content>').body
    assert 'href="https://c.example/d/x"' in body


def test_an_element_that_only_looks_like_a_script_is_text_to_read() -> None:
    assert html_to_text("<ſcript>a <SCRIPT>b</script> c") == "<ſcript>a c"
