"""Fetching one upstream: conditions, moves, refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from feeds.fetcher.feed import Fetched, FetchState, fetch, find_host_group, mark_unreadable
from feeds.fetcher.request import Request
from feeds.http import Client
from tests.rigs.servers import Answer, UpstreamServer, conditional

NOW = datetime(2024, 1, 3, 10, 0, tzinfo=UTC)
BODY = b"<rss version='2.0'/>"


class Polls:
    """One source, polled again and again with the state of the time before."""

    def __init__(self, server: UpstreamServer, path: str, **more: object) -> None:
        more.setdefault("allow", (server.authority,))
        self.request = Request("s", server.url(path), **more)  # type: ignore[arg-type]
        self.state = FetchState()
        self.now = NOW

    async def poll(self, client: Client, after: timedelta = timedelta(hours=1)) -> Fetched:
        found = await fetch(client, self.request, FetchState.from_json(self.state.to_json()), self.now)
        self.state, self.now = found.state, self.now + after
        return found


def _run(test: Callable[[UpstreamServer, Client], object]) -> None:
    async def run() -> None:
        async with UpstreamServer() as server, Client("feedd/test") as client:
            await test(server, client)  # type: ignore[misc]

    asyncio.run(run())


@pytest.mark.parametrize("etag", ['"x"', 'W/"x"', 'abc, "d e" ;-gzip', '"é"', '""'])
def test_validators_are_returned_byte_for_byte(etag: str) -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/f"] = conditional(BODY, etag)
        polls = Polls(server, "/f")
        first = await polls.poll(client)
        assert (first.outcome, first.data, first.url) == ("new", BODY, server.url("/f"))
        assert (await polls.poll(client)).outcome == "same"
        assert server.log[0].headers.get("if-none-match") is None
        assert server.log[1].headers["if-none-match"] == etag

    _run(test)


def test_validators_are_replaced_after_every_200_and_304() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        answers = [
            Answer(200, b"one", {"ETag": '"1"', "Last-Modified": "2021-12-23 22:24:26 +0800"}),
            Answer(304, b"", {"ETag": '"2"'}),
            Answer(200, b"two", {"Last-Modified": "later"}),
            Answer(304),
        ]
        server.routes["/f"] = lambda asked: answers[len(server.log) - 1]
        polls = Polls(server, "/f")
        for _ in answers:
            await polls.poll(client)
        sent = [(a.headers.get("if-none-match"), a.headers.get("if-modified-since")) for a in server.log]
        odd = "2021-12-23 22:24:26 +0800"
        assert sent == [(None, None), ('"1"', odd), ('"2"', odd), (None, "later")]

    _run(test)


def test_the_same_bytes_are_nothing_new() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/f"] = lambda asked: Answer(200, BODY, {"ETag": f'"{len(server.log)}"'})
        polls = Polls(server, "/f")
        assert [(await polls.poll(client)).outcome for _ in range(3)] == ["new", "same", "same"]

    _run(test)


def test_max_age_of_an_earlier_answer_holds_where_a_304_does_not_repeat_it() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        answers = [Answer(200, BODY, {"ETag": '"1"', "Cache-Control": "max-age=600"}), Answer(304)]
        answers.append(Answer(304, b"", {"Cache-Control": "max-age=0"}))
        server.routes["/f"] = lambda asked: answers[len(server.log) - 1]
        polls = Polls(server, "/f")
        assert [(await polls.poll(client)).max_age for _ in answers] == [600, 600, 0]

    _run(test)


def test_a_permanent_move_is_taken_over_after_three_confirmations_over_a_day() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/old"] = Answer(301, b"", {"Location": "/new"})
        server.routes["/new"] = conditional(BODY, '"1"')
        polls = Polls(server, "/old")
        for _ in range(5):
            await polls.poll(client, timedelta(hours=3))
        assert polls.state.url == ""
        await polls.poll(client, timedelta(hours=24))
        found = await polls.poll(client)
        assert polls.state.url == server.url("/new")
        assert polls.state.adopted_at
        assert "moved permanently" in found.reason
        before = len(server.asked("/old"))
        assert (await polls.poll(client)).status == 304
        assert len(server.asked("/old")) == before
        # Asked at the new address with the validators, never unconditionally.
        assert all("if-none-match" in one.headers for one in server.asked("/new")[1:])
        # Another configured address begins anew.
        server.routes["/other"] = Answer(200, BODY)
        polls.request = polls.request._replace(url=server.url("/other"))
        assert (await polls.poll(client)).outcome == "new"
        assert polls.state.url == ""

    _run(test)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_temporary_move_is_never_taken_over(status: int) -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/old"] = Answer(status, b"", {"Location": "/new"})
        server.routes["/new"] = Answer(200, BODY)
        polls = Polls(server, "/old")
        for _ in range(5):
            await polls.poll(client, timedelta(days=1))
        assert polls.state == polls.state._replace(url="", redirect_to="", redirect_count=0)
        assert len(server.asked("/old")) == 5

    _run(test)


def test_a_move_to_a_refused_address_is_not_remembered() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/old"] = Answer(301, b"", {"Location": "http://127.0.0.1:1/secret"})
        polls = Polls(server, "/old")
        for _ in range(4):
            assert (await polls.poll(client, timedelta(days=1))).outcome == "failed"
        assert (polls.state.url, polls.state.redirect_to, polls.state.failures) == ("", "", 4)

    _run(test)


def test_an_address_taken_over_that_fails_gives_way_to_the_configured_one() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/old"] = Answer(200, BODY)
        polls = Polls(server, "/old")
        await polls.poll(client)
        polls.state = polls.state._replace(url=server.url("/dead"), digest="")
        outcomes = [(await polls.poll(client)).outcome for _ in range(6)]
        assert outcomes == ["failed"] * 5 + ["new"]

    _run(test)


def test_what_is_gone_is_not_asked_any_more() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/f"] = Answer(410)
        polls = Polls(server, "/f")
        assert [(await polls.poll(client)).outcome for _ in range(3)] == ["gone"] * 3
        assert len(server.log) == 1
        server.routes["/f"] = Answer(200, BODY)
        polls.state = polls.state._replace(gone=False)
        assert (await polls.poll(client)).outcome == "new"
        # A temporary redirect to something that is gone says nothing of the source itself.
        server.routes["/f"] = Answer(302, b"", {"Location": "/x"})
        server.routes["/x"] = Answer(410)
        assert (await polls.poll(client)).outcome == "failed"

    _run(test)


@pytest.mark.parametrize(
    ("answer", "outcome", "wait"),
    [
        (Answer(429, b"", {"Retry-After": "120"}), "delayed", 120),
        (Answer(429, b"", {"Retry-After": "Wed, 03 Jan 2024 10:02:00 GMT"}), "delayed", 121),
        (Answer(429, b"", {"Retry-After": "soon"}), "delayed", None),
        (Answer(503, b"", {"Retry-After": "60"}), "delayed", 60),
        (Answer(503), "failed", None),
        (Answer(500), "failed", None),
        (Answer(404), "failed", None),
        (Answer(204), "failed", None),
        (Answer(206, b"part"), "failed", None),
        (Answer(304), "failed", None),
        (Answer(200, b""), "failed", None),
        (Answer(401), "failed", None),
    ],
)
def test_troubles_count_and_keep_what_was_known(answer: Answer, outcome: str, wait: int | None) -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/f"] = answer
        polls = Polls(server, "/f")
        found = await polls.poll(client)
        assert (found.outcome, found.retry_after, found.data, found.state.failures) == (outcome, wait, b"", 1)
        server.routes["/f"] = Answer(200, BODY, {"ETag": '"1"'})
        assert (await polls.poll(client)).state.failures == 0
        server.routes["/f"] = answer
        if answer.status != 304:
            assert (await polls.poll(client)).state.etag == '"1"'

    _run(test)


def test_a_body_that_is_no_feed_does_not_hide_behind_a_304() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        server.routes["/f"] = conditional(BODY, '"feed"')
        polls = Polls(server, "/f")
        before = (await polls.poll(client)).state
        server.routes["/f"] = conditional(b"<html>", '"page"')
        found = mark_unreadable(before, await polls.poll(client), "no feed")
        assert (found.outcome, found.data, found.state.etag, found.state.failures) == (
            "failed",
            b"",
            '"feed"',
            1,
        )
        polls.state = found.state
        assert (await polls.poll(client)).outcome == "new"

    _run(test)


def test_no_secret_is_shown_or_kept() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        polls = Polls(server, "/f?token=s3cret")
        polls.request = polls.request._replace(url=polls.request.url.replace("//", "//user:s3cret@"))
        server.routes["/f"] = Answer(500)
        failed = await polls.poll(client)
        polls.request = polls.request._replace(allow=())
        refused = await polls.poll(client)
        assert "s3cret" not in failed.reason + refused.reason + polls.state.to_json()
        assert server.log[0].headers["authorization"].startswith("Basic ")

    _run(test)


def test_credentials_do_not_go_to_an_address_taken_over_on_another_host() -> None:
    async def run() -> None:
        async with UpstreamServer() as old, UpstreamServer() as new, Client("feedd/test") as client:
            new.routes["/f"] = Answer(200, BODY)
            polls = Polls(old, "/f", allow=(old.authority, new.authority), auth="user:pass")
            await polls.poll(client)
            polls.state = polls.state._replace(url=new.url("/f"))
            assert (await polls.poll(client)).outcome == "new"
            assert "authorization" in old.log[0].headers
            assert "authorization" not in new.log[0].headers

    asyncio.run(run())


def test_an_address_that_is_none_is_a_failure_like_any_other() -> None:
    async def test(server: UpstreamServer, client: Client) -> None:
        for url in ("", "file:///etc/passwd", "http://[", "http://user:s3cret@[::1/"):
            found = await fetch(client, Request("s", url), FetchState(), NOW)
            assert found.outcome == "failed"
            assert "s3cret" not in found.reason
            assert find_host_group(Request("s", url), FetchState()) == url

    _run(test)


def test_what_is_kept_of_a_state_is_what_differs_from_nothing() -> None:
    assert FetchState().to_json() == "{}"
    state = FetchState("c", etag='"é"', max_age=0, failures=2, gone=True)
    assert json.loads(state.to_json()) == {
        "configured": "c",
        "etag": '"é"',
        "max_age": 0,
        "failures": 2,
        "gone": True,
    }
    assert FetchState.from_json(state.to_json()) == state
    assert FetchState.from_json('{"etag": "x", "later": 1}') == FetchState(etag="x")
