"""Ids of new posts: derived from what the sources have, and never changed by a later rule."""

from __future__ import annotations

import uuid

import pytest

from feeds import post_ids
from feeds.identity import Group
from tests.unit.test_identity import said


def test_a_urn_is_a_uuid_of_version_5() -> None:
    space = uuid.UUID("7e1f8d4e-5c0a-5b1e-9c6b-0a4f6f2d9a11")
    for name in ("a", "url:https://a.example/", "茶"):
        assert post_ids.build_urn(space.bytes, name) == uuid.uuid5(space, name).urn
        assert post_ids.derive_post_urn(name) == uuid.uuid5(space, name).urn


@pytest.mark.parametrize(
    ("weak", "own", "key"),
    [
        ("guid:s:g url:https://a.example/", "guid:s:g", "guid:s:g"),
        ("guid:s:g url:https://a.example/", "", "url:https://a.example/"),
        ("text:t guid:s:b guid:s:a", "", "guid:s:a"),
        ("text:t iri:urn:x", "text:t iri:urn:x", "iri:urn:x"),
    ],
)
def test_the_key_of_an_id_is_the_best_of_what_is_said_now_else_of_all(weak: str, own: str, key: str) -> None:
    assert post_ids.choose_id_key(Group("", (said(1, weak=weak, own=frozenset(own.split())),))) == key
    assert (
        post_ids.choose_id_key(Group("s:code:1", (said(1, weak=weak, own=frozenset(own.split())),)))
        == "s:code:1"
    )
