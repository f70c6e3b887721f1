"""Sources come into the configuration and out of it; everything else stays, byte for byte."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.config.editor import add_sources, format_value, new_configuration, quote
from feeds.errors import UsageError
from feeds.models import Subscription
from feeds.parser.lists.opml import read_opml
from feeds.parser.lists.planet_venus import PlanetSite
from feeds.renderer.opml import OpmlHead, write_opml

TEXT = """\
# Our planet.
[site]
title = "Planet"   # shown everywhere

# The town's own posts.
[[sources]]
name = "town"      # do not rename
path = "../posts"
# drafts = true

# What makes two addresses the same.
[[identity]]
name = "story"
pattern = '''
[[sources]]
(?P<key>x)'''

[[sources]]
name = "blog"
kind = "upstream"
url = "https://blog.example/atom.xml"

# [labels.category]
# haigang = "海港"
"""
A = Subscription("https://a.example/feed", 'Alice\'s "blog"', "https://a.example/", ("tea", "木"), every="2h")


def test_a_source_is_appended_and_the_rest_stays() -> None:
    edited = add_sources(TEXT, [A], {"every": "30m", "categories": ["planet"], "terms": "none"})
    assert edited.text.startswith(TEXT)
    assert edited.added == ("alice-s-blog",)
    assert tomllib.loads(edited.text)["sources"][-1] == {
        "name": "alice-s-blog",
        "kind": "upstream",
        "url": "https://a.example/feed",
        "title": 'Alice\'s "blog"',
        "link": "https://a.example/",
        "every": "2h",
        "terms": "none",
        "categories": ["planet", "tea", "木"],
    }


def test_what_is_there_is_named_and_not_added_again() -> None:
    twice = [Subscription("http://BLOG.example:80/atom.xml?utm_source=x"), A, A]
    edited = add_sources(TEXT, twice)
    assert (edited.added, edited.known) == (("alice-s-blog",), ("blog", "alice-s-blog"))
    assert add_sources(edited.text, twice).text == edited.text


def test_names_are_free_plain_and_kept_where_a_list_brings_them() -> None:
    new = [
        Subscription("https://one.example/1", "Blog"),
        Subscription("https://one.example/2", "blog!"),
        Subscription("https://www.one.example/3", "…"),
        Subscription("https://one.example/4", "海港"),
        Subscription("https://one.example/5", "T", name="老名字"),
        Subscription("https://one.example/6", "U", name="town"),
        Subscription("https://one.example/7", "V", name="a:b"),
        Subscription("https://one.example/l.opml", type="include"),
    ]
    edited = add_sources(TEXT, new)
    assert edited.added == ("blog-2", "blog-3", "one-example", "haigang", "老名字", "u", "v", "one-example-2")
    assert tomllib.loads(edited.text)["sources"][-1]["kind"] == "opml"


def test_passwords_and_what_is_no_address_stay_out() -> None:
    edited = add_sources(
        TEXT, [Subscription("https://me:secret@b.example/f"), Subscription("file:///etc"), A]
    )
    assert edited.added == ("alice-s-blog",)
    assert "secret" not in edited.text + "".join(edited.refused)
    assert 'auth = "env:NAME"' in edited.refused[0]
    assert "not a valid URL" in edited.refused[1]


def test_what_a_list_says_wrongly_is_left_out() -> None:
    odd = Subscription(
        A.url, link="javascript:x", every="always", terms="all", categories=("\x01",), title="a\x00b"
    )
    [source] = tomllib.loads(add_sources("", [odd]).text)["sources"]
    assert source == {"name": "a-b", "kind": "upstream", "url": A.url, "title": "ab"}


@pytest.mark.parametrize(
    "text", ["", "\ufeff", "\ufeff# x\r\n[site]\r\ntitle = 'a'\r\n", "[site]\ntitle = 'a'"]
)
def test_odd_files_are_added_to(text: str) -> None:
    edited = add_sources(text, [A, Subscription("https://b.example/")]).text
    assert edited.startswith(text)
    assert len(tomllib.loads(edited.removeprefix("\ufeff"))["sources"]) == 2
    assert edited.count("\n") == edited.count("\r\n") or "\r" not in text


@pytest.mark.parametrize(
    "listed", ["sources = []  # none\n[site]\n", 'sources = [{name = "x"}] # one\n[site]\nt = 1 # t\n']
)
def test_sources_in_a_list_are_added_to(listed: str) -> None:
    edited = add_sources(listed, [A]).text
    assert tomllib.loads(edited)["sources"][-1]["url"] == A.url
    assert all(comment in edited for comment in listed.split("#")[1:])
    assert without(edited, 1) == tomllib.loads(listed)


def without(text: str, last: int) -> dict[str, object]:
    """What a configuration says but for its last sources."""
    values = tomllib.loads(text.removeprefix("\ufeff"))
    values["sources"] = values["sources"][: len(values["sources"]) - last]
    return values


def test_a_broken_file_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="line 2"):
        add_sources("[site]\ntitle = \n", [A])
    with pytest.raises(UsageError, match=r"\[\[sources\]\]"):
        add_sources("sources = 1", [A])


_TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=15)
_SUBSCRIPTIONS = st.lists(
    st.builds(
        Subscription,
        url=st.one_of(st.integers(0, 9).map(lambda n: f"https://a.example/{n}?a=b&c=%20'\\d"), _TEXTS),
        title=_TEXTS,
        categories=st.lists(_TEXTS, max_size=3).map(tuple),
        name=_TEXTS,
        group=_TEXTS,
        every=st.sampled_from(["", "30m"]),
    ),
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(_SUBSCRIPTIONS, st.sampled_from([TEXT, "", "sources = []\n", TEXT.replace("\n", "\r\n")]))
def test_adding_changes_nothing_of_what_is_there(subscriptions: list[Subscription], text: str) -> None:
    edited = add_sources(text, subscriptions)
    values = tomllib.loads(edited.text)
    assert [one["name"] for one in values.get("sources", [])[-len(edited.added) :]][
        : len(edited.added)
    ] == list(edited.added)
    assert edited.text.startswith(text) or text == "sources = []\n"
    if edited.added:
        assert without(edited.text, len(edited.added)) == {"sources": [], **tomllib.loads(text)}


@settings(max_examples=50, deadline=None)
@given(_SUBSCRIPTIONS)
def test_from_configuration_to_opml_and_back_loses_no_source(subscriptions: list[Subscription]) -> None:
    first = add_sources("", subscriptions).text
    sources = tomllib.loads(first).get("sources", [])
    kept = [
        Subscription(
            **{
                **{k: v for k, v in one.items() if k != "kind"},
                "categories": tuple(one.get("categories", ())),
            }
        )
        for one in sources
    ]
    again = add_sources("", read_opml(write_opml(OpmlHead("P"), kept), "l")).text
    assert tomllib.loads(again) == tomllib.loads(first)


@settings(max_examples=50, deadline=None)
@given(_TEXTS, _TEXTS, _SUBSCRIPTIONS)
def test_a_new_configuration_is_toml_with_these_values(
    title: str, url: str, subscriptions: list[Subscription]
) -> None:
    edited = new_configuration(
        PlanetSite(title, url, title, title, url, 60, (("rss20.xml", "rss.xml"),)), subscriptions
    )
    values = tomllib.loads(edited.text)
    assert values["output"]["entries"] == 60
    assert values["aliases"] == {"rss20.xml": "rss.xml"}
    assert len(values.get("sources", [])) == len(edited.added)


def test_the_shipped_configuration_can_be_edited() -> None:
    text = (Path(__file__).parents[3] / "config/feedd.toml").read_text("utf-8")
    edited = add_sources(text, [A])
    assert edited.text.startswith(text)
    assert without(edited.text, 1) == tomllib.loads(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", 'Alice\'s "blog"\\'),
        ("pattern", r"[?&]story=(?P<key>\d+)"),
        ("odd", "a\n\x7f\x01\u2028"),
        ("a b.c", ["x", "海"]),
        ("count", 3),
        ("pages", False),
    ],
)
def test_a_value_is_written_as_toml_on_one_line(key: str, value: object) -> None:
    line = format_value(key, value)
    assert "\n" not in line
    assert tomllib.loads(line) == {key: value}


def test_a_pattern_is_written_without_escapes() -> None:
    assert format_value("pattern", r"\d") == r"pattern = '\d'"
    assert quote('a "b"') == r'"a \"b\""'


def test_sources_between_other_tables_keep_their_places() -> None:
    text = '[[sources]]\nname = "a"\n[[identity]]\nname = "i"\n[[sources]]\nname = "b"\n'
    assert add_sources(text, [A]).text.startswith(text)


def test_a_line_is_empty_before_new_sources() -> None:
    assert "a = 1\n\n[[sources]]\n" in add_sources("a = 1", [A]).text
    assert "a = 1\r\n\r\n[[sources]]\r\n" in add_sources("a = 1\r\n", [A]).text


def test_an_included_list_has_no_title_of_its_own(tmp_path: Path) -> None:
    lists = read_opml(
        b'<opml><outline type="include" text="More" htmlUrl="https://a.example/" url="https://a.example/more.opml"/></opml>',
        "l",
    )
    edited = add_sources(TEXT, lists)
    (added,) = [s for s in tomllib.loads(edited.text)["sources"] if s["name"] == edited.added[0]]
    assert added == {"name": edited.added[0], "kind": "opml", "url": "https://a.example/more.opml"}


@pytest.mark.parametrize(
    ("stated", "language"), [("de", "de"), ("zh-Hans", "zh-Hans"), ("", "en"), ("no language", "en")]
)
def test_the_language_of_a_planet_counts_if_it_is_one(stated: str, language: str) -> None:
    made = tomllib.loads(new_configuration(PlanetSite(language=stated), []).text)
    assert made["site"]["language"] == language
