"""Paths of documents and pages, the order of posts and how many an archive holds."""

from __future__ import annotations

import pytest

from feeds.values import document_paths


def test_where_documents_lie() -> None:
    assert document_paths.build_document_path("all", "-", "atom") == "atom.xml"
    assert document_paths.build_document_path("all", "-", "rss") == "rss.xml"
    assert set(document_paths.CATALOGUE) == {"feeds.opml", "index.html"}
    assert document_paths.get_media_type("atom.xml", {}) == "application/atom+xml"
    assert document_paths.build_document_path("tag", "x", "json") == "tag/x/feed.json"
    assert document_paths.build_archive_path("all", "-", 1, "rss") == "archive/1.rss.xml"
    assert document_paths.build_archive_path("category", "y", 12, "json") == "category/y/archive/12.json"
    assert document_paths.build_page_path("all", "-") == "index.html"
    assert document_paths.build_page_path("tag", "x") == "tag/x/index.html"
    assert document_paths.get_media_type("old.xml", {"old.xml": "tag/x/rss.xml"}) == "application/rss+xml"
    assert document_paths.get_media_type("tag/x/feed.json", {}) == "application/feed+json"
    assert document_paths.get_media_type("tag/x/index.html", {}) == ""
    assert document_paths.group_aliases({"a": "x", "b": "x", "c": "y"}) == {"x": ["a", "b"], "y": ["c"]}
    assert [list(one) for one in document_paths.split_into_chunks([1, 2, 3, 4, 5], 2)] == [
        [1, 2],
        [3, 4],
        [5],
    ]


def test_the_order_of_a_document() -> None:
    places = [
        document_paths.Place(1, "b", 5),
        document_paths.Place(2, "a", 5),
        document_paths.Place(3, "c", 9),
        document_paths.Place(4, "d", 1),
    ]
    assert document_paths.sort_places(places) == document_paths.sort_places(places[::-1]) == [3, 2, 1, 4]


@pytest.mark.parametrize(
    ("sizes", "entries", "most", "expected"),
    [
        ([], 5, 100, 0),
        ([(10, 20)] * 9, 5, 1000, 5),
        ([(10, 20)] * 3, 5, 1000, 3),
        ([(10, 60)] * 9, 5, 100, 1),
        ([(50, 10)] * 9, 5, 100, 2),
        ([(500, 10), (1, 1)], 5, 100, 1),
        ([(100,), (1,)], 5, 100, 1),
        ([(99,), (1,), (1,)], 5, 100, 2),
        ([()] * 4, 2, 100, 2),
    ],
)
def test_how_many_entries_make_an_archive(sizes, entries, most, expected) -> None:
    assert document_paths.count_archive_entries(sizes, entries, most) == expected
