"""What a Jekyll site means, after Jekyll 4's own code: addresses, ids, defaults, terms, Liquid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.models import Item
from feeds.parser.posts.jekyll import FolderSettings, find_defaults, find_folder_categories, read_site_config
from feeds.parser.posts.post import parse_post
from tests.rigs.examples import examples
from tests.unit.parser.posts.test_front_matter import LINES, VALUES

DEFAULTS = """\
collections_dir: parts
defaults:
  - scope: {path: "", type: posts}
    values: {author: all, layout: post, categories: [everything], seo: {a: 1, b: 2}}
  - scope: {path: "town"}
    values: {author: town}
  - scope: {path: "_posts/2024"}
    values: {lang: en}
  - scope: {path: "*/_posts/deep"}
    values: {author: star}
  - scope: {path: "far/**/end.md"}
    values: {author: any}
  - scope: {path: "", type: drafts}
    values: {layout: draft}
  - scope: {path: "", type: pages}
    values: {author: page}
  - values: {tags: unscoped, seo: {b: 3}}
"""


@pytest.mark.parametrize(
    ("path", "key", "expected"),
    [
        ("_posts/2023-01-01-a.md", "author", "all"),
        ("town/_posts/2023-01-01-a.md", "author", "town"),
        ("township/_posts/2023-01-01-a.md", "author", "town"),  # Jekyll compares beginnings of paths
        ("parts/town/_posts/2023-01-01-a.md", "author", "town"),
        ("_posts/2024-01-01-a.md", "lang", "en"),
        ("_posts/2023-01-01-a.md", "lang", None),
        ("x/_posts/deep/a.md", "author", "star"),
        ("x/y/_posts/deep/a.md", "author", "all"),
        ("far/_posts/end.md", "author", "any"),
        ("far/a/b/end.md", "author", "any"),
        ("_posts/2023-01-01-a.md", "tags", "unscoped"),
        ("_posts/2023-01-01-a.md", "seo", {"a": "1", "b": "2"}),
    ],
)
def test_defaults_of_the_site(path: str, key: str, expected: object) -> None:
    assert find_defaults(read_site_config(DEFAULTS), path, False).get(key) == expected


def test_defaults_of_drafts() -> None:
    assert find_defaults(read_site_config(DEFAULTS), "_drafts/a.md", True)["layout"] == "draft"


def test_categories_of_folders_leave_out_the_folder_of_collections() -> None:
    assert find_folder_categories("parts/town/_posts/sub/a.md", "parts") == ["town"]
    assert find_folder_categories("a/b/_drafts/a.md") == ["a", "b"]


def read(header: str, config: str = "", path: str = "_posts/2024-01-01-a.md") -> Item:
    site = read_site_config(config or "url: https://x.example\n")
    settings = FolderSettings(site.base, "UTC", "jekyll", site)
    text = f"---\n{header}\n---\nText.\n"
    item = parse_post(text.encode(), path, settings, lambda body: (body, ""), lambda _: None, lambda *_: None)
    assert isinstance(item, Item)
    return item


@pytest.mark.parametrize(
    ("header", "categories", "tags"),
    [
        ("categories: a b\ntags: x y", ("a", "b"), ("x", "y")),
        ("categories: [a b, c]\ntags:\n- x y\n- z", ("a b", "c"), ("x y", "z")),
        ("category: a b\ntag: x y", ("a b",), ("x y",)),
        ("categories: [a]\ncategory: b\ntags: [x]\ntag: y", ("a", "b"), ("x", "y")),
        ("categories: [a, a, '']\ntags: [2024, true, 1.5, ~]", ("a",), ("2024", "true", "1.5")),
        ("categories:\ntags:", (), ()),
        ("categories: a, b,c\ntags: 中文 标签", ("a", "b", "c"), ("中文", "标签")),
        ("categories: [[a, b], c]", ("a", "b", "c"), ()),
    ],
)
def test_terms_are_read_as_jekyll_reads_them(
    header: str, categories: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    item = read(header)
    assert (item.categories, item.tags) == (categories, tags)


def test_categories_of_defaults_folders_and_header_add_up() -> None:
    config = (
        "url: https://x.example\ndefaults:\n- scope: {path: ''}\n  values: {categories: base, tags: [d]}\n"
    )
    item = read("categories: own\ntags: [t]", config, "town/_posts/2024-01-01-a.md")
    assert item.categories == ("town", "base", "own")
    assert item.tags == ("t",)
    assert item.permalink == "https://x.example/town/base/own/2024/01/01/a.html"


def test_a_header_that_ends_with_more_dashes_is_read(tmp_path: Path) -> None:
    item = read("title: T\ntags: a\n-----\nBody: of it\n")
    assert (item.title, item.tags) == ("T", ("a",))
    assert item.body.startswith("Body: of it")


SETTINGS = st.lists(
    st.one_of(
        LINES,
        st.tuples(st.sampled_from(["title", "url", "permalink", "timezone"]), VALUES).map(": ".join),
        st.sampled_from(
            ["", "# a remark", "#", "  # a remark", "plugins:", "  - jekyll-feed", "defaults: []"]
        ),
    ),
    max_size=6,
).map("\n".join)


@examples(400)
@given(SETTINGS)
def test_the_fast_way_to_a_sites_settings_gives_what_yaml_gives(text: str) -> None:
    fast = read_site_config(text)
    by_yaml = read_site_config(f"---\n{text}")  # a mark that only YAML knows
    assert replace(fast, repairs=()) == replace(by_yaml, repairs=())


@pytest.mark.parametrize(
    ("path", "folder", "categories"),
    [
        ("news/tea/_posts/deep/a.md", "", ["news", "tea"]),
        ("news/_drafts/a.md", "", ["news"]),
        ("_posts/a.md", "", []),
        ("news/a.md", "", []),
        ("all/news/_posts/a.md", "all", ["news"]),
    ],
)
def test_folders_above_the_posts_are_categories(path: str, folder: str, categories: list[str]) -> None:
    assert find_folder_categories(path, folder) == categories
