"""The settings of sources as the program uses them."""

from __future__ import annotations

from pathlib import Path

from feeds.config.sources import FolderSource, ListSource, UpstreamSource


def test_an_upstream_feed_has_its_interval_and_bound() -> None:
    source = UpstreamSource(name="n", url="https://b.example/", every="2h", max_mb=3)
    assert (source.interval, source.most_bytes) == (7200, 3 * 1024 * 1024)
    assert UpstreamSource(name="n", url="https://b.example/").interval == 0


def test_a_list_gives_its_feeds_its_settings() -> None:
    source = ListSource(
        name="l", url="https://l.example/", categories=("a",), allow=("h:1",), timeout=5, keep="5"
    )
    assert source.settings == UpstreamSource(
        name="l", url="https://l.example/", categories=("a",), allow=("h:1",), timeout=5, keep="5"
    )


def test_a_list_has_one_location() -> None:
    source = ListSource(name="l", path=Path("l.opml"))
    assert list(source.find_conflicts({"path"})) == []
    assert [key for key, _ in source.find_conflicts({"path", "url"})] == ["path"]
    assert [text for _, text in source.find_conflicts({})] == [
        "is missing; add it: the OPML file, or its URL as `url`"
    ]


def test_a_folder_needs_no_more_than_a_name_and_a_path() -> None:
    source = FolderSource(name="n", path=Path("p"))
    assert (source.terms, source.on_remove, source.markdown) == ("own", "withdraw", None)
