"""The metadata of an upstream feed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from feeds.parser.feeds.channel import choose_page, read_author_names, read_head, read_text_construct
from feeds.parser.feeds.document import Tombstone, UpstreamHead

URL = "https://a.example/dir/feed"


def read(feed: dict[str, object], head: str = "") -> UpstreamHead:
    return read_head(feed, "rss20", head, URL, UTC)


def test_an_empty_feed_states_nothing() -> None:
    assert read({}) == UpstreamHead(version="rss20")


def test_values_and_addresses() -> None:
    head = read(
        {
            "feeddid": "urn:x",
            "id": "other",
            "title": " A  title ",
            "subtitle": "S",
            "language": "en",
            "rights": "R",
            "updated": "2024-01-02T03:04:05Z",
            "icon": "/i.png",
            "image": {"href": "logo.png"},
            "ttl": "60",
            "sy_updateperiod": " Daily ",
            "sy_updatefrequency": "2",
            "links": [
                {"rel": "self", "href": "/own"},
                {"rel": "hub", "href": "https://hub.example/"},
                {"rel": "hub", "href": "https://hub.example/"},
                {"rel": "HUB alternate", "href": "https://hub2.example/"},
                {"rel": "prev-archive", "href": "/a1"},
                {"rel": "next", "href": "?p=2"},
                {"href": "/page"},
            ],
        }
    )
    assert (head.id, head.title, head.subtitle, head.language, head.rights) == (
        "urn:x",
        "A title",
        "S",
        "en",
        "R",
    )
    assert head.updated == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (head.icon, head.logo) == ("https://a.example/i.png", "https://a.example/dir/logo.png")
    assert (head.ttl, head.update_period, head.update_frequency) == (60, "daily", 2)
    assert head.self_url == "https://a.example/own"
    assert head.hubs == ("https://hub.example/", "https://hub2.example/")
    assert (head.prev_archive, head.next_page) == ("https://a.example/a1", "https://a.example/dir/feed?p=2")
    assert head.link == "https://a.example/page"


@pytest.mark.parametrize(
    ("ttl", "minutes"),
    [("0", None), ("-1", None), ("x", None), ("999999999", 527040), ("1", 1), ("9999999999", None)],
)
def test_a_ttl_is_a_number_of_minutes_up_to_a_year(ttl: str, minutes: int | None) -> None:
    assert read({"ttl": ttl}).ttl == minutes


def test_a_period_that_is_none_is_left_out() -> None:
    assert read({"sy_updateperiod": "often", "sy_updatefrequency": "0"}).update_period == ""
    assert read({"sy_updatefrequency": "0"}).update_frequency == 1


def test_hours_days_and_flags_of_the_raw_head() -> None:
    head = read(
        {},
        "<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>25</hour></skipHours>"
        "<SKIPDAYS><day>Monday</day><day>sunday</day><day>Noday</day></SKIPDAYS><!-- <fh:archive/> --><fh:complete/>",
    )
    assert head.skip_hours == {0, 23}
    assert head.skip_days == {0, 6}
    assert (head.archive, head.complete) == (False, True)
    assert read({}, "<fh:archive />").archive


def test_tombstones_name_an_entry_and_perhaps_a_time() -> None:
    head = read(
        {},
        "<at:deleted-entry ref='urn:1' when='2024-01-02T00:00:00Z'/><deleted-entry ref=\"a&amp;b\"><at:deleted-entry/>"
        "<![CDATA[<at:deleted-entry ref='urn:9'/>]]>",
    )
    assert head.tombstones == (Tombstone("urn:1", datetime(2024, 1, 2, tzinfo=UTC)), Tombstone("a&b", None))


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("Ann", "Ann"),
        ("a@b.example (Ann Lee)", "Ann Lee"),
        ("Ann Lee <a@b.example>", "Ann Lee"),
        ("Ann, mailto:a@b.example", "Ann"),
        ("a@b.example", ""),
        ("@ann", "@ann"),
        ("Ann @ home", "Ann @ home"),
        ("a\ue040b.example", ""),
    ],
)
def test_the_name_of_an_author(stated: str, name: str) -> None:
    assert read_author_names({"author": stated}) == ((name,) if name else ())
    assert read_author_names({"authors": [{"name": stated}, {"name": stated}]}) == ((name,) if name else ())


def test_the_page_of_people_comes_first() -> None:
    links = [
        {"rel": "alternate", "type": "application/json", "href": "/j"},
        {"rel": "alternate", "type": "text/html", "href": "/h"},
        {"rel": "self", "href": "/s"},
    ]
    assert choose_page(links, URL) == "https://a.example/h"
    assert choose_page(links[:1], URL) == "https://a.example/j"
    assert choose_page(links[2:], URL) == ""
    assert choose_page([{"href": "mailto:x"}], URL) == "mailto:x"
    assert choose_page([{"href": "mailto:x"}, {"href": "/h"}], URL) == "https://a.example/h"


def test_html_and_plain_text() -> None:
    assert (
        read_text_construct({"title": "a <b>c</b>", "title_detail": {"type": "text/html"}}, "title") == "a c"
    )
    assert (
        read_text_construct({"title": "a  <b>", "title_detail": {"type": "text/plain"}}, "title") == "a <b>"
    )
    assert read_text_construct({}, "title") == ""


def test_hour_24_is_midnight_and_later_hours_are_none() -> None:
    head = "<skipHours><hour>0</hour><hour>23</hour><hour>24</hour><hour>25</hour></skipHours>"
    assert read({}, head).skip_hours == {0, 23}
    assert read({}, head.replace("<hour>0</hour>", "")).skip_hours == {0, 23}
