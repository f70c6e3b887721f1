"""JSON Feed documents of upstreams."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from feeds.models import Enclosure, Extra, Item
from feeds.parser.feeds.document import UpstreamHead
from feeds.parser.feeds.json_feed import parse_json
from tests.unit.parser.feeds.test_feed import parse


def test_a_json_feed_is_read_in_full() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "next_url": "/2",
        "authors": [{"name": "Ann"}],
        "items": [
            {
                "id": 7,
                "url": "/7",
                "content_text": "a < b\n\nc",
                "tags": ["x"],
                "date_published": "2021-01-02T03:04:05Z",
            },
            {
                "id": "8",
                "external_url": "https://e.example/",
                "content_html": "<p>8</p>",
                "attachments": [{"url": "a.mp3"}],
            },
        ],
    }
    found = parse(json.dumps(document))
    one, two = found.items
    assert (found.head.version, found.head.next_page, found.head.hubs) == (
        "json11",
        "https://up.example/2",
        ("https://hub.example/",),
    )
    assert (one.guid, one.address, one.body) == ("7", "https://up.example/7", "<p>a &lt; b</p>\n<p>c</p>")
    assert (two.address, two.body, two.authors) == ("https://e.example/", "<p>8</p>", ("Ann",))
    assert two.enclosures[0].url == "https://up.example/a.mp3"


def parse_items(*items: dict[str, object], **feed: object) -> tuple[UpstreamHead, tuple[Item, ...]]:
    document = {"version": "https://jsonfeed.org/version/1.1", "items": list(items), **feed}
    return parse_json(json.dumps(document), "https://a.example/dir/feed.json", UTC)


def test_the_head_of_a_json_feed() -> None:
    head, _ = parse_items(
        title=" A  B ", home_page_url="/home", feed_url="/feed", description="D", language="en", favicon="/f", icon="/i",
        next_url="?p=2", hubs=[{"type": "WebSub", "url": "https://h.example/"}, "x", {"url": 1}], author={"name": "Ann"},
    )  # fmt: skip
    assert (head.version, head.id, head.title, head.link) == (
        "json11",
        "/feed",
        "A B",
        "https://a.example/home",
    )
    assert (head.self_url, head.icon, head.logo) == (
        "https://a.example/feed",
        "https://a.example/f",
        "https://a.example/i",
    )
    assert head.next_page == "https://a.example/dir/feed.json?p=2"
    assert head.hubs == ("https://h.example/",)
    assert head.authors == ("Ann",)
    assert parse_items(version="https://jsonfeed.org/version/1/")[0].version == "json10"


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 100_000])
def test_what_is_no_json_feed_has_no_version(text: str) -> None:
    assert parse_json(text, "https://a.example/", UTC) == (UpstreamHead(), ())


def test_values_of_a_wrong_type_are_ignored() -> None:
    head, items = parse_items(
        {"id": True, "title": 1, "tags": "x", "attachments": {}}, "no item", {"id": 7}, title=[], authors=1
    )
    assert head.title == ""
    assert [item.guid for item in items] == ["", "7"]
    assert (items[0].title, items[0].tags, items[0].enclosures) == ("", (), ())


def test_the_body_is_html_else_text_else_the_summary() -> None:
    _, (html, text, summary, none) = parse_items(
        {"content_html": "<b>h</b>", "content_text": "t", "summary": "<i>s</i>"},
        {"content_text": "a & b", "summary": "s"},
        {"summary": "only"},
        {},
    )
    assert (html.body, html.summary) == ("<b>h</b>", "s")
    assert (text.body, text.summary) == ("<p>a &amp; b</p>", "s")
    assert (summary.body, summary.summary) == ("<p>only</p>", "")
    assert (none.body, none.markup) == ("", "html")


def test_a_summary_keeps_words_that_look_like_tags() -> None:
    _, (plain, html) = parse_items(
        {"content_text": "t", "summary": "How Map<K, V> and <select> work"},
        {"content_text": "t", "summary": "<p>Ann&#8217;s <em>boat</em></p>"},
    )
    assert (plain.summary, html.summary) == ("How Map<K, V> and <select> work", "Ann\u2019s boat")


def test_addresses_authors_dates_and_attachments() -> None:
    _, (item, by_id, external) = parse_items(
        {
            "id": "1",
            "url": "/1",
            "authors": [{"name": "Bob"}, {"name": "Bob"}, {}],
            "date_published": "2024-01-02T03:04:05Z",
            "date_modified": "2024-02-03T00:00:00+08:00",
            "tags": ["a", " a ", "", 1],
            "language": "fr",
            "attachments": [
                {"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5},
                {"url": "/a.mp3"},
                {"url": "/b", "size_in_bytes": -1},
                {"mime_type": "x"},
                3,
            ],
        },
        {"id": "https://a.example/2"},
        {"external_url": "/3"},
        authors=[{"name": "Ann"}],
        language="en",
    )
    assert (item.address, item.permalink) == ("https://a.example/1", "https://a.example/1")
    assert (item.authors, item.tags, item.language) == (("Bob",), ("a",), "fr")
    assert item.published == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert item.updated == datetime(2024, 2, 2, 16, tzinfo=UTC)
    assert item.enclosures == (
        Enclosure("https://a.example/a.mp3", "audio/mpeg", 5),
        Enclosure("https://a.example/b", "", 0),
    )
    assert (by_id.address, by_id.permalink, by_id.authors, by_id.language) == (
        "https://a.example/2",
        "",
        ("Ann",),
        "en",
    )
    assert external.address == "https://a.example/3"


def test_the_duration_of_an_attachment_is_that_of_the_episode() -> None:
    attachments: list[object] = [1, {"url": "a.mp3", "duration_in_seconds": 61.4}, {"duration_in_seconds": 9}]
    _, (item,) = parse_items({"id": 1, "attachments": attachments})
    assert item.extras == (Extra("itunes:duration", "61"),)
