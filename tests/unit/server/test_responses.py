"""Responses with the header fields that keep browsers safe."""

from __future__ import annotations

import asyncio

import pytest

from feeds.models import POLICY
from feeds.server import responses


def test_a_response_for_one_request_is_never_stored() -> None:
    found = responses.respond(200, "text")
    assert (found.status_code, found.body) == (200, b"text")
    assert found.headers["content-type"] == "text/plain; charset=utf-8"
    assert found.headers["cache-control"] == "no-store"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["referrer-policy"] == "no-referrer"
    assert "sandbox" in found.headers["content-security-policy"]
    assert (
        responses.respond(200, "x", fields={"cache-control": "max-age=1"}).headers["cache-control"]
        == "max-age=1"
    )
    assert "content-type" not in responses.respond(204).headers


def test_a_page_may_use_its_own_style() -> None:
    found = responses.respond(200, "<p>", "text/html; charset=utf-8")
    assert found.headers["content-security-policy"] == f"{POLICY}; frame-ancestors 'none'"


def test_a_refusal_gives_its_reason_in_a_line() -> None:
    assert responses.refuse(404).body == b"Not Found\n"
    found = responses.refuse(405, "Only reading is possible", {"Allow": "GET"})
    assert (found.body, found.headers["allow"]) == (b"Only reading is possible\n", "GET")


def test_a_response_that_is_sent_again_and_again_has_its_length() -> None:
    found = responses.build_response(200, ((b"etag", b'"x"'),), b"body")
    assert found.raw_headers[0] == (b"etag", b'"x"')
    assert found.headers["content-length"] == "4"


@pytest.mark.parametrize("pieces", [0, 3])
def test_a_connection_is_closed_after_the_rest_of_the_request_is_dropped(pieces: int) -> None:
    sent: list[dict[str, object]] = []
    left = pieces

    async def receive() -> dict[str, object]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "more_body": left > 0}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    response = responses.refuse_and_close(413, {"Retry-After": "1"})
    asyncio.run(response({"type": "http"}, receive, send))
    assert response.headers["connection"] == "close"
    assert response.headers["retry-after"] == "1"
    assert [message["type"] for message in sent] == ["http.response.start", *["http.response.body"] * 2]
    assert sent[0]["status"] == 413
    assert sent[1]["body"] == b"Request Entity Too Large\n" or b"Too Large" in sent[1]["body"]
    assert (sent[1]["more_body"], "more_body" in sent[2]) == (True, False)
    assert left <= 0
