"""Entries in every format, and entries that no document can hold."""

from __future__ import annotations

import json

import pytest

from feeds.errors import EntryInvalid
from feeds.models import Enclosure, Entry, Extra, Origin, Term
from feeds.renderer.entries import check_entry, cut, render_entries
from tests.unit.renderer.test_documents import URL, WHEN

PLAIN = Entry("urn:x:1", "Title", "https://a.example/1", "<p>Text</p>", "Text", (), WHEN, WHEN, (), "en")
RICH = PLAIN._replace(
    id="urn:x:2",
    authors=("Ann", "Bob"),
    terms=(Term("tag", "n", "n", "News"), Term("category", "n", "n", "News")),
    enclosures=(Enclosure("https://a.example/a.mp3", "audio/mpeg", 5), Enclosure("https://a.example/b")),
    extras=(
        Extra("itunes:duration", "1:15"),
        Extra("itunes:image", "", (("href", "https://a.example/i.png"),)),
    ),
    rights="CC0",
    language="fr",
    origin=Origin("urn:o", "Other", "https://o.example/feed", "https://o.example/"),
)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"id": "no iri"}, "not an absolute IRI"),
        ({"title": ""}, "neither a title nor a text"),
        ({"link": "ftp://x"}, "is not a web address"),
        ({"link": ""}, "is not a web address"),
        ({"link": "", "origin": Origin("urn:o", "O", "https://o.example/", "")}, ""),
        ({"link": "x", "origin": Origin("urn:o", "O", "https://o.example/", "")}, "is not a web address"),
        ({"html": "a\x01"}, "XML forbids"),
        ({"summary": "a\ufffe"}, "XML forbids"),
        ({"authors": ("a\ud800",)}, "XML forbids"),
        ({"terms": (Term("tag", "a", "a", "\x08"),)}, "XML forbids"),
        ({"title": "Emoji \U0001f375 and \t"}, ""),
    ],
)
def test_why_an_entry_is_not_valid(change: dict[str, object], reason: str) -> None:
    found = check_entry(PLAIN._replace(**change))
    assert reason in found
    assert bool(found) is bool(reason)


def test_an_invalid_entry_keeps_its_place_between_the_others() -> None:
    first, bad, last = render_entries(
        [PLAIN, PLAIN._replace(title=""), RICH], ("atom", "rss", "json"), URL, "en"
    )
    assert isinstance(bad, EntryInvalid)
    assert b"urn:x:1" in first["atom"]
    assert b"urn:x:2" in last["rss"]
    assert set(first) == {"atom", "rss", "json"}


def test_only_the_wanted_formats_are_written() -> None:
    (found,) = render_entries([RICH], ("json",), URL, "en")
    assert set(found) == {"json"}


def test_a_plain_item_of_json_feed() -> None:
    (found,) = render_entries([PLAIN], ("json",), URL, "en")
    assert json.loads(found["json"]) == {
        "id": "urn:x:1",
        "url": "https://a.example/1",
        "title": "Title",
        "content_html": "<p>Text</p>",
        "summary": "Text",
        "date_published": WHEN.isoformat(),
        "date_modified": WHEN.isoformat(),
    }


def test_a_rich_item_of_json_feed() -> None:
    (found,) = render_entries([RICH], ("json",), URL, "en")
    item = json.loads(found["json"])
    assert item["authors"] == [{"name": "Ann"}, {"name": "Bob"}]
    assert item["tags"] == ["News"]
    assert item["attachments"] == [
        {
            "url": "https://a.example/a.mp3",
            "mime_type": "audio/mpeg",
            "size_in_bytes": 5,
            "duration_in_seconds": 75,
        },
        {"url": "https://a.example/b", "mime_type": "application/octet-stream"},
    ]
    assert (item["image"], item["language"]) == ("https://a.example/i.png", "fr")


def test_an_empty_text_and_an_empty_link_are_replaced_or_left_out() -> None:
    (found,) = render_entries([RICH._replace(html="", summary="", link="")], ("json",), URL, "fr")
    item = json.loads(found["json"])
    assert (item["content_html"], item["summary"]) == ("Title", "Title")
    assert "url" not in item
    assert "language" not in item


def test_a_document_is_cut_at_its_entries() -> None:
    document = b"<feed><entry>1</entry> <entry x='y'>2</entry></feed>"
    assert cut(document, "atom") == [b"<entry>1</entry>", b"<entry x='y'>2</entry>"]
    assert cut(b"<channel><item>1</item></channel>", "rss") == [b"<item>1</item>"]
    assert cut(b"<feed></feed>", "atom") == []
