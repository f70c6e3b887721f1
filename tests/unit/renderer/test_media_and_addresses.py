"""What readers and validators make of entries with media and odd addresses."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from feeds.models import Enclosure, Entry, Extra
from feeds.renderer.entries import render_entries
from feeds.values.urls import escape_address

WHEN = datetime(2024, 5, 6, 10, tzinfo=UTC)
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"


@dataclass
class Written:
    atom: Any
    rss: Any


def write(**values: Any) -> Written:
    entry = Entry(
        "urn:uuid:85c4ae4f-c2ed-58a6-a3dd-77c9dade0f65",
        "T",
        "https://a.example/1",
        "<p>x</p>",
        "x",
        (),
        WHEN,
        WHEN,
        (),
    )
    (found,) = render_entries([entry._replace(**values)], ("atom", "rss"), "https://a.example/feeds/", "en")
    assert isinstance(found, dict)
    names = (
        b'xmlns:media="m" xmlns:dc="d" xmlns:content="c" xmlns:podcast="p" xmlns:itunes="'
        + ITUNES[1:-1].encode()
    )
    rss = found["rss"].replace(b"<item", b"<item " + names + b'"', 1)
    return Written(etree.fromstring(found["atom"]), etree.fromstring(rss))


def test_each_enclosure_is_written_once_in_its_order() -> None:
    media = (
        Enclosure("https://a.example/1.jpg", "image/jpeg"),
        Enclosure("https://a.example/1.mp3", "audio/mpeg", 5),
        Enclosure("https://a.example/other"),
    )
    written = write(enclosures=media)
    links = written.atom.findall("link[@rel='enclosure']")
    assert [(link.get("href"), link.get("type"), link.get("length")) for link in links] == [
        ("https://a.example/1.jpg", "image/jpeg", None),
        ("https://a.example/1.mp3", "audio/mpeg", "5"),
        ("https://a.example/other", None, None),
    ]
    (enclosure,) = written.rss.findall("enclosure")
    assert dict(enclosure.attrib) == {"url": "https://a.example/1.mp3", "type": "audio/mpeg", "length": "5"}


def test_rss_needs_a_type_and_a_length() -> None:
    (enclosure,) = write(enclosures=(Enclosure("https://a.example/x"),)).rss.findall("enclosure")
    assert (enclosure.get("type"), enclosure.get("length")) == ("application/octet-stream", "0")


@pytest.mark.parametrize(
    ("name", "stated", "written"),
    [
        ("explicit", "Yes", "true"),
        ("explicit", "clean", "false"),
        ("explicit", "TRUE", "true"),
        ("explicit", "perhaps", None),
        ("episodeType", "Full", "full"),
        ("episodeType", "Bonus", "bonus"),
        ("duration", "1:02:03", "1:02:03"),
        ("duration", "3723.5", "3723"),
        ("duration", "1h 2m 3s", "01:02:03"),
        ("duration", "62 min", "01:02:00"),
        ("duration", "long", None),
        ("block", "Yes", "Yes"),
        ("subtitle", "Words", "Words"),
        ("summary", "Words", "Words"),
        ("author", "Ann", "Ann"),
    ],
)
def test_fields_of_itunes_have_the_form_that_they_should_have(
    name: str, stated: str, written: str | None
) -> None:
    assert write(extras=(Extra("itunes:" + name, stated),)).rss.findtext(ITUNES + name) == written


@pytest.mark.parametrize("rights", ["", "CC BY"])  # written by either writer
def test_a_description_of_rss_is_html_and_a_summary_of_atom_is_text(rights: str) -> None:
    written = write(summary="AT&T said <b>", rights=rights)
    assert written.rss.findtext("description") == "AT&amp;T said &lt;b&gt;"
    assert written.atom.findtext("summary") == "AT&T said <b>"


@pytest.mark.parametrize("rights", ["", "CC BY"])
def test_addresses_in_rss_are_uris(rights: str) -> None:
    written = write(link="https://straße.example/é?q=ü", rights=rights)
    assert written.rss.findtext("link") == "https://xn--strae-oqa.example/%C3%A9?q=%C3%BC"
    assert written.atom.find("link").get("href") == "https://straße.example/é?q=ü"


@pytest.mark.parametrize(
    ("stated", "valid"),
    [
        ("https://a.example/a[1]?b[]=2", "https://a.example/a%5B1%5D?b%5B%5D=2"),
        ("https://[2001:db8::1]/x[1]", "https://[2001:db8::1]/x%5B1%5D"),
        ("https://a.example/50%", "https://a.example/50%25"),
        ("https://a.example/a#b#c", "https://a.example/a#b%23c"),
        ("https://a.example/a\u202eb", "https://a.example/a%E2%80%AEb"),
        ("https://a.example/a b|c", "https://a.example/a%20b%7Cc"),
        ("https://a.example/ä", "https://a.example/ä"),
    ],
)
def test_characters_that_no_address_may_have_are_escaped(stated: str, valid: str) -> None:
    assert escape_address(stated) == valid
    assert escape_address(valid) == valid


@pytest.mark.parametrize(
    "url", ["http://localhost/1.mp3", "https://server/1.mp3", "https://a_b.example/1.mp3"]
)
def test_rss_names_a_file_of_a_local_host_as_media(url: str) -> None:
    written = write(enclosures=(Enclosure(url, "audio/mpeg", 5),))
    assert written.rss.find("enclosure") is None
    assert [media.get("url") for media in written.rss.findall("{m}content")] == [url]
    assert [link.get("href") for link in written.atom.findall("link[@rel='enclosure']")] == [url]


@pytest.mark.parametrize("rights", ["", "CC BY"])
def test_a_title_that_stands_for_a_missing_body_is_html(rights: str) -> None:
    written = write(title="AT&T: 1 < 2", html="", rights=rights)
    assert written.atom.findtext("content") == "AT&amp;T: 1 &lt; 2"
    assert written.rss.findtext("{c}encoded") == "AT&amp;T: 1 &lt; 2"
    assert written.atom.findtext("title") == "AT&T: 1 < 2"
