"""What a Jekyll site means, after Jekyll 4's own code: addresses, ids, defaults, terms, Liquid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.models import Item
from feeds.parser.posts.jekyll import FolderSettings, find_defaults, find_folder_categories, read_site_config
from feeds.parser.posts.liquid import render_liquid
from feeds.parser.posts.permalinks import build_jekyll_id, build_post_url, slugify
from feeds.parser.posts.post import parse_post
from tests.rigs.examples import examples
from tests.unit.parser.posts.test_front_matter import LINES, VALUES

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


def test_the_pattern_of_the_collection_wins() -> None:
    config = "url: https://x.example\npermalink: pretty\ncollections: {posts: {permalink: '/p/:slug'}}\n"
    assert read("title: T", config).permalink == "https://x.example/p/a"


@pytest.mark.parametrize(
    ("text", "expected", "dropped"),
    [
        ("{{ site.title }} {{ page.title | upcase }}", "Harbour PAGE", 0),
        ("{{ site.author.name }}", "Li", 0),
        ("{% raw %}{{ x }} {% y %}{% endraw %}", "{{ x }} {% y %}", 0),
        ("a{%- comment -%} {{ x }} {%- endcomment -%}b", "ab", 0),
        ("{% # a remark %}a", "a", 0),
        ("{% assign x = 'v' | append: 'w' %}{{ x }}", "vw", 0),
        ("{% if page.x %}a{% else %}b{% endif %}", "b", 0),
        ("{% if x %}a{% else %}b{% endif %}", "b", 1),
        ("a{% include f.html\n  src='x'\n%}b", "ab", 1),
        ("{{ nothing }}", "", 1),
        ("[a]({% link _posts/x.md %})", "[a](/blog/x.html)", 0),
        ("[a]({{ site.baseurl }}{% link _posts/x.md %})", "[a](/blog/x.html)", 0),
        ("[a]({{site.url}}{% post_url x %})", "[a](https://h.example/blog/x.html)", 0),
        ("[a]({{ site.url }}{{ site.baseurl }}{% post_url x %})", "[a](https://h.example/blog/x.html)", 0),
        ("{{ '/css/a.css' | relative_url }}", "/blog/css/a.css", 0),
        ("{{ '/a' | absolute_url }}", "https://h.example/blog/a", 0),
        ("{{ page.date | date: '%d.%m.%Y' }}", "07.03.2024", 0),
        ("{% highlight ruby linenos %}\na < b\n{% endhighlight %}",
         '<pre><code class="language-ruby">a &lt; b</code></pre>', 0),
        ("100 % {sure} }} %}", "100 % {sure} }} %}", 0),
    ],
)  # fmt: skip
def test_liquid(text: str, expected: str, dropped: int) -> None:
    scope = {
        "site": {
            "title": "Harbour",
            "url": "https://h.example",
            "baseurl": "/blog",
            "author": {"name": "Li"},
        },
        "page": {"title": "Page", "date": "2024-03-07 09:05:06"},
    }
    found, left = render_liquid(text, scope, lambda kind, name: "/blog/x.html")
    assert (found, len(left)) == (expected, dropped)


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
