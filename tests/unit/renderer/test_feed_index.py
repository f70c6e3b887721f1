"""The feeds of a front page, in sections and groups."""

from __future__ import annotations

from feeds.renderer.catalog import CatalogueFeed, CatalogueHead
from feeds.renderer.feed_index import FeedRow, build_sections

SITE = CatalogueHead("Site", "", "en", "https://a.example/")


def make_feed(kind: str, slug: str, posts: int = 1, page: bool = True) -> CatalogueFeed:
    urls = (("atom", f"{SITE.url}{kind}/{slug}/atom.xml"),)
    return CatalogueFeed(kind, f"<{slug}>", slug, posts, None, urls, page)


def test_categories_come_before_tags_and_the_feed_of_all_has_no_section() -> None:
    feeds = [make_feed("tag", "b"), make_feed("all", "-"), make_feed("category", "a", 1234, False)]
    categories, tags = build_sections(SITE, feeds)
    assert (categories.id, categories.heading, categories.total, categories.top) == (
        "categories",
        "categories",
        1,
        (),
    )
    assert tags.id == "tags"
    assert list(categories.groups[0].rows) == [
        FeedRow("<a>", "category/a/atom.xml", 1234, "1,234", "a"),
    ], "without a page it leads to the document"
    assert tags.groups[0].rows[0].href == "tag/b/"
    assert categories.groups[0].html == (
        '<li><a href="category/a/atom.xml">&lt;a&gt;</a> <span>1,234</span></li>'
    )


def test_rows_are_sorted_by_slug_with_other_letters_last() -> None:
    (section,) = build_sections(SITE, [make_feed("tag", slug) for slug in ("茶", "b", "9", "a")])
    assert [row.key for row in section.groups[0].rows] == ["9", "a", "b", "茶"]
    assert section.groups[0].id == "tags-all"


def test_sixty_feeds_are_one_list_and_more_are_grouped_by_initial() -> None:
    feeds = [make_feed("tag", f"{'abc'[n % 3]}{n:02}", n) for n in range(60)]
    assert len(build_sections(SITE, feeds)[0].groups) == 1
    feeds += [make_feed("tag", "9x", 500), make_feed("tag", "茶", 400)]
    (section,) = build_sections(SITE, feeds)
    assert [(group.id, group.initial) for group in section.groups] == [
        ("tags-0–9", "0–9"),
        ("tags-a", "A"),
        ("tags-b", "B"),
        ("tags-c", "C"),
        ("tags-others", ""),
    ]
    assert len(section.top) == 40
    assert [row.posts for row in section.top[:3]] == [500, 400, 59]
    assert section.total == 62


def test_a_feed_without_documents_is_left_out() -> None:
    assert build_sections(SITE, [CatalogueFeed("tag", "x", "x", 1, None, ())]) == []
