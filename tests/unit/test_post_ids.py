"""Ids of new posts: derived from what the sources have, and never changed by a later rule."""

from __future__ import annotations

import uuid

from feeds import post_ids


def test_a_urn_is_a_uuid_of_version_5() -> None:
    space = uuid.UUID("7e1f8d4e-5c0a-5b1e-9c6b-0a4f6f2d9a11")
    for name in ("a", "url:https://a.example/", "茶"):
        assert post_ids.build_urn(space.bytes, name) == uuid.uuid5(space, name).urn
        assert post_ids.derive_post_urn(name) == uuid.uuid5(space, name).urn
