"""What ``feedd init`` writes: always a configuration that loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from feeds.cli.starter_config import _have_source_lines, plan_files, suggest_next_steps, write_starter_config
from feeds.config import Config, load_config
from feeds.parser.posts.jekyll import JekyllSite, read_site_config
from tests.rigs.examples import examples


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feedd.toml"


def load(file: Path, jekyll: JekyllSite | None, path: str = "..") -> Config:
    file.write_text(write_starter_config(jekyll, path), "utf-8")
    return load_config(file)


def test_without_a_site_the_starter_loads_and_brings_a_post(tmp_path: Path) -> None:
    files = dict(plan_files(tmp_path, None))
    assert set(files) == {tmp_path / "config/feedd.toml", tmp_path / "posts/2024-01-01-welcome.md"}
    assert load(tmp_path / "feedd.toml", None, "../posts").sources[0].path == tmp_path.parent / "posts"


def test_a_jekyll_site_gives_its_values(file: Path) -> None:
    site = read_site_config(
        "title: Harbour\nurl: https://h.example\nbaseurl: /news\nlang: zh_CN\ntimezone: Asia/Shanghai\n"
        "author: Li\ndescription: About ships\nplugins: [jekyll-feed]\nfeed: {path: old/feed.xml}\n"
    )
    config = load(file, site)
    assert config.site.url == "https://h.example/news/feeds/"
    assert (config.site.title, config.site.language, config.site.timezone) == (
        "Harbour",
        "zh-CN",
        "Asia/Shanghai",
    )
    assert (config.site.author, config.site.description) == ("Li", "About ships")
    [source] = config.sources
    assert (source.base, source.permalink, source.ids) == ("https://h.example/news/", "jekyll", "jekyll-feed")
    assert config.aliases == {"old/feed.xml": "atom.xml"}


def test_feeds_of_categories_and_tags_that_the_plugin_wrote_are_aliases(file: Path) -> None:
    site = read_site_config(
        "url: https://h.example\nplugins: [jekyll-feed]\nfeed:\n  categories: [news, 茶业]\n"
        "  tags: {only: [ships, a-b], path: by/}\n"
    )
    assert load(file, site).aliases == {
        "feed.xml": "atom.xml",
        "feed/news.xml": "category/news/atom.xml",
        "feed/茶业.xml": "category/chaye/atom.xml",
        "by/ships.xml": "tag/ships/atom.xml",
    }


def test_what_is_left_to_do_in_a_jekyll_site_is_told(tmp_path: Path) -> None:
    text = "url: https://h.example\nplugins: [jekyll-feed]\n"
    exclude, feed = suggest_next_steps(tmp_path, read_site_config(text))
    assert "exclude:" in exclude
    assert "config and state" in exclude
    assert "/feeds/feed.xml" in feed
    assert (
        suggest_next_steps(tmp_path, read_site_config("url: https://h.example\nexclude: [config/, state]\n"))
        == ()
    )


def test_a_site_without_the_feed_plugin_gets_feedds_own_ids(file: Path) -> None:
    config = load(file, JekyllSite(title="T", url="https://h.example"))
    assert config.sources[0].ids == "feedd"
    assert not config.aliases


_LEGAL = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), min_size=1
).filter(lambda text: text == text.strip())


@given(_LEGAL, _LEGAL)
@examples(60, [HealthCheck.function_scoped_fixture])
def test_titles_and_authors_come_back_as_they_are(file: Path, title: str, author: str) -> None:
    assume("@" not in author)  # a mail address is never published as a name
    # A space follows a `<` that readers could take for the start of a tag.
    assume(not re.search("<[a-zA-Z/!?]", author))
    config = load(file, JekyllSite(title=title, author=author, url="https://h.example"))
    assert (config.site.title, config.site.author) == (title, author)


@pytest.mark.parametrize(
    "title", ['say "yes"', "a\\b\\", "two\nlines", "{brace} {0}", "tab\there", "'''", "# no comment"]
)
def test_what_toml_has_to_escape_comes_back(file: Path, title: str) -> None:
    assert load(file, JekyllSite(title=title, url="https://h.example")).site.title == title


_KINDS = st.sampled_from(["", "category", "tag"])


@given(
    st.builds(
        JekyllSite,
        *[st.text(st.characters(), max_size=20)] * 7,
        plugins=st.just(("jekyll-feed",)),
        feed_paths=st.lists(
            st.tuples(st.text() | st.sampled_from(["feed", "feed/a.xml", "FEED"]), _KINDS, st.text())
        ).map(tuple),
    )
)
@examples(60, [HealthCheck.function_scoped_fixture])
def test_whatever_the_site_says_the_starter_loads(file: Path, site: JekyllSite) -> None:
    assert load(file, site).sources


@pytest.mark.parametrize("path", ["../x.xml", "atom.xml", "", "/x", "a\\b"])
def test_a_feed_path_that_cannot_be_an_alias_is_left_out(file: Path, path: str) -> None:
    site = JekyllSite(url="https://h.example", plugins=("jekyll-feed",), feed_paths=((path, "", ""),))
    assert load(file, site).aliases == {}


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        (["/1", "/2", "/3"], True),
        (["/1", "/2", None], True),
        (["/1", "/2", None, None], False),
        # The same line under every post is navigation.
        (["/1", "/1", "/1"], False),
    ],
)
def test_source_lines_count_if_most_posts_have_another(
    tmp_path: Path, links: list[str | None], kept: bool
) -> None:
    for number, link in enumerate(links):
        end = f"<https://a.example{link}>\n" if link else "The end.\n"
        (tmp_path / f"2024-01-0{number + 1}-p.md").write_text(f"---\ntitle: T\n---\nText.\n\n{end}")
    assert _have_source_lines(tmp_path, False) is kept
