"""The keys of an item: strong before weak, the text and the place only where nothing else identifies it."""

from __future__ import annotations

from feeds.item_keys import (
    Keys,
    build_item_key,
    build_page_keys,
    derive_keys,
    filter_lasting_keys,
    find_strong_key,
    shorten_key,
    to_page_key,
)
from feeds.values.patterns import compile_pattern

RULES = [("code", compile_pattern(r"code=(?P<key>\d+)")), ("any", compile_pattern(r"/n/(?P<key>\d*)"))]
PAGE = "https://a.example/post"


def derive(guid: str = "", address: str = "", text: str = "digest") -> Keys:
    return derive_keys("s", "i", guid, address, RULES, lambda: text)


def test_a_strong_key_comes_from_the_address_before_the_guid() -> None:
    assert derive("https://b.example/?code=2", "https://a.example/?code=1").strong == "!code:1"
    assert derive("https://b.example/?code=2", PAGE).strong == "!code:2"
    assert find_strong_key("https://a.example/n/?x", RULES) == ""
    assert find_strong_key("https://a.example/n/5", RULES) == "!any:5"
    assert find_strong_key("x" * 2042 + "code=1", RULES) == "!code:1"
    assert find_strong_key("x" * 2043 + "code=1", RULES) == ""


def test_weak_keys_name_the_address_and_the_guid() -> None:
    assert derive("7", PAGE).weak == {f"url:{PAGE}", "guid:s:7"}
    assert derive("tag:a.example,2024:7").weak == {"iri:tag:a.example,2024:7", "text:digest"}
    assert derive("https://a.example/7", PAGE).weak == {f"url:{PAGE}", "guid:s:https://a.example/7"}


def test_the_text_counts_only_without_address_and_strong_key() -> None:
    assert derive("7").weak == {"guid:s:7", "text:digest"}
    assert derive("code=1").weak == {"guid:s:code=1"}
    assert derive("7", "https://a.example/").weak == {"guid:s:7", "text:digest"}
    assert derive("7", text="").weak == {"guid:s:7"}


def test_an_item_without_any_key_is_a_post_by_itself() -> None:
    assert derive(text="") == Keys("", frozenset({"item:s:i"}))
    assert build_item_key("s", "i") == "item:s:i"


def test_a_long_key_is_shortened_to_its_kind_and_a_digest() -> None:
    assert shorten_key("url:" + "x" * 996) == "url:" + "x" * 996
    short = shorten_key("url:" + "x" * 997)
    assert short.startswith("url:sha256:")
    assert len(short) == 75
    assert short != shorten_key("url:" + "y" * 997)
    assert all(len(key) < 100 for key in derive("g" * 2000).weak)


def test_text_and_place_do_not_last() -> None:
    assert filter_lasting_keys(["text:a", "item:s:i", "url:b", "guid:s:c"]) == {"url:b", "guid:s:c"}


def test_the_page_of_a_file_has_a_key_of_its_own() -> None:
    assert build_page_keys(PAGE) == {f"page:{PAGE}"}
    assert build_page_keys("") == build_page_keys("https://a.example/") == frozenset()
    assert to_page_key("url:x") == "page:x"
    assert to_page_key("guid:s:x") == "guid:s:x"
