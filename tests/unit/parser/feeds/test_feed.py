"""Upstream documents: decoded, outlined, understood, whatever their format and their faults."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import FeedUnreadable
from feeds.models import Enclosure, Extra
from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import Parsed, parse_upstream
from tests.rigs.examples import examples

URL = "https://up.example/feed.xml"


def parse(text: str) -> Parsed:
    return parse_upstream(decode(text.encode()), URL, "UTC")


def rss(items: str, head: str = "") -> str:
    names = "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
    return f"<rss version='2.0' {names}><channel><title>T</title>{head}{items}</channel></rss>"


def test_entities_never_multiply_and_nothing_is_fetched() -> None:
    bomb = "".join(f"<!ENTITY a{n} '&a{n - 1};&a{n - 1};'>" for n in range(1, 30))
    kind = f"<!DOCTYPE rss [<!ENTITY a0 'lol'>{bomb}<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    found = parse(kind + rss("<item><title>&a0; &a29; &x;</title></item>"))
    assert found.items[0].title == "lol &a29; &x;"


@examples(100)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"<rss><channel><item>", b"<feed>", b'{"items":[', b"\xff\xfe<"]),
)
def test_no_bytes_make_the_reader_fail(data: bytes, start: bytes) -> None:
    parse_upstream(decode(start + data, "text/xml"), URL, "UTC")


def test_an_rss_item_is_read_in_full() -> None:
    found = parse(
        rss(
            "<item><title>A &amp;amp; B</title><link>/a</link><guid isPermaLink='false'> x y </guid>"
            "<pubDate>Thu, 23 Dec 2021 16:14:00 +0800</pubDate><category>news</category><author>j@x.example (Jo)</author>"
            "<description>short</description><content:encoded>&lt;p&gt;long text&lt;/p&gt;</content:encoded>"
            "<enclosure url='/a.mp3' type='audio/mpeg' length='12'/><itunes:episodeType>full</itunes:episodeType></item>",
            "<ttl>60</ttl><skipHours><hour>24</hour></skipHours><skipDays><day>Sunday</day></skipDays>",
        )
    )
    item = found.items[0]
    assert (item.guid, item.title, item.address) == ("x y", "A & B", "https://up.example/a")
    assert (item.body, item.summary, item.tags) == ("<p>long text</p>", "short", ("news",))
    assert item.authors == ("Jo",)
    assert item.enclosures == (Enclosure("https://up.example/a.mp3", "audio/mpeg", 12),)
    assert item.extras == (Extra("itunes:episodeType", "full"),)
    assert item.published is not None
    assert item.published.isoformat() == "2021-12-23T16:14:00+08:00"
    assert (found.head.version, found.head.ttl) == ("rss20", 60)
    assert (found.head.skip_hours, found.head.skip_days) == (frozenset([0]), frozenset([6]))


def test_an_atom_document_is_read_in_full() -> None:
    found = parse(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:fh='http://purl.org/syndication/history/1.0' "
        "xmlns:at='http://purl.org/atompub/tombstones/1.0'><id>urn:f</id><title>F</title><author><name>Ann</name></author>"
        "<link rel='self' href='https://up.example/feed.xml'/><link rel='hub' href='https://hub.example/'/>"
        "<link rel='prev-archive' href='a/1.xml'/><fh:archive/><at:deleted-entry ref='urn:gone' when='2021-01-02T03:04:05Z'/>"
        "<entry xml:base='https://other.example/x/'><id>urn:e</id><title type='html'>&lt;b&gt;T&lt;/b&gt;</title>"
        "<link href='https://up.example/e'/><updated>2021-01-02T03:04:05Z</updated><category term='t' label='Label'/>"
        "<content type='html'>&lt;img src='i.png'&gt;</content></entry></feed>"
    )
    head, item = found.head, found.items[0]
    assert (head.version, head.id, head.title) == ("atom10", "urn:f", "F")
    assert (head.self_url, head.hubs) == (URL, ("https://hub.example/",))
    assert (head.prev_archive, head.archive, head.complete) == ("https://up.example/a/1.xml", True, False)
    assert [stone.ref for stone in head.tombstones] == ["urn:gone"]
    assert (item.guid, item.title, item.tags, item.authors) == ("urn:e", "T", ("Label",), ("Ann",))
    assert item.body == '<img src="https://other.example/x/i.png">'
    assert item.published is None
    assert item.updated is not None


def test_a_guid_that_is_an_address_stands_for_a_link() -> None:
    found = parse(
        rss(
            "<item><guid>https://up.example/p</guid></item><item><guid isPermaLink='false'>https://a.example/</guid></item>"
        )
    )
    assert [item.address for item in found.items] == ["https://up.example/p", ""]


def test_a_document_with_more_tags_than_any_feed_has_is_refused() -> None:
    with pytest.raises(FeedUnreadable, match="more than 500000 tags"):
        parse(rss("<item><title>" + "<a " * 500_001 + "</title></item>"))
    many = "<![CDATA[" + "<b>" * 500_001 + "]]>"
    assert len(parse(rss(f"<item><description>{many}</description></item>")).items) == 1


def test_of_very_many_categories_the_first_are_read() -> None:
    many = "".join(f"<category>t{n}</category>" for n in range(20_000))
    begun = process_time()
    found = parse(rss(f"<item><title>a</title>{many}<link>https://up.example/1</link></item>"))
    assert process_time() - begun < 10  # each compared with all others would take minutes
    assert found.items[0].tags[:3] == ("t0", "t1", "t2")
    assert found.items[0].address == "https://up.example/1"
