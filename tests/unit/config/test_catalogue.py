"""The tables and keys of the file, and where an unknown key belongs."""

from __future__ import annotations

import pytest

from feeds.config.catalogue import list_kinds, list_tables, merge_kinds, suggest_key
from feeds.config.declare import list_keys
from feeds.config.settings import Settings

SOURCES = list_keys(Settings)["sources"]


def test_every_table_is_listed_with_its_header() -> None:
    headers = [table.header for table in list_tables().values()]
    assert headers[:4] == ["[site]", "[output]", "[store]", "[[sources]]"]
    assert {"[labels.category]", "[labels.tag]", "[aliases]", "[[serve.private]]"} < set(headers)
    assert list(list_tables()["serve.private"].keys) == ["feed", "auth", "secret"]
    assert "private" not in list_tables()["serve"].keys


def test_the_keys_of_all_kinds_are_known_with_their_kinds() -> None:
    merged = merge_kinds(SOURCES)
    assert {"name", "path", "url", "every", "drafts"} < set(merged)
    assert list_kinds(SOURCES, "name") == ["folder", "upstream", "opml"]
    assert list_kinds(SOURCES, "path") == ["folder", "opml"]
    assert list_kinds(SOURCES, "every") == ["upstream", "opml"]
    assert list_kinds(SOURCES, "xyz") == []


@pytest.mark.parametrize(
    ("name", "place", "end"),
    [
        ("entries", "site", "; it belongs to [output]"),
        ("url", "output", "; it belongs to [site] and [store] and [[sources]]"),
        ("memory", "sources[3]", "; it belongs to [serve]"),
        ("feed", "site", "; it belongs to [[serve.private]]"),
        ("limits", "sources[0]", "; it belongs to the top level, as [limits]"),
        ("enrties", "limits", "; did you mean `entries`, which belongs to [output]?"),
    ],
)
def test_a_key_of_another_table_is_found_there(name: str, place: str, end: str) -> None:
    table = list_tables()[place.partition("[")[0]]
    assert suggest_key(name, place, table.keys) == end
