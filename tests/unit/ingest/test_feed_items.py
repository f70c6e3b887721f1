"""Entries of a document become readings: dates, addresses, names and keys, and long texts shortened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from feeds.ingest.document_job import (
    LONGEST_ENTRY,
    MOST_ENTRIES,
    ParsedDocument,
    is_refused,
    join_parsed_documents,
    select_entries,
)
from feeds.ingest.feed_items import (
    parse_entries,
    parse_head,
    reparse_entry,
    split_document,
)
from feeds.parser.feeds.document import Outline
from feeds.workers import ingest_tasks
from feeds.workers.task_types import EntrySettings, Settings
from tests.rigs.memory_world import build_rss

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
URL = "https://up.example/feed?key=secret"
SETTINGS = EntrySettings("up", 4, "UTC", ("added",), True, URL, "", True)


@pytest.fixture(autouse=True)
def begin() -> None:
    rules = (("code", r"code=(?P<key>\d+)"),)
    ingest_tasks.begin(Settings({}, rules, None, 30, 100, ("atom",), "https://a.example/", "en"))


def parse(*items: str, settings: EntrySettings = SETTINGS, head: str = "") -> ParsedDocument:
    parts = split_document(build_rss(*items, head=head), "application/rss+xml")
    return parse_entries(parts, range(len(parts.entries)), URL, settings, NOW)


def read(*elements: str, settings: EntrySettings = SETTINGS, head: str = ""):
    (reading,) = parse("".join(elements), settings=settings, head=head).readings
    assert reading.sighting is not None
    return reading, reading.sighting


def test_an_entry_becomes_a_reading() -> None:
    parts = split_document(build_rss("a", "b"), "")
    found = parse_entries(parts, [1], URL, SETTINGS, NOW)
    (reading,) = found.readings
    entry = reading.sighting
    assert entry is not None
    assert (reading.path, reading.outcome, reading.digest, reading.mtime) == (
        "id:b",
        "item",
        parts.digests[1],
        0,
    )
    assert (entry.source, entry.rank, entry.item, entry.place) == ("up", 4, "id:b", "")
    assert (entry.title, entry.link, entry.guid) == ("Entry b", "https://up.example/b", "b")
    assert entry.weak == entry.own == {"url:https://up.example/b", "guid:up:b"}
    assert entry.published == datetime(2024, 4, 1, 10, tzinfo=UTC)
    assert (entry.categories, entry.merges_terms, entry.fixed_id) == (("added",), True, "")
    assert entry.guess == NOW
    assert not reading.guessed
    assert found.unreadable == ()


def test_the_newest_entry_comes_last() -> None:
    assert [reading.path for reading in parse("a", "b", "c").readings] == ["id:c", "id:b", "id:a"]


@pytest.mark.parametrize(("minutes", "kept"), [(10, True), (11, False)])
def test_a_date_in_the_future_counts_as_missing(minutes: int, kept: bool) -> None:
    date = f"{NOW + timedelta(minutes=minutes):%a, %d %b %Y %H:%M:%S GMT}"
    reading, entry = read("<title>T</title><guid>g</guid>", f"<pubDate>{date}</pubDate>")
    assert (entry.published is not None, reading.guessed) == (kept, not kept)


def test_the_address_of_the_document_is_no_page() -> None:
    for address in (URL, "https://up.example/feed"):
        _, entry = read("<title>T</title><guid isPermaLink='false'>g</guid>", f"<link>{address}</link>")
        assert entry.link == ""
    _, entry = read(
        "<title>T</title><guid isPermaLink='false'>g</guid>", head="<link>https://up.example/</link>"
    )
    assert entry.page == "https://up.example/"
    configured = EntrySettings("up", 4, "UTC", (), True, URL, "https://site.example/")
    _, entry = read("<title>T</title><guid isPermaLink='false'>g</guid>", settings=configured)
    assert entry.page == "https://site.example/"


def test_a_guid_with_the_secret_of_the_address_gets_an_id_of_its_own() -> None:
    _, entry = read(f"<title>T</title><guid>{URL}</guid>")
    assert entry.fixed_id.startswith("urn:uuid:")
    _, other = read("<title>T</title><guid>https://up.example/post?x=1</guid>")
    assert other.fixed_id == ""


def test_strong_keys_and_text_keys() -> None:
    _, entry = read("<title>T</title><guid>g</guid><link>https://up.example/?code=7</link>")
    assert entry.strong == "!code:7"
    _, bare = read("<title>T</title><description>Some text</description>")
    (key,) = bare.weak
    assert key.startswith("text:")
    _, entry = read(
        "<title>T</title><description>Some text</description><pubDate>Mon, 01 Apr 2024 10:00:00 GMT</pubDate>"
    )
    assert entry.former == key
    assert entry.weak != {key}
    assert bare.former == ""


def test_long_texts_are_shortened() -> None:
    _, entry = read(
        f"<title>{'t' * 4001}</title><guid>{'g' * 4001}</guid><link>https://up.example/{'l' * 4000}</link>"
    )
    assert (len(entry.title), entry.title[-1], len(entry.guid), entry.link) == (4001, "…", 64, "")
    _, entry = read(f"<title>{'t' * 4000}</title><guid>{'g' * 4000}</guid>")
    assert (len(entry.title), len(entry.guid)) == (4000, 4000)


def test_terms_are_taken_only_if_wanted() -> None:
    element = "<title>T</title><guid>g</guid><category>c</category>"
    assert read(element)[1].categories == ("added", "c") or read(element)[1].tags == ("c",)
    _, entry = read(element, settings=EntrySettings("up", 4, "UTC", ("added",), False))
    assert (entry.categories, entry.tags) == (("added",), ())


def test_a_stored_entry_is_parsed_again() -> None:
    reading, entry = read("<title>T</title><guid>g</guid><description>Text</description>")
    again = reparse_entry(reading.document, reading.digest, SETTINGS, NOW)
    assert again is not None
    assert again.sighting == entry
    assert reparse_entry(ingest_tasks.compress(b"only a body"), b"", SETTINGS, NOW) is None


def test_the_text_of_media_ignores_their_query() -> None:
    def text(query: str) -> str:
        media = f'<enclosure url="https://m.example/a.mp3{query}" type="audio/mpeg" length="1"/>'
        return read("<title>T</title><guid>g</guid><description>Text</description>", media)[1].text

    assert text("?sig=1") == text("?sig=2")
    assert text("") != read("<title>T</title><guid>g</guid><description>Text</description>")[1].text


def test_parts_are_joined_in_their_order() -> None:
    first, second = parse("a", "b"), parse("c")
    joined = join_parsed_documents([first, second])
    assert [reading.path for reading in joined.readings] == ["id:c", "id:b", "id:a"]
    assert joined.head is first.head


def test_the_head_alone() -> None:
    head = parse_head(build_rss("a", "b"), "", URL)
    assert head is not None
    assert head.title == "Up"
    assert parse_head(b"<html><body>x</body></html>", "text/html", URL) is None


def test_a_json_feed_is_read_by_its_items() -> None:
    data = b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1", "content_text": "x"}, {"id": "2", "content_text": "y"}]}'
    parts = split_document(data, "application/feed+json")
    found = parse_entries(parts, range(len(parts.entries)), URL, SETTINGS, NOW)
    assert [reading.path for reading in found.readings] == ["id:2", "id:1"]
    assert len({reading.digest for reading in found.readings}) == 2


def test_logins_in_addresses_are_counted_and_make_no_id() -> None:
    text = "see https://a:b@c.example &lt;a href='https://a:b@c.example/'&gt;x&lt;/a&gt; &lt;img src=//a@c.example/p.png&gt;"
    item = f"<guid>https://a:b@c.example/1</guid><link>https://a:b@c.example/1</link><description>{text}</description>"
    parts = split_document(build_rss(item), "")
    found = parse_entries(parts, range(1), URL, SETTINGS, NOW)
    (reading,) = found.readings
    assert reading.logins == 3
    assert reading.sighting is not None
    assert reading.sighting.fixed_id.startswith("urn:uuid:")


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        (Outline("rss", "", (), ()), False),
        (Outline("none", "", (), ()), True),
        (Outline("rss", "", ("",) * MOST_ENTRIES, ()), False),
        (Outline("rss", "", ("",) * (MOST_ENTRIES + 1), ()), True),
    ],
)
def test_what_is_not_a_feed_or_has_too_many_entries_is_refused(parts: Outline, refused: bool) -> None:
    assert is_refused(parts) is refused


@pytest.mark.parametrize(("whole", "selected"), [(False, [0, 2]), (True, [0, 2, 3])])
def test_known_and_long_entries_are_not_parsed(whole: bool, selected: list[int]) -> None:
    entries = ("a", "known", "x" * LONGEST_ENTRY, "x" * (LONGEST_ENTRY + 1))
    parts = Outline("rss", "", entries, (b"0", b"1", b"2", b"3"), whole=whole)
    assert select_entries(parts, {b"1"}) == selected
