"""Deltas: a document in parts, and the versions that are remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.server.delta import REMEMBERED, Parts, Versions, split
from feeds.server.documents import Document, Sign

ATOM = b"<feed><id>f</id><entry>1</entry> <entry>2</entry></feed>"


def make_document(data: bytes, digest: str, path: str = "atom.xml") -> Document:
    return Document(path, data, digest, 0, Sign(0, 0, 0), "application/atom+xml", "atom")


def test_a_document_in_parts_is_put_together_again() -> None:
    parts = split(ATOM, "atom")
    assert parts == Parts(b"<feed><id>f</id>", (b"<entry>1</entry>", b"<entry>2</entry>"), b"</feed>")
    assert parts.select_newer(frozenset()) is None
    first, second = parts.compute_keys()
    assert len(first) == 8
    assert parts.select_newer({first}) == b"<feed><id>f</id><entry>2</entry></feed>"
    assert parts.select_newer({first, second}) == b"<feed><id>f</id></feed>"


def test_a_json_feed_in_parts() -> None:
    data = b'{"title": "T", "items": [{"id": "1"}, {"id": "2"}]}'
    parts = split(data, "json")
    assert json.loads(parts.select_newer(set(parts.compute_keys()[:1]))) == {
        "title": "T",
        "items": [{"id": "2"}],
    }
    alone = split(b'{"items": [{"id": "1"}]}', "json")
    assert json.loads(alone.select_newer(set(alone.compute_keys()))) == {"items": []}


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"[]", "json"),
        (b'{"items": 1}', "json"),
        (b"{", "json"),
        (ATOM, ""),
        (b"<feed><entry>1", "atom"),
        (b" " * (16 * 1024 * 1024 + 1), "atom"),
    ],
)
def test_what_has_no_parts(data: bytes, form: str) -> None:
    assert split(data, form) is None


def test_a_feed_without_entries_is_all_head() -> None:
    assert split(b"<rss></rss>", "rss") == Parts(b"<rss></rss>", (), b"")


def test_versions_are_remembered_the_latest_last() -> None:
    versions = Versions(None)
    assert list(versions.record(make_document(ATOM, "d1"))) == ["d1"]
    known = versions.record(make_document(ATOM.replace(b"1", b"3"), "d2"))
    assert list(known) == ["d1", "d2"]
    assert known["d1"] != known["d2"]
    assert len(known["d1"]) == 2
    assert list(versions.record(make_document(ATOM, "d1"))) == ["d2", "d1"], "it is the latest again"
    assert list(versions.record(make_document(ATOM, "d9", "other.xml"))) == ["d9"]
    for number in range(REMEMBERED + 5):
        known = versions.record(make_document(ATOM, f"n{number}"))
    assert list(known) == [f"n{number}" for number in range(5, REMEMBERED + 5)]
    assert versions.record(make_document(b"no entries", "x"))["x"] == frozenset()
    versions.close()
    assert versions.record(make_document(ATOM, "late")) == {}, "without the file there are no deltas"


def test_a_file_that_cannot_be_used_is_replaced_by_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    versions = Versions(tmp_path / "file" / "below")
    assert list(versions.record(make_document(ATOM, "d1"))) == ["d1"]
