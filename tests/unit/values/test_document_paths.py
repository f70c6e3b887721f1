"""Paths of documents and pages, and how many entries an archive holds."""

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
    assert document_paths.get_media_type("old.xml", {"old.xml": "tag/x/rss.xml"}) == "application/rss+xml"
    assert document_paths.get_media_type("tag/x/feed.json", {}) == "application/feed+json"
    assert document_paths.get_media_type("tag/x/index.html", {}) == ""
    assert document_paths.group_aliases({"a": "x", "b": "x", "c": "y"}) == {"x": ["a", "b"], "y": ["c"]}
    assert [list(one) for one in document_paths.split_into_chunks([1, 2, 3, 4, 5], 2)] == [
        [1, 2],
        [3, 4],
        [5],
    ]


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
