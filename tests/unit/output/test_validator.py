"""What `feedd validate` finds: each rule has a document that breaks it, and one that does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.models import FeedHead
from feeds.output.validator import check_document, check_head

ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id><title>T</title><updated>2024-01-02T00:00:00Z</updated>'
    '<author><name>A</name></author><link rel="self" href="https://a.example/atom.xml"/>'
    "<entry><id>urn:e</id><title>E</title><updated>2024-01-01T00:00:00.5+08:00</updated><published>2024-01-01T00:00:00Z</published>"
    '<link href="https://a.example/1"/><link rel="enclosure" href="https://a.example/1.mp3"/>'
    '<link rel="enclosure" href="https://a.example/2.mp3"/><content type="html">&lt;p&gt;text&lt;/p&gt;</content></entry></feed>'
)
RSS = (
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title>'
    '<link>https://a.example/</link><description>D</description><item><title>E</title><guid isPermaLink="false">g</guid>'
    '<pubDate>Mon, 01 Jan 2024 00:00:00 +0000</pubDate><enclosure url="https://a.example/u" type="audio/mpeg" length="0"/>'
    "<content:encoded>&lt;p&gt;text&lt;/p&gt;</content:encoded></item></channel></rss>"
)
JSON = '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "e", "content_html": "<p>text</p>"}]}'
OPML = '<opml version="2.0"><body><outline type="rss" text="T" xmlUrl="https://a.example/atom.xml"/><outline text="x"/></body></opml>'
ENTRY = ATOM[ATOM.index("<entry>") : ATOM.index("</feed>")]
ITEM = RSS[RSS.index("<item>") : RSS.index("</channel>")]


GUID = '<guid isPermaLink="false">g</guid>'
ENCLOSURE = '<enclosure url="https://a.example/u" type="audio/mpeg" length="0"/>'


def itunes(name: str, text: str) -> str:
    return f'<i:{name} xmlns:i="http://www.itunes.com/dtds/podcast-1.0.dtd">{text}</i:{name}>'


def rules(document: str) -> list[str]:
    return [one.rule for one in check_document(document.encode())]


@pytest.mark.parametrize("document", [ATOM, RSS, JSON, OPML, f"\n {JSON}"])
def test_nothing_is_wrong_in_what_is_right(document: str) -> None:
    assert check_document(document.encode()) == []


@pytest.mark.parametrize(
    ("document", "old", "new", "expected"),
    [
        (ATOM, "<id>urn:f</id>", "", ["atom-id", "atom-id"]),
        (ATOM, "<id>urn:f</id>", "<id>f</id>", ["atom-id"]),
        (ATOM, "<id>urn:e</id>", "<id>urn:e</id><id>urn:e</id>", ["atom-id"]),
        (ATOM, "<title>E</title>", "<title> </title>", ["atom-title"]),
        (ATOM, "<updated>2024-01-02T00:00:00Z</updated>", "", ["atom-updated"]),
        (ATOM, "2024-01-02T00:00:00Z", "2024-01-02", ["atom-date"]),
        (ATOM, "2024-01-02T00:00:00Z", "2024-13-02T00:00:00Z", ["atom-date"]),
        (ATOM, "2024-01-01T00:00:00.5+08:00", "2024-01-01T00:00:00+99:99", ["atom-date"]),
        (ATOM, "2024-01-01T00:00:00.5+08:00", "2024-01-03T00:00:00Z", ["atom-updated"]),
        (ATOM, "2024-01-01T00:00:00.5+08:00", "2024-01-02T00:00:00-08:00", ["atom-updated"]),
        (ATOM, "2024-01-01T00:00:00.5+08:00", "2024-01-02T08:00:00+08:00", []),
        (ATOM, "<published>2024-01-01T00:00:00Z</published>", "<published>soon</published>", ["atom-date"]),
        (ATOM, 'rel="self"', 'rel="via"', ["atom-self"]),
        (ATOM, "<author><name>A</name></author>", "", ["atom-author"]),
        (ATOM, '<link href="https://a.example/1"/>', '<link href="x"/><link rel="alternate" href="y"/>', ["atom-alternate"]),
        (ATOM, '<link href="https://a.example/1"/>', '<link href="x"/><link hreflang="de" href="y"/>', []),
        (ATOM, "&lt;p&gt;text", "&lt;script&gt;", ["dangerous"]),
        (ATOM, "&lt;p&gt;text", "&lt;p onclick=x&gt;", ["dangerous"]),
        (ATOM, "&lt;p&gt;text", "text&lt;BODY OnLoad=x&gt;", ["dangerous"]),
        (ATOM, "&lt;p&gt;text", "&lt;title&gt;&lt;svg&gt;", ["dangerous"]),
        (ATOM, "&lt;p&gt;text", "&lt;a title='&amp;lt;script&amp;gt;'&gt;", []),
        (ATOM, "&lt;p&gt;text", "&lt;a href=' java&amp;#9;script:x'&gt;", ["dangerous"]),
        (ATOM, "&lt;p&gt;text", "&lt;img src=vbscript:x&gt;", ["dangerous"]),
        (ATOM, "&lt;p&gt;text", "&lt;a href&gt;&lt;a title='javascript:x'&gt;", []),
        (ATOM, "</feed>", ENTRY + "</feed>", ["id-twice"]),
        (RSS, "channel>", "x>", ["rss-channel"]),
        (RSS, "<title>T</title>", "<title> </title>", ["rss-title"]),
        (RSS, "<link>https://a.example/</link>", "", ["rss-link"]),
        (RSS, "<description>D</description>", "", ["rss-description"]),
        (RSS, "<title>E</title>", "", ["rss-item"]),
        (RSS, "<title>E</title>", "<description>E</description>", []),
        (RSS, "Mon, 01 Jan 2024 00:00:00 +0000", "Mon, 01 Jan 24 00:00:00 +0000", ["rss-date"]),
        (RSS, "Mon, 01 Jan 2024 00:00:00 +0000", "Mon, 99 Foo 2024 00:00:00", ["rss-date"]),
        (RSS, "<pubDate>Mon, 01 Jan 2024 00:00:00 +0000</pubDate>", "", []),
        (RSS, ENCLOSURE, ENCLOSURE + ENCLOSURE, ["rss-enclosure"]),
        (RSS, "&lt;p&gt;text", "&lt;svg&gt;", ["dangerous"]),
        (RSS, "</channel>", ITEM + "</channel>", ["id-twice"]),
        (RSS, GUID, "", []),
        (RSS, GUID, "<guid>g</guid>", ["rss-guid"]),
        (RSS, GUID, '<guid isPermaLink="true">/path</guid>', ["rss-guid"]),
        (RSS, GUID, "<guid>https://a.example/1</guid>", []),
        (RSS, ENCLOSURE, '<enclosure url="https://a.example/[1].mp3" type="audio/mpeg" length="0"/>', ["uri-character"]),
        (RSS, ENCLOSURE, '<enclosure url="https://a.example/ä.mp3" type="audio/mpeg" length="0"/>', ["uri-not-iri"]),
        (RSS, ENCLOSURE, '<enclosure url="https://a.example/1.mp3" type="sound" length="long"/>', ["media-type", "enclosure-length"]),
        (RSS, "https://a.example/</link>", "https://ä.example/</link>", ["uri-not-iri"]),
        (RSS, "https://a.example/</link>", "https://a.example/a b</link>", ["uri-character"]),
        (RSS, "https://a.example/</link>", "https://a.example/%zz</link>", ["uri-character"]),
        (RSS, "https://a.example/</link>", "https://[2001:db8::1]/</link>", []),
        (RSS, GUID, GUID + "<description>AT&amp;T</description>", ["rss-html"]),
        (RSS, GUID, GUID + "<description>1 &lt; 2</description>", ["rss-html"]),
        (RSS, GUID, GUID + "<description>AT&amp;amp;T &lt;b&gt;x&lt;/b&gt;</description>", []),
        (ATOM, 'href="https://a.example/1"', 'href="https://a.example/[1]"', ["uri-character"]),
        (ATOM, 'href="https://a.example/1"', 'href="https://a.example/é"', []),
        (ATOM, 'href="https://a.example/1"', 'href="https://a.example/\u202e"', ["uri-character"]),
        (ATOM, 'href="https://a.example/1"', 'href="https://a.example/1" type="text" length="x"', ["media-type", "enclosure-length"]),
        (ATOM, "<id>urn:e</id>", "<id>urn:uuid:988EF5C5</id>", ["atom-uuid"]),
        (ATOM, "<id>urn:e</id>", "<id>urn:uuid:85c4ae4f-c2ed-58a6-a3dd-77c9dade0f65</id>", []),
        (RSS, GUID, GUID + itunes("explicit", "clean"), ["itunes-value"]),
        (RSS, GUID, GUID + itunes("explicit", "true") + itunes("explicit", "false"), ["itunes-twice"]),
        (RSS, GUID, GUID + itunes("duration", "1:2:3"), ["itunes-value"]),
        (RSS, GUID, GUID + itunes("duration", "01:02:03") + itunes("season", "2") + itunes("episodeType", "full"), []),
        (RSS, GUID, GUID + itunes("subtitle", "x" * 256), ["itunes-value"]),
        (RSS, "<item>", itunes("explicit", "true") + "<item>", ["itunes-together"] * 3),
        (JSON, '"id": "e"', '"id": "e", "url": "https://a.example/a b"', ["uri-character"]),
        (JSON, '"id": "e"', '"id": "e", "attachments": [{"url": "https://a.example/[1]"}]', ["uri-character"]),
        (JSON, "https://jsonfeed.org/version/1.1", "2", ["json-version"]),
        (JSON, '"title": "T"', '"title": 1', ["json-feed"]),
        (JSON, '"items": [', '"item": [', ["json-feed"]),
        (JSON, '"id": "e"', '"id": 1', ["json-id"]),
        (JSON, '[{"id"', '[1, {"id"', ["json-id"]),
        (JSON, "<p>", "<form>", ["dangerous"]),
        (JSON, '"items": [', '"items": [{"id": "e"}, ', ["id-twice"]),
        (JSON, "}]}", "", ["json"]),
        (JSON, JSON, '{"a":' * 100_000, ["json"]),
        (OPML, 'text="T"', "", ["opml-outline"]),
        (OPML, "https://a.example/atom.xml", "javascript:x", ["opml-outline"]),
        (OPML, "opml", "html", ["format"]),
        (ATOM, "</feed>", "", ["well-formed"]),
        (ATOM, ATOM, "", ["well-formed"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found(document: str, old: str, new: str, expected: list[str]) -> None:
    assert old in document
    assert rules(document.replace(old, new)) == expected


def test_a_finding_tells_the_line() -> None:
    assert [
        one.line
        for one in check_document(ATOM.replace("<entry>", "\n\n<entry>").replace("urn:e", "e").encode())
    ] == [3]
    assert check_document(b"<a>\n\n<b></a>")[0].line == 3


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: ("{" + text).encode("utf-8", "replace"))
)
def test_any_bytes_are_taken(data: bytes) -> None:
    check_document(data)


HEAD = FeedHead(
    id="urn:f",
    title="T",
    subtitle="",
    author="A",
    language="zh-CN",
    site_url="https://a.example/",
    self_urls=(("atom", "https://a.example/atom.xml"),),
    updated=datetime(2024, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": "f"}, "not an absolute IRI"),
        ({"title": " "}, "no title"),
        ({"language": "zh_CN"}, "site.language"),
        ({"language": ""}, "site.language"),
        ({"self_urls": (("atom", "a.example/atom.xml"),)}, "site.url"),
    ],
)
def test_a_feed_that_would_make_every_document_invalid_is_known_before(
    change: dict[str, object], word: str
) -> None:
    import dataclasses

    assert check_head(HEAD) == []
    (found,) = check_head(dataclasses.replace(HEAD, **change))
    assert word in found


@pytest.mark.parametrize(
    "piece", ["<a ", "<a b=", "<a b='", "<!--", "</", "<?", "<div>", "<b><p>", "<", "&#"]
)
def test_broken_html_takes_linear_time(piece: str) -> None:
    document = json.dumps(json.loads(JSON) | {"items": [{"id": "e", "content_html": piece * 50_000}]})
    started = process_time()
    assert check_document(document.encode()) == []
    assert process_time() - started < 1
