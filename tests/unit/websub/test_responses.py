"""Responses of handlers: a line of plain text, or none."""

from __future__ import annotations

from feeds.websub.responses import build_text


def test_a_message_is_a_line() -> None:
    found = build_text(202, "accepted", {"Retry-After": "1"})
    assert (found.status_code, found.body) == (202, b"accepted\n")
    assert found.headers["content-type"].startswith("text/plain")
    assert found.headers["retry-after"] == "1"


def test_without_a_message_there_is_no_body() -> None:
    assert build_text(404).body == b""
