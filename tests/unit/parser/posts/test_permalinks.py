"""Addresses and ids that Jekyll makes of a post."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from feeds.models import Generator
from feeds.parser.posts.permalinks import build_jekyll_id, build_post_url, find_page_file, slugify, split_name
from tests.unit.parser.posts.test_jekyll import read

WHEN = datetime(2024, 3, 7, 9, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("date", "/news/big-city/2024/03/07/My-Post.html"),
        ("pretty", "/news/big-city/2024/03/07/My-Post/"),
        ("ordinal", "/news/big-city/2024/067/My-Post.html"),
        ("weekdate", "/news/big-city/2024/W10/Thu/My-Post.html"),
        ("none", "/news/big-city/My-Post.html"),
        ("/:year/:i_month/:i_day/:short_year/:slug", "/2024/3/7/24/my-post"),
        ("/:short_month/:long_month/:short_day/:long_day/:title/", "/Mar/March/Thu/Thursday/My-Post/"),
        ("/:hour:minute:second/:w_year-:week-:w_day/:title.html", "/090506/2024-10-4/My-Post.html"),
        ("/:name:output_ext", "/2024-03-07-my-post.html"),
        ("/:slugified_categories/:title", "/news/big-city/My-Post"),
        ("/:collection/:path:output_ext", "/posts/2024-03-07-My%20Post.html"),
        ("/:year-:month-:day-:title_x", "/2024-03-07-My-Post_x"),
        ("/p/fixed.html", "/p/fixed.html"),
        ("//a/../b/./c", "/a/b/c"),
        ("about", "/about"),
    ],
)
def test_addresses_are_those_of_jekyll(pattern: str, expected: str) -> None:
    found = build_post_url(pattern, "_posts/2024-03-07-My Post.md", WHEN, ["News", "big-city", "news"])
    assert found == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2024-03-07-中文 标题.md", "/%E4%B8%AD%E6%96%87-%E6%A0%87%E9%A2%98.html"),
        ("2024-03-07-what's (new)!.md", "/what's-(new)!.html"),
        ("2024-03-07-a#b?c%d.md", "/a-b-c-d.html"),
        ("2024-03-07-हिन्दी.md", "/%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80.html"),
        ("no-date_here.md", "/no-date_here.html"),
        ("2024-03-07-c++.md", "/c++.html"),
        ("my-bundle/index.md", "/my-bundle.html"),
        ("index.md", "/index.html"),
    ],
)
def test_titles_in_addresses_are_slugs_of_the_pretty_kind(name: str, expected: str) -> None:
    assert build_post_url("/:title:output_ext", f"_posts/{name}", WHEN, []) == expected


def test_categories_in_addresses_are_escaped_like_jekylls() -> None:
    found = build_post_url("/:categories/x", "_posts/2024-03-07-a.md", WHEN, ["Q & A", "中文"])
    assert found == "/q%20&%20a/%E4%B8%AD%E6%96%87/x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello,  World!", "hello-world"),
        ("_under_score_", "under-score"),
        ("Ärger & Öl", "ärger-öl"),
        ("!!", ""),
    ],
)
def test_slugs_of_words(text: str, expected: str) -> None:
    assert slugify(text) == expected


@pytest.mark.parametrize(
    ("url", "path", "slug", "expected"),
    [
        ("/2024/03/07/a.html", "_posts/2024-03-07-a.md", "", "https://x.example/blog/2024/03/07/a"),
        ("/news/a/", "_posts/2024-03-07-a.md", "", "https://x.example/blog/news/a"),
        ("/p/about.html", "_posts/2024-03-07-a.md", "", "https://x.example/blog/p/a"),
        ("/s.html", "_posts/2024-03-07-a.md", "s", "https://x.example/blog/s"),
        ("/My-Post.html", "_posts/2024-03-07-My Post.md", "", "https://x.example/blog/My%20Post"),
    ],
)
def test_ids_are_those_of_jekyll_feed(url: str, path: str, slug: str, expected: str) -> None:
    assert build_jekyll_id("https://x.example/blog/", url, path, slug) == expected


def test_the_pattern_of_the_collection_wins() -> None:
    config = "url: https://x.example\npermalink: pretty\ncollections: {posts: {permalink: '/p/:slug'}}\n"
    assert read("title: T", config).permalink == "https://x.example/p/a"


@pytest.mark.parametrize(
    ("path", "generator", "slug", "expected"),
    [
        ("posts/a.md", "hugo", "", "posts/a.md"),
        ("Posts/My Post.md", "hugo", "", "posts/my-post.md"),
        ("posts/bundle/index.md", "hugo", "", "posts/bundle.md"),
        ("posts/2024-05-06-a.md", "hugo", "", "posts/2024-05-06-a.md"),
        ("posts/a.md", "hugo", "other", "posts/other.md"),
        ("blog/2024-05-06-a/index.md", "zola", "", "blog/a.md"),
        ("blog/2024-05-06_My Post.md", "zola", "", "blog/my-post.md"),
        ("2024-05-06-a.md", "zola", "other", "other.md"),
        ("index.md", "zola", "", "index.md"),
        ("blog/bundle/index.md", "content", "", "blog/bundle.md"),
        ("blog/My Post.md", "content", "", "blog/My Post.md"),
        ("blog/index.md", "jekyll", "", "blog/index.md"),
        ("blog/index.md", "", "x", "blog/index.md"),
    ],
)
def test_the_path_of_a_page_is_that_of_its_generator(
    path: str, generator: Generator, slug: str, expected: str
) -> None:
    assert find_page_file(path, generator, slug) == expected


@pytest.mark.parametrize(
    ("path", "date", "slug"),
    [
        ("a/2024-04-05-tea.md", (2024, 4, 5), "tea"),
        ("24-04-05-tea.md", (2024, 4, 5), "tea"),
        ("a/tea.md", None, "tea"),
        ("tea/index.md", None, "tea"),
        ("_posts/index.md", None, "index"),
        ("2024-04-05-tea/index.md", (2024, 4, 5), "tea"),
    ],
)
def test_the_name_of_a_file_has_date_and_slug(
    path: str, date: tuple[int, int, int] | None, slug: str
) -> None:
    assert split_name(path) == (date, slug)
