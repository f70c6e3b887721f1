"""A document is split into its head and its entries without a full parser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_upstream
from feeds.parser.feeds.splitter import join_entries, join_entry, split_entries
from tests.rigs.examples import examples
from tests.unit.parser.feeds.test_feed import URL, rss


def test_an_outline_knows_cdata_and_comments() -> None:
    document = rss(
        "<!-- <item> --><item><title>1</title><description><![CDATA[</item><item>]]></description></item>"
        "<item><title>2</title></item><language>de</language>"
    )
    parts = split_entries(decode(document.encode()))
    assert len(parts.entries) == 2
    assert [len(digest) for digest in parts.digests] == [16, 16]
    alone = parse_upstream(join_entry(parts, 1), URL, "UTC")
    assert ([item.title for item in alone.items], alone.head.language) == (["2"], "de")
    both = parse_upstream(join_entries(parts, [1, 0]), URL, "UTC")
    assert [item.title for item in both.items] == ["2", "1"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "none"),
        ("<!DOCTYPE html><html><body><feed></body></html>", "none"),
        ('{"a": 1}', "none"),
        ("<opml version='2.0'/>", "none"),
        ("Warning: line 3<br>\n<?xml version='1.0'?><rss version='2.0'/>", "xml"),
        ('{"version": "https://jsonfeed.org/version/1.1", "items": []}', "json"),
    ],
)
def test_what_is_a_feed(text: str, kind: str) -> None:
    assert split_entries(decode(text.encode())).kind == kind


_PIECES = st.sampled_from(
    [
        "text",
        "&amp;",
        "&lt;p&gt;x&lt;/p&gt;",
        "<![CDATA[</item><b>x</b>]]>",
        "<!-- <item> -->",
        "é中",
        "\n",
        "&#8217;",
    ]
)


_ENTRY = st.tuples(st.lists(_PIECES, max_size=4), st.lists(_PIECES, max_size=4), st.integers(0, 9))


@examples(60)
@given(st.lists(_ENTRY, max_size=4))
def test_entries_alone_say_what_they_say_together(entries) -> None:
    items = "".join(
        f"<item><title>{''.join(title)}</title><description>{''.join(body)}</description><guid>{guid}</guid></item>"
        for title, body, guid in entries
    )
    text = decode(rss(items).encode())
    parts = split_entries(text)
    assert len(parts.entries) == len(entries)
    alone = [
        item for n in range(len(entries)) for item in parse_upstream(join_entry(parts, n), URL, "UTC").items
    ]
    assert tuple(alone) == parse_upstream(text, URL, "UTC").items


def test_entries_of_a_json_feed_are_joined_with_its_head() -> None:
    text = (
        '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1"}, {"id": "2"}]}'
    )
    parts = split_entries(text)
    assert (parts.kind, len(parts.entries)) == ("json", 2)
    assert json.loads(join_entry(parts, 1)) == {**json.loads(text), "items": [{"id": "2"}]}
    assert [item["id"] for item in json.loads(join_entries(parts, [1, 0]))["items"]] == ["2", "1"]


def test_a_very_long_number_of_json_takes_no_feed_away() -> None:
    version = '"version": "https://jsonfeed.org/version/1.1"'
    digits = "9" * 100_000
    items = f'{{"id": {digits}, "content_text": "One"}}, {{"id": 7, "content_text": "Two", "x": -{digits}}}'
    document = f'{{{version}, "items": [{items}]}}'
    found = parse_upstream(join_entries(split_entries(document), [0, 1]), URL, "UTC").items
    assert [item.guid for item in found] == [digits, "7"]
