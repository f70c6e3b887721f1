"""Every entry that became no item is named, with its reason and number."""

from __future__ import annotations

import pytest

from feeds.ingest.entry_account import EntryAccount, describe_entry
from feeds.ingest.feed_items import split_document
from feeds.storage.left_out import LeftOut
from tests.rigs.memory_world import build_rss

PARTS = split_document(build_rss("one", "two", "two"), "")


def test_unparsed_entries_are_described_by_their_text() -> None:
    account = EntryAccount(PARTS)
    account.add_unparsed([PARTS.digests[0], PARTS.digests[1], PARTS.digests[2]], "rejected", "too slow")
    assert account.left_out == [
        LeftOut(PARTS.digests[0], "rejected", "too slow", "Entry one", "one", "https://up.example/one", 1),
        LeftOut(PARTS.digests[1], "rejected", "too slow", "Entry two", "two", "https://up.example/two", 2),
    ]


def test_repeated_entries_are_counted_without_the_first() -> None:
    account = EntryAccount(PARTS)
    account.add_unparsed([PARTS.digests[0]], "too long")
    account.add_repeated(PARTS.digests[:2])
    assert [(entry.title, entry.reason, entry.number) for entry in account.left_out] == [
        ("Entry one", "too long", 1),
        ("Entry two", "repeated", 1),
    ]


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("<item><title>A  b</title></item>", "A b"),
        ("<item><title><![CDATA[C]]></title></item>", "C"),
        ('{"id":"7","title":"J"}', "J"),
        ("<item>" + "x" * 100, "<item>" + "x" * 74),
        ("<item><title>" + "y" * 100 + "</title>", "y" * 80),
        (" " * 20_000 + "<title>late</title>", " " * 80),
    ],
)
def test_the_name_of_an_entry_in_messages(entry: str, name: str) -> None:
    assert describe_entry(entry) == name
