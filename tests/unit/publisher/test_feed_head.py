"""The head of a feed's documents: titles, addresses, hubs, archives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.publisher.feed_head import (
    build_archive_head,
    build_feed_head,
    build_url,
    get_label,
    list_archive_urls,
)
from feeds.publisher.plan import locate_feed
from feeds.settings import PublishSettings
from feeds.storage.feeds import StoredFeed
from tests.rigs.memory_world import World

SITE = "https://site.example/feeds/"
TAG = StoredFeed(5, "tag", "新", "xin", "urn:x:5", 7)


@pytest.fixture
def settings(tmp_path: Path) -> PublishSettings:
    found = World(tmp_path).session.publishing
    return replace(
        found, archive=("atom",), archive_kinds=("all", "tag"), named_hubs=("https://hub.example/",)
    )


def test_the_head_of_a_tag(settings: PublishSettings) -> None:
    paths = locate_feed(settings, "tag", "xin")
    head = build_feed_head(settings, TAG, paths, 86400, 2, [("urn:gone", 3600)])
    assert (head.id, head.title, head.site_url) == ("urn:x:5", "新 - Test site", SITE)
    assert head.self_urls == (
        ("atom", SITE + "tag/xin/atom.xml"),
        ("rss", SITE + "tag/xin/rss.xml"),
        ("json", SITE + "tag/xin/feed.json"),
    )
    assert head.updated == datetime(1970, 1, 2, tzinfo=UTC)
    assert head.hubs == ("https://hub.example/",)
    assert head.before == (("atom", SITE + "tag/xin/archive/2.atom.xml"),)
    assert head.deleted == (("urn:gone", datetime(1970, 1, 1, 1, tzinfo=UTC)),)
    assert head.current == ()
    assert build_feed_head(settings, TAG, paths, 0).before == ()


def test_titles_and_labels(settings: PublishSettings) -> None:
    paths = locate_feed(settings, "tag", "xin")
    labelled = replace(settings, labels={"tag": {"新": "New"}})
    assert build_feed_head(labelled, TAG, paths, 0).title == "New - Test site"
    assert get_label(labelled, "category", "新") == "新"
    every = replace(TAG, kind="all", name="", slug="-")
    assert build_feed_head(settings, every, locate_feed(settings, "all", "-"), 0).title == "Test site"


def test_private_feeds_name_no_hub(settings: PublishSettings) -> None:
    private = replace(settings, private=("tag/xin",))
    assert build_feed_head(private, TAG, locate_feed(private, "tag", "xin"), 0).hubs == ()


def test_an_archive_holds_nothing_that_may_change(settings: PublishSettings) -> None:
    paths = locate_feed(settings, "tag", "xin")
    head = build_archive_head(settings, TAG, paths, 2, 0)
    assert head.self_urls == (("atom", SITE + "tag/xin/archive/2.atom.xml"),)
    assert head.before == (("atom", SITE + "tag/xin/archive/1.atom.xml"),)
    assert head.current == (("atom", SITE + "tag/xin/atom.xml"),)
    assert head.hubs == ()
    assert build_archive_head(settings, TAG, paths, 1, 0).before == ()
    assert list_archive_urls(settings, paths, 0) == ()


def test_addresses_are_quoted(settings: PublishSettings) -> None:
    assert build_url(settings, "tag/a-b_c/1.xml") == SITE + "tag/a-b_c/1.xml"
    assert build_url(settings, "tag/新 x/atom.xml") == SITE + "tag/%E6%96%B0%20x/atom.xml"
