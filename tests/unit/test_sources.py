"""The sources of a run: those of the configuration in their order, and the feeds of its lists with its settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.config import FolderSource, ListSource, UpstreamSource
from feeds.errors import UsageError
from feeds.fetcher.request import Request
from feeds.sources import (
    Folder,
    UpstreamFeed,
    build_folder,
    build_upstream,
    expand_sources,
    find_upstream,
    list_fetched_lists,
    register_sources,
)
from feeds.storage.upstreams import PollResult, save_polls
from tests.rigs.memory_store import open_memory_store

OPML = """<opml version="2.0" xmlns:feedd="https://feedd.example"><head><title>L</title></head><body>
<outline type="rss" text="One" feedd:name="One" xmlUrl="https://one.example/feed" category="/x"/>
<outline type="rss" text="One" feedd:name="One" xmlUrl="https://other.example/feed"/>
<outline type="rss" xmlUrl="https://two.example/feed"/>
</body></opml>"""


@pytest.fixture
def listed(tmp_path: Path) -> ListSource:
    (tmp_path / "list.opml").write_text(OPML)
    return ListSource(name="list", path=tmp_path / "list.opml", every="2h", categories=("c",))


def test_a_list_becomes_its_feeds_at_its_place(listed: ListSource) -> None:
    first, last = FolderSource(name="a", path=Path("a")), UpstreamSource(name="z", url="https://z.example/")
    found, troubles = expand_sources([first, listed, last], None)
    assert troubles == []
    assert [source.name for source in found] == ["a", "list/One", "list/two.example/feed", "z"]
    one = found[1]
    # Of two feeds with one name the first counts.
    assert isinstance(one, UpstreamFeed)
    assert (one.url, one.interval, one.categories[0]) == ("https://one.example/feed", 7200, "c")
    assert one.request == Request("list/One", "https://one.example/feed")


def test_a_list_that_cannot_be_read_stops_no_other_source(tmp_path: Path) -> None:
    missing = ListSource(name="list", path=tmp_path / "none.opml")
    found, troubles = expand_sources([missing, FolderSource(name="a", path=Path("a"))], None)
    assert [source.name for source in found] == ["a"]
    assert troubles == [
        f"source list: {tmp_path / 'none.opml'}: cannot be read (No such file or directory); correct `path`"
    ]
    (tmp_path / "none.opml").write_text("no list")
    assert len(expand_sources([missing], None)[1]) == 1


def test_a_fetched_list_is_used_as_it_was_stored() -> None:
    db = open_memory_store()
    source = ListSource(name="list", url="https://l.example/opml")
    (fetched,) = list_fetched_lists([source, FolderSource(name="a", path=Path("a"))])
    assert (fetched.name, fetched.url, fetched.is_list) == ("list", "https://l.example/opml", True)
    assert expand_sources([source], db) == ([], [])
    sources = register_sources(db, [source], [])
    assert list(sources.values()) == [("list", 0)]
    save_polls(db, [PollResult(next(iter(sources)), "{}", 0, "", 0, "read", "", document=OPML.encode())])
    found, _ = expand_sources([source], db)
    assert [s.name for s in found] == ["list/One", "list/two.example/feed"]
    ranks = register_sources(db, [source], found)
    assert sorted(ranks.values(), key=lambda pair: pair[1]) == [
        ("list/One", 0),
        ("list/two.example/feed", 1),
        ("list", 2),
    ]
    # A removed source keeps its number, and comes after all others.
    assert sorted(rank for _, rank in register_sources(db, [], []).values()) == [0, 0, 0]


@pytest.mark.parametrize(("every", "interval"), [("", 0), ("5s", 60), ("60s", 60), ("3h", 10800)])
def test_a_list_may_not_ask_for_less_than_a_minute(every: str, interval: int) -> None:
    from feeds.sources import _limit_interval

    assert _limit_interval(every) == interval


def test_an_upstream_feed_is_found_by_its_name(listed: ListSource) -> None:
    assert find_upstream([listed], None, "list/One", Path("c")).url == "https://one.example/feed"
    folder = FolderSource(name="a", path=Path("a"))
    for name in ("a", "list", "list/Two"):
        with pytest.raises(UsageError, match="c has no upstream feed of this name"):
            find_upstream([folder, listed], None, name, Path("c"))


def test_a_request_has_the_settings_of_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UP_LOGIN", "me:secret")
    url = "https://up.example/"
    source = UpstreamSource(
        name="up", url=url, auth="env:UP_LOGIN", group="g", allow=("a:1",), proxy="http://p:1", timeout=7
    )
    wanted = Request("up", url, "g", ("a:1",), "me:secret", "http://p:1", 7.0, source.most_bytes)
    assert build_upstream(source).request == wanted
    monkeypatch.delenv("UP_LOGIN")
    found = build_upstream(source)
    assert found.request is None
    assert found.trouble == "auth: environment variable UP_LOGIN is not set; set it or remove the key"


def test_feeds_of_a_list_share_its_missing_credentials(listed: ListSource) -> None:
    found, troubles = expand_sources([listed.change(auth="env:NOT_SET")], None)
    assert troubles == []
    assert all("NOT_SET is not set" in source.trouble for source in found if isinstance(source, UpstreamFeed))


def test_a_source_is_a_value_without_its_configuration() -> None:
    source = FolderSource(name="a", path=Path("a"), on_remove="keep", future=True, keep="5")
    assert build_folder(source) == Folder("a", Path("a"), future=True, keeps_removed=True, keep="5")
    found = build_upstream(UpstreamSource(name="up", url="https://up.example/", terms="none", every="2h"))
    assert (found.own_terms, found.merge_terms, found.interval, found.is_list) == (False, False, 7200, False)
    found = build_upstream(UpstreamSource(name="up", url="https://up.example/", terms="merge"))
    assert (found.own_terms, found.merge_terms, found.interval) == (True, True, 0)
