"""Requests of commands wait in order until they are applied."""

from __future__ import annotations

from feeds.storage.control import (
    StoredRequest,
    add_request,
    load_change_counter,
    load_requests,
    remove_request,
)
from tests.rigs.memory_store import open_memory_store


def test_requests_wait_in_their_order_until_they_are_removed() -> None:
    db = open_memory_store()
    first, second = add_request(db, "reload", ""), add_request(db, "forget", "news")
    assert load_requests(db) == [StoredRequest(first, "reload", ""), StoredRequest(second, "forget", "news")]
    remove_request(db, first)
    assert load_requests(db) == [StoredRequest(second, "forget", "news")]


def test_own_writes_do_not_count_as_changes_by_others() -> None:
    db = open_memory_store()
    before = load_change_counter(db)
    assert before > 0
    add_request(db, "reload", "")
    assert load_change_counter(db) == before
