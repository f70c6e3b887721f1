"""Headers that hide a post, in the words of site generators."""

from __future__ import annotations

from typing import Any

import pytest

from feeds.parser.posts.visibility import find_hiding_key, fold_keys


@pytest.mark.parametrize(
    "header",
    [
        {"draft": True},
        {"draft": "wip"},
        {"Draft": "TRUE"},
        {"published": False},
        {"published": "no"},
        {"published": "0"},
        {"publish": "never"},
        {"status": "draft"},
        {"status": "Hidden"},
        {"status": ["published", "auto-draft"]},
        {"build": {"list": "never"}},
        {"_build": {"render": False}},
        {"build.list": "never"},
        {"list": "never"},
        {"render": "Never"},
        {"render": False},
        {"headless": "yes"},
        {"private": True},
        {"unlisted": True},
        {"eleventyExcludeFromCollections": True},
        {"permalink": False},
        {"permalink": "false"},
    ],
)
def test_a_hidden_post(header: dict[str, Any]) -> None:
    (key,) = header
    assert find_hiding_key(header, {}).startswith(f"{key}: ")
    assert find_hiding_key({}, header).startswith(f"{key}: ")


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"draft": False},
        {"draft": ""},
        {"draft": "null"},
        {"draft": []},
        {"published": True},
        {"published": "2024-01-02"},
        {"status": "published"},
        {"build": {"list": "always"}},
        {"build": "never"},
        {"build": {"publishResources": False}},
        {"list": "no"},
        {"permalink": "/a/"},
        {"permalink": "no"},
        {"title": "draft"},
    ],
)
def test_a_published_post(header: dict[str, Any]) -> None:
    assert find_hiding_key(header, {}) == ""


def test_the_file_counts_before_defaults_in_any_spelling() -> None:
    assert find_hiding_key({"Draft": False}, {"draft": True}) == ""
    assert find_hiding_key({"x": 1}, {"draft": True}) == "draft: true"
    assert find_hiding_key({"draft": False, "Draft": True}, {}) == "Draft: true", "in doubt it is hidden"
    assert len(find_hiding_key({"draft": "x" * 200}, {})) == 80


def test_keys_are_folded_and_the_lower_case_counts() -> None:
    plain = {"title": "a"}
    assert fold_keys(plain) is plain
    assert fold_keys({"Title": "A", "title": "a", "TAGS": 1}) == {"title": "a", "tags": 1}
    assert fold_keys({"title": "a", "Title": "A"}) == {"title": "a"}
