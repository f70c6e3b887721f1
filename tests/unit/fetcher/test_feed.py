"""What a response of an upstream feed means, and what is kept of it until the next fetch."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feeds.errors import FetchError
from feeds.fetcher.feed import (
    Fetched,
    FetchState,
    extract_host,
    fetch,
    find_host_group,
    interpret_response,
    mark_unreadable,
)
from feeds.fetcher.request import Request
from feeds.http import Client, Hop, Response

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
URL, MOVED = "https://up.example/feed", "https://new.example/feed"
REQUEST = Request("up", URL, auth="Bearer x")
CONFIGURED = hashlib.blake2b(URL.encode(), digest_size=8).hexdigest()
STATE = FetchState(CONFIGURED)


def respond(
    status: int = 200,
    body: bytes = b"<rss/>",
    hops: tuple[Hop, ...] = (),
    conditional: bool = False,
    **headers: str,
) -> Response:
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, hops[-1].url if hops else URL, fields, body, hops, conditional)


def interpret(response: Response, state: FetchState = STATE, now: datetime = NOW) -> Fetched:
    return interpret_response(REQUEST, state, response, now)


def test_a_new_document_and_the_same_bytes() -> None:
    found = interpret(
        respond(etag='"x"', last_modified="then", content_type="a/b", cache_control="max-age=60"),
        STATE._replace(failures=3),
    )
    assert (found.outcome, found.data, found.content_type, found.url, found.status) == (
        "new",
        b"<rss/>",
        "a/b",
        URL,
        200,
    )
    assert (found.max_age, found.reason) == (60, "read")
    state = found.state
    assert (state.etag, state.last_modified, state.validated, state.failures, state.max_age) == (
        '"x"',
        "then",
        URL,
        0,
        60,
    )
    assert state.digest == hashlib.sha256(b"<rss/>").hexdigest()[:32]
    again = interpret(respond(203), state)
    assert (again.outcome, again.data, again.state.etag) == ("same", b"", "")
    assert interpret(respond(content_type="x" * 300)).content_type == "x" * 200


def test_a_304_keeps_what_it_does_not_repeat() -> None:
    state = STATE._replace(etag='"x"', last_modified="then", max_age=60, digest="d", failures=2)
    found = interpret(respond(304, b"", conditional=True, etag='"y"'), state)
    assert (found.outcome, found.max_age) == ("same", 60)
    assert (found.state.etag, found.state.last_modified, found.state.digest, found.state.failures) == (
        '"y"',
        "then",
        "d",
        0,
    )
    wrong = interpret(respond(304, b""), state)
    assert (wrong.outcome, wrong.state.failures) == ("failed", 3)
    assert "without conditions" in wrong.reason


def test_long_validators_are_dropped() -> None:
    assert interpret(respond(etag="x" * 4096)).state.etag
    assert interpret(respond(etag="x" * 4097, last_modified="y" * 4097)).state[3:5] == ("", "")


@pytest.mark.parametrize(
    ("response", "outcome", "reason"),
    [
        (respond(200, b""), "failed", "an empty document"),
        (respond(401), "failed", "HTTP 401 Unauthorized; set or correct the `auth` of the source"),
        (respond(403), "failed", "HTTP 403 Forbidden; set or correct the `auth` of the source"),
        (respond(404), "failed", "HTTP 404 Not Found"),
        (respond(429), "delayed", "rate-limited, HTTP 429 Too Many Requests"),
        (respond(503), "failed", "HTTP 503 Service Unavailable"),
        (respond(503, retry_after="60"), "delayed", "rate-limited, HTTP 503 Service Unavailable"),
        (respond(500, retry_after="60"), "failed", "HTTP 500 Internal Server Error"),
    ],
)
def test_failures(response: Response, outcome: str, reason: str) -> None:
    found = interpret(response)
    assert (found.outcome, found.reason) == (outcome, f"{reason} ({URL})")
    assert (found.state.failures, found.status, found.data) == (1, response.status, b"")
    assert found.retry_after == (60 if response.get_header("retry-after") else None)


def test_a_gone_feed_and_a_gone_detour() -> None:
    found = interpret(respond(410, b""))
    assert (found.outcome, found.state.gone) == ("gone", True)
    assert interpret(respond(410, b"", (Hop(301, MOVED),))).outcome == "gone"
    assert interpret(respond(410, b"", (Hop(302, MOVED),))).outcome == "failed"


def test_a_permanent_redirect_is_adopted_once_it_is_confirmed() -> None:
    state, moved = STATE, (Hop(301, MOVED),)
    for hours, count in ((0, 1), (1, 2), (2, 3)):
        found = interpret(respond(hops=moved), state, NOW + timedelta(hours=hours))
        state = found.state
        assert (state.redirect_to, state.redirect_count, state.url) == (MOVED, count, "")
        assert "adopted once that is confirmed" in found.reason
    found = interpret(respond(hops=moved), state, NOW + timedelta(days=1))
    assert (found.state.url, found.state.redirect_to, found.state.redirect_count) == (MOVED, "", 0)
    assert found.reason.endswith("which is polled from now on")
    # Two confirmations are too few, however long ago the first was.
    second = interpret(respond(hops=moved), interpret(respond(hops=moved)).state, NOW + timedelta(days=9))
    assert second.state.url == ""
    assert interpret(respond(), state).state.redirect_to == ""
    other = interpret(respond(hops=(Hop(301, "https://third.example/"),)), state)
    assert (other.state.redirect_to, other.state.redirect_count) == ("https://third.example/", 1)


def test_an_adopted_address_that_fails_is_given_up() -> None:
    state = STATE._replace(url=MOVED, adopted_at="x", failures=3)
    state = interpret(respond(500), state).state
    assert (state.url, state.failures) == (MOVED, 4)
    state = interpret(respond(500), state).state
    assert (state.url, state.adopted_at, state.failures) == ("", "", 5)


class Site(Client):
    def __init__(self, answer: Response | FetchError) -> None:
        super().__init__("test")
        self.answer = answer
        self.asked: list[tuple[str, Any, str]] = []

    async def get(
        self, url: str, headers: Any = None, *, conditions: Any = None, auth: str = "", **_: Any
    ) -> Response:
        self.asked.append((url, conditions, auth))
        assert "application/atom+xml" in headers["Accept"]
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


def run(
    answer: Response | FetchError, state: FetchState = STATE, request: Request = REQUEST
) -> tuple[Fetched, Site]:
    site = Site(answer)
    return asyncio.run(fetch(site, request, state, NOW)), site


def test_the_request_of_a_poll() -> None:
    _, site = run(respond(), STATE._replace(etag='"x"', validated=URL))
    ((url, conditions, auth),) = site.asked
    assert (url, auth) == (URL, "Bearer x")
    assert (conditions.url, conditions.headers) == (URL, {"If-None-Match": '"x"'})
    assert run(respond())[1].asked[0][1] is None
    assert run(respond(), STATE._replace(url=MOVED))[1].asked[0][::2] == (MOVED, "")
    same = "https://up.example/other"
    assert run(respond(), STATE._replace(url=same))[1].asked[0][::2] == (same, "Bearer x")
    # A changed address starts anew.
    assert run(respond(), FetchState("other", url=MOVED, gone=True))[1].asked[0][0] == URL


def test_errors_and_gone_feeds_need_no_exception() -> None:
    found, _ = run(FetchError("no route"), STATE._replace(failures=1))
    assert (found.outcome, found.reason, found.state.failures, found.status) == ("failed", "no route", 2, 0)
    found, site = run(respond(), STATE._replace(gone=True))
    assert (found.outcome, site.asked) == ("gone", [])


def test_an_unreadable_document_keeps_the_old_validators() -> None:
    before = STATE._replace(etag='"old"')
    fetched = interpret(respond(etag='"new"'), before)
    found = mark_unreadable(before, fetched, "no feed")
    assert (found.outcome, found.data, found.reason, found.state.etag, found.state.failures) == (
        "failed",
        b"",
        "no feed",
        '"old"',
        1,
    )
    assert mark_unreadable(FetchState("other", etag='"old"'), fetched, "x").state.etag == ""


def test_the_state_as_text() -> None:
    state = STATE._replace(etag="é", failures=2, gone=True, max_age=5)
    assert FetchState.from_json(state.to_json()) == state
    assert STATE._replace(failures=1).to_json() == f'{{"configured":"{CONFIGURED}","failures":1}}'
    assert FetchState.from_json('{"unknown": 1, "failures": 3}') == FetchState(failures=3)
    assert FetchState.from_json("") == FetchState()


def test_the_group_of_a_source() -> None:
    assert find_host_group(REQUEST, STATE) == "up.example"
    assert find_host_group(REQUEST, STATE._replace(url=MOVED)) == "new.example"
    assert find_host_group(REQUEST, FetchState("other", url=MOVED)) == "up.example"
    assert find_host_group(REQUEST._replace(group="g"), STATE) == "g"
    assert extract_host("no address") == "no address"
