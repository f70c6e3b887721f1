"""A document with its header gives back body and bytes, whether its body is a part of it or not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from feeds.models import Enclosure, Extra, Item
from feeds.storage.packing import (
    Body,
    body_of_item,
    data_of,
    dumps,
    join_parts,
    pack,
    split_parts,
    unpack,
)

WHEN = datetime(2024, 1, 2, tzinfo=UTC)


def item(body: str, **more: object) -> Item:
    base = Item("", "T", "", "https://a.example/p", (), WHEN, None, None, (), (), body, "markdown", "Sum")
    return base._replace(**more)


@pytest.mark.parametrize(
    ("body", "data", "copied"),
    [
        ("Text 新", "---\nx\n---\nText 新\n".encode(), False),
        ("Rewritten", b"---\nx\n---\nOriginal\n", True),
        ("", b"anything", False),
        ("a" * 64 + "b", b"a" * 64 + b"c" + b"a" * 64 + b"b", False),
        ("a" * 64 + "b", b"a" * 64 + b"c", True),
        ("half \ud800", b"x", True),
    ],
)
def test_body_and_bytes_come_back(body: str, data: bytes, copied: bool) -> None:
    packed = pack(item(body), data)
    assert unpack(packed) == Body(body, "markdown", "https://a.example/p", "Sum")
    assert data_of(packed) == data
    assert (b",-1," in packed.partition(b"\n")[0]) == copied


def test_media_rights_and_extras_come_back() -> None:
    full = item(
        "x",
        enclosures=(Enclosure("https://a.example/a.mp3", "audio/mpeg", 3),),
        rights="CC",
        extras=(Extra("itunes:duration", "1"), Extra("podcast:person", "P", (("role", "host"),))),
    )
    assert unpack(pack(full, b"x")) == body_of_item(full)
    assert data_of(pack(full, b"x")) == b"x"
    rights = item("x", rights="CC")
    assert unpack(pack(rights, b"x")) == body_of_item(rights)


def test_a_document_without_a_header_is_itself() -> None:
    assert unpack(b"<rss/>") is None
    assert data_of(b"<rss/>") == b"<rss/>"


def test_parts_are_joined_and_split() -> None:
    for parts in ([], [b""], [b"a", b"", b"bcd" * 200]):
        assert split_parts(join_parts(parts)) == parts


def test_json_is_short_and_keeps_letters() -> None:
    assert dumps(["新", None, True, 1, ("a",)]) == '["新",null,true,1,["a"]]'
