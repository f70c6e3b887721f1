"""Outgoing HTTP ends: redirects, deadlines, bodies and answers that are none."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import FetchError
from feeds.http import Client, Response
from feeds.http.address import build_user_agent
from tests.rigs.servers import Answer, Asked, UpstreamServer

AGENT = build_user_agent("1.0", "https://site.example/feeds/")


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
        (b"", "closed before the end"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no proper HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "closed before the end"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
            "conflicting Content-Length",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabc", "conflicting Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", "bad Content-Length"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
            "more than the limit|no proper",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no proper HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "closed before the end"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nabc", "was not requested"),
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


def test_header_lines_that_are_no_fields_are_passed_over() -> None:
    raw = b"HTTP/1.1 200 OK\r\nno colon here\r\nMy Field: x\r\nContent-Length: 3\r\nX-Ok: 1\r\n\r\nabc"

    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = send
            response = await _get(server, "/")
            assert response.body == b"abc"
            assert dict(response.headers) == {"content-length": "3", "x-ok": "1"}

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


def test_a_request_that_changes_something_never_goes_over_a_kept_connection() -> None:
    """If the other side closed it just then, nobody could say whether the request was understood."""

    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT) as client:
            server.routes["/"] = Answer(200, b"x")
            for _ in range(2):
                await client.get(server.url("/"), allow=(server.authority,))
            assert server.connections == 1
            await client.post(server.url("/"), b"a=b", allow=(server.authority,))
            assert server.connections == 2

    asyncio.run(run())


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1",
        "http://[x]/",
        "http://a:b:c/",
        "http:////",
        "//",
        "http://ÿþ/",
        "http://a b/",
        "data:,x",
        "http://xn--/",
        "http://xn--a.ü/",
        "http://" + "a" * 300 + "/",
        "https://1.2.3/",
        "http://%00/",
        "?" * 70000,
    ],
)
def test_a_redirect_to_what_is_no_address_is_an_error_in_words(location: str) -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/"] = Answer(302, b"", {"Location": location})
            with pytest.raises(FetchError):
                await _get(server, "/", deadline=5)

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


def test_a_304_leaves_its_connection_open_for_the_next_question() -> None:
    """Whatever length it states: a 304 has no body (RFC 9110, 15.4.5)."""

    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT) as client:
            server.routes["/"] = Answer(304, b"", {"Content-Length": "500"})
            for _ in range(3):
                assert (await client.get(server.url("/"), allow=(server.authority,))).status == 304
            assert server.connections == 1

    asyncio.run(run())


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", b"abc"),
        (b"HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\nabc", b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", b"abc"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1  \r\nc\r\n0\r\nT: 1\r\n\r\n",
            b"abc",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"abc",
        ),
        (b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
    ],
)
def test_answers_are_read_as_sloppily_as_servers_write_them(raw: bytes, body: bytes) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        for byte in raw:  # in the smallest pieces, too
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    async def at_once(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw |= {"/bytes": say, "/whole": at_once}
            for path in server.raw:
                found = await _get(server, path)
                assert (found.status, found.body, found.get_header("t")) == (200, body, "")
                assert found.get_header("a") == ""

    asyncio.run(run())


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" * 5000,
        b"HTTP/2 200 OK\r\n\r\nabc",
        b"<html>",
    ],
)
def test_what_is_no_final_answer_is_an_error(raw: bytes) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await asyncio.sleep(0.2)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = say
            with pytest.raises(FetchError, match="no proper HTTP answer"):
                await _get(server, "/", deadline=5)

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcH",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r",
        b"HTTP/1.1 304 Not Modified\r\n\r\n\0",
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
@pytest.mark.parametrize("late", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"])
def test_a_connection_is_used_again_only_if_nothing_is_odd_about_it(answer: bytes, late: bytes) -> None:
    """Also if more comes after a while, when the connection lies idle."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await asyncio.sleep(0.02)
        writer.write(late)
        await asyncio.sleep(0.2)

    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT) as client:
            server.raw["/odd"] = say
            server.routes["/next"] = Answer(200, b"real")
            assert (await client.get(server.url("/odd"), allow=(server.authority,))).body in (b"abc", b"")
            await asyncio.sleep(0.05)
            assert (await client.get(server.url("/next"), allow=(server.authority,))).body == b"real"
            assert server.connections == 2

    asyncio.run(run())


def test_what_comes_to_an_idle_connection_ends_it() -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        await asyncio.sleep(0.2)

    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT) as client:
            server.raw["/"] = say
            server.routes["/next"] = Answer(200, b"real")
            assert (await client.get(server.url("/"), allow=(server.authority,))).body == b"abc"
            await asyncio.sleep(0.05)
            assert (await client.get(server.url("/next"), allow=(server.authority,))).body == b"real"
            assert server.connections == 2

    asyncio.run(run())


def test_a_long_body_is_not_read_ahead_of_its_reader() -> None:
    """The connection rests while nobody reads what it holds, and goes on after."""
    from feeds.http.dns import resolve_by_system
    from feeds.http.network import Route, open_stream

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 8_000_000)
        await writer.drain()

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = say
            route = Route("http", "127.0.0.1", server.port, allowed=True)
            stream = await open_stream(route, resolve_by_system, None)
            await stream.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.sleep(0.3)
            stream.end_head()
            read = len(await stream.read(10_000_000))
            assert read < 2_000_000
            while piece := await stream.read(10_000_000):
                read += len(piece)
            assert read == 8_000_000
            await stream.aclose()

    asyncio.run(run())
