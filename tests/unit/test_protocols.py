"""The progress that nobody watches."""

from __future__ import annotations

from feeds.protocols import FileState, Version, ignore_progress


def test_progress_is_ignored() -> None:
    assert ignore_progress("read", 1, 2) is None


def test_records_keep_their_fields_in_order() -> None:
    assert FileState._fields == ("size", "mtime", "digest", "sighting", "vanished", "outcome")
    assert Version._fields == ("title", "document", "source", "place")
