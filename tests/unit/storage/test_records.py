"""Readings as values: an expired post counts as unpublished."""

from __future__ import annotations

from datetime import UTC, datetime

from feeds.storage.records import EXPIRED, Context, Reading, derive_item_from_path

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SECOND = int(NOON.timestamp())
READING = Reading("a.md", 1, 2, b"d", "item", document=b"x")


def test_a_post_expires_at_its_second() -> None:
    assert READING.apply_expiry(NOON) is READING
    later = READING._replace(expires=SECOND + 1)
    assert later.apply_expiry(NOON) is later
    expired = READING._replace(expires=SECOND).apply_expiry(NOON)
    assert (expired.outcome, expired.reason, expired.sighting, expired.document) == (
        "unpublished",
        EXPIRED,
        None,
        b"",
    )
    assert (expired.path, expired.digest) == ("a.md", b"d")


def test_the_item_of_a_file_is_its_path() -> None:
    assert derive_item_from_path("a/b.md") == "path:a/b.md"


def test_a_context_has_its_defaults() -> None:
    context = Context(
        early=True, now=NOON, blocked=frozenset(), judge=None, source=1, sources={1: ("news", 0)}
    )
    assert (context.future, context.history, context.rekey, context.polled) == (False, 0, False, None)
