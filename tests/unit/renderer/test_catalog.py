"""The list of all feeds for programs."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from feeds.renderer.catalog import CatalogueFeed, CatalogueHead, build_opml, escape_text

SITE = CatalogueHead("A & B", "Words", "en", "https://a.example/?x&y")


def test_every_feed_with_a_document_is_under_its_kind() -> None:
    feeds = [
        CatalogueFeed("tag", 'T "1"', "t", 3, None, (("rss", "https://a.example/t.xml?a&b"), ("atom", "x"))),
        CatalogueFeed("all", "All", "-", 9, None, (("atom", "https://a.example/atom.xml"),)),
        CatalogueFeed("category", "Empty", "e", 1, None, ()),
    ]
    document = build_opml(SITE, feeds)
    assert document.endswith(b"</opml>\n")
    root = ElementTree.fromstring(document)
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "A & B"
    groups = {
        group.get("text"): [dict(one.attrib) for one in group] for group in root.findall("body/outline")
    }
    assert list(groups) == ["All posts", "Categories", "Tags"]
    assert groups["Categories"] == []
    assert groups["Tags"] == [
        {
            "type": "rss",
            "text": 'T "1"',
            "title": 'T "1"',
            "xmlUrl": "https://a.example/t.xml?a&b",
            "htmlUrl": SITE.url,
        }
    ]
    assert groups["All posts"][0]["xmlUrl"] == "https://a.example/atom.xml"


@pytest.mark.parametrize(
    ("text", "escaped"), [("word", "word"), ("茶", "茶"), ("a&b", "a&amp;b"), ('"<', "&quot;&lt;")]
)
def test_text_is_escaped(text: str, escaped: str) -> None:
    assert escape_text(text) == escaped
