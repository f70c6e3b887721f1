"""JSON Feed documents of upstreams."""

from __future__ import annotations

import json

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
