"""Titles of upstream entries: references are decoded as often as the format says, and words like tags stay."""

import pytest

from feeds.parser.feeds.feed import parse_upstream
from feeds.sanitizer.text import clean_plain_text

ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><id>u:f</id><title>t</title><updated>2024-01-01T00:00:00Z</updated>'
    "<entry><id>u:1</id><title{}>{}</title><updated>2024-01-01T00:00:00Z</updated><content>x</content></entry></feed>"
)
RSS = '<rss version="2.0"><channel><title>t</title><item><title>{}</title><guid>a</guid><description>x</description></item></channel></rss>'


def show(document: str) -> str:
    return clean_plain_text(parse_upstream(document, "https://a.example/f", "UTC").items[0].title)


@pytest.mark.parametrize(
    ("written", "text", "html", "rss"),
    [
        ("The &amp; sign", "The & sign", "The & sign", "The & sign"),
        ("The &amp;amp; entity", "The &amp; entity", "The & entity", "The & entity"),
        ("The &amp;amp;amp; entity", "The &amp;amp; entity", "The &amp; entity", "The &amp; entity"),
        ("<![CDATA[AT&amp;T]]>", "AT&amp;T", "AT&T", "AT&T"),
        ("A &lt;b&gt;bold&lt;/b&gt; word", "A < b>bold< /b> word", "A bold word", "A bold word"),
        ("&lt;video&gt; in HTML5", "< video> in HTML5", "< video> in HTML5", "< video> in HTML5"),
        ("How List&lt;T&gt; works", "How List< T> works", "How List< T> works", "How List< T> works"),
        ("&lt;time&gt;Now&lt;/time&gt;", "< time>Now< /time>", "Now", None),
        ("&lt;p&gt;A paragraph", "< p>A paragraph", "A paragraph", None),
        ("a &lt;img src=x&gt; b&lt;br&gt;c", "a < img src=x> b< br>c", "a b c", "a b c"),
    ],
)
def test_a_title_is_decoded_as_its_format_says(written: str, text: str, html: str, rss: str | None) -> None:
    assert show(ATOM.format("", written)) == text
    assert show(ATOM.format(' type="html"', written)) == html
    assert rss is None or show(RSS.format(written)) == rss
