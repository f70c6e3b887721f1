"""Outgoing HTTP ends: redirects, deadlines, bodies and answers that are none."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import FetchError
from feeds.net import Client, Response, user_agent
from tests.servers import Answer, Asked, UpstreamServer

AGENT = user_agent("1.0", "https://site.example/feeds/")


async def _get(server: UpstreamServer, path: str, **options: object) -> Response:
    options.setdefault("allow", (server.authority,))
    async with Client(AGENT) as client:
        return await client.get(server.url(path), **options)  # type: ignore[arg-type]


def test_redirects_in_a_circle_or_without_end_are_given_up() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/a"] = Answer(301, b"", {"Location": "/b"})
            server.routes["/b"] = Answer(302, b"", {"Location": "/a"})

            def further(asked: Asked) -> Answer:
                return Answer(302, b"", {"Location": f"/n?{len(server.log)}"})

            server.routes["/n"] = further
            with pytest.raises(FetchError, match="circle"):
                await _get(server, "/a")
            before = len(server.log)
            with pytest.raises(FetchError, match="more than 9 redirects"):
                await _get(server, "/n")
            assert len(server.log) - before == 10
            server.routes["/empty"] = Answer(302)
            with pytest.raises(FetchError, match="without a usable address"):
                await _get(server, "/empty")

    asyncio.run(run())


def test_where_something_moved_for_good_ends_at_the_first_temporary_redirect() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            for path, status, to in (
                ("/a", 301, "/b"),
                ("/b", 308, "/c"),
                ("/c", 302, "/d"),
                ("/d", 301, "/e"),
            ):
                server.routes[path] = Answer(status, b"", {"Location": to})
            server.routes["/e"] = Answer(200, b"x")
            assert (await _get(server, "/a")).moved_to == server.url("/c")
            assert (await _get(server, "/c")).moved_to == ""

    asyncio.run(run())


def test_one_deadline_counts_for_all_of_a_request() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/drip"] = drip
            server.routes["/silent"] = Answer(200, b"", {}, delay=5)
            server.routes["/hops"] = Answer(302, b"", {"Location": "/drip"}, delay=0.2)
            for path in ("/drip", "/silent", "/hops"):
                begun = time.monotonic()
                with pytest.raises(FetchError, match=r"no complete answer within 0\.4 s"):
                    await _get(server, path, deadline=0.4)
                assert time.monotonic() - begun < 0.7

    asyncio.run(run())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "disconnected"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no proper HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "without sending complete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "conflicting"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", "bad Content-Length"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
            "more than the limit|no proper",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no proper HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "without sending complete"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nabc", "nobody asked for"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\nabc", "packed 2 times"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 200_000, "larger than 100000 bytes"),
    ],
)
def test_answers_that_are_none_are_errors(raw: bytes, reason: str) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = say
            with pytest.raises(FetchError, match=reason):
                await _get(server, "/", most_bytes=100_000)

    asyncio.run(run())


@given(st.binary(max_size=300))
def test_no_answer_whatever_raises_anything_else(junk: bytes) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 " + junk)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = say
            with contextlib.suppress(FetchError):
                await _get(server, "/", deadline=1)

    asyncio.run(run())


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    async def last(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = last
            async with Client(AGENT) as client:
                for _ in range(3):
                    assert (await client.get(server.url("/"), allow=(server.authority,))).body == b"x"
            assert server.connections == 3

    asyncio.run(run())


def test_what_comes_after_an_answer_is_no_answer_to_the_next_question() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
            server.routes["/a"] = Answer(200, b"abc" + forged, {"Content-Length": "3"})
            server.routes["/b"] = Answer(200, b"real")
            async with Client(AGENT) as client:
                assert (await client.get(server.url("/a"), allow=(server.authority,))).body == b"abc"
                assert (await client.get(server.url("/b"), allow=(server.authority,))).body == b"real"

    asyncio.run(run())
