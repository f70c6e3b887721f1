"""Connections that are kept: for their own route, for a short time, for a GET alone."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest

from feeds.errors import FetchError
from feeds.http.address import parse_address
from feeds.http.messages import NoAnswer
from feeds.http.network import Route, Stream
from feeds.http.transport import KeptConnections, Transport, _Connection, create_tls_context

ROUTE = Route("http", "a.example", 80, False)
OTHER = Route("http", "b.example", 80, False)


class Wire:
    """A server that answers each request with the next of its texts."""

    def __init__(self, stream: Stream, *answers: bytes) -> None:
        self.stream, self.answers, self.sent, self.aborted = stream, list(answers), b"", False

    def write(self, data: bytes) -> None:
        self.sent += data
        if data.endswith(b"\r\n\r\n") and self.answers:
            answer = self.answers.pop(0)
            if answer:
                self.stream.data_received(answer)
            else:
                self.stream.eof_received()

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        raise AssertionError


def connect(*answers: bytes, route: Route = ROUTE) -> tuple[_Connection, Wire]:
    stream = Stream()
    wire = Wire(stream, *answers)
    stream.connection_made(wire)  # type: ignore[arg-type]
    return _Connection(route, stream), wire


class Idle:
    """A connection that is kept, without a network."""

    def __init__(self, route: Route = ROUTE, reusable: bool = True) -> None:
        self.route, self.reusable, self.aborted = route, reusable, False

    def abort(self) -> None:
        self.aborted = True


def run(work) -> None:
    async def main() -> None:
        async with asyncio.timeout(5):
            await work()

    asyncio.run(main())


def test_a_kept_connection_is_used_for_its_route_alone() -> None:
    async def work() -> None:
        kept = KeptConnections()
        first, second = Idle(), Idle()
        kept.keep(first)
        kept.keep(second)
        assert kept.pop_connection(OTHER) is None
        assert kept.pop_connection(ROUTE) is second
        assert kept.pop_connection(ROUTE) is first
        assert kept.pop_connection(ROUTE) is None
        assert (kept._count, kept._kept) == (0, {})

    run(work)


def test_what_cannot_be_used_again_is_closed() -> None:
    async def work() -> None:
        kept = KeptConnections()
        unfit, proxied = Idle(reusable=False), Idle(ROUTE._replace(proxy=parse_address("http://p.example")))
        kept.keep(unfit)
        kept.keep(proxied)
        assert (unfit.aborted, proxied.aborted, kept._count) == (True, True, 0)
        closed, good = Idle(), Idle()
        kept.keep(good)
        kept.keep(closed)
        closed.reusable = False
        assert kept.pop_connection(ROUTE) is good
        assert (closed.aborted, good.aborted) == (True, False)

    run(work)


def test_the_oldest_makes_room_and_time_ends_all() -> None:
    async def work() -> None:
        kept = KeptConnections()
        every = [Idle(Route("http", f"{n}.example", 80, False)) for n in range(129)]
        for one in every:
            kept.keep(one)
        assert [one.aborted for one in every] == [True] + [False] * 128
        assert kept._count == 128
        kept.close_idle()
        assert kept._count == 128
        assert kept._sweeper is not None
        late = kept._kept[every[1].route]
        late[0] = late[0]._replace(expires=0)
        assert kept.pop_connection(every[1].route) is None
        assert every[1].aborted
        late = kept._kept[every[2].route]
        late[0] = late[0]._replace(expires=0)
        kept.close_idle()
        assert (every[2].aborted, every[3].aborted, kept._count) == (True, False, 126)
        kept.close_idle(everything=True)
        assert all(one.aborted for one in every)
        assert (kept._count, kept._kept, kept._sweeper) == (0, {}, None)

    run(work)


def build_request(method: str = "GET", route: Route = ROUTE) -> httpx.Request:
    extensions = {"route": route, "target": b"/x"}
    return httpx.Request(
        method, "http://a.example/", headers=[(b"Host", b"a.example")], extensions=extensions
    )


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\nLocation: http://[/\r\n\r\nab"


async def refuse(host: str, port: int) -> list[str]:
    raise OSError("no new connection")


def test_a_get_goes_over_a_kept_connection_which_is_kept_again() -> None:
    async def work() -> None:
        transport = Transport(refuse, None)
        connection, wire = connect(OK, OK, OK)
        response = await transport._exchange(connection, build_request("POST"))
        assert await response.aread() == b"ab"
        await response.aclose()
        for _ in range(2):
            response = await transport.handle_async_request(build_request())
            assert response.status_code == 200
            assert response.headers.multi_items() == [("set-cookie", "a=1")]
            assert (b"Location", b"http://[/") in response.extensions["headers"]
            assert transport._kept._count == 0
            assert await response.aread() == b"ab"
            await response.aclose()
            assert transport._kept._count == 1
        assert wire.sent.count(b"GET /x HTTP/1.1\r\nHost: a.example\r\n") == 2
        await transport.aclose()
        assert wire.aborted

    run(work)


def test_a_post_and_a_closed_connection_need_a_new_connection() -> None:
    async def work() -> None:
        transport = Transport(refuse, None)
        connection, wire = connect(OK, b"")
        response = await transport._exchange(connection, build_request())
        await response.aread()
        await response.aclose()
        sent = wire.sent
        with pytest.raises(FetchError, match="cannot be resolved"):
            await transport.handle_async_request(build_request("POST"))
        assert (wire.sent, wire.aborted, transport._kept._count) == (sent, False, 1)
        with pytest.raises(FetchError, match="cannot be resolved"):
            await transport.handle_async_request(build_request())
        assert wire.sent == sent * 2
        assert wire.aborted

    run(work)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "closed before the end"),
        (b"SSH-2.0\r\n\r\n", "illegal"),
    ],
)
def test_what_is_not_http(answer: bytes, reason: str) -> None:
    async def work() -> None:
        connection, _ = connect(answer)
        with pytest.raises(NoAnswer, match=reason) as found:
            await connection.send(build_request())
        assert "bytearray" not in str(found.value)

    run(work)


def test_two_lengths_end_the_connection() -> None:
    async def work() -> None:
        both = (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
        )
        transport = Transport(refuse, None)
        for answer, kept in ((both, 0), (both.replace(b"Content-Length: 2\r\n", b""), 1)):
            connection, _ = connect(answer)
            response = await transport._exchange(connection, build_request())
            assert await response.aread() == b"ab"
            await response.aclose()
            await response.stream.aclose()
            assert transport._kept._count == kept

    run(work)


def test_a_body_that_ends_early_is_an_error() -> None:
    async def work() -> None:
        connection, wire = connect(OK[:-1])
        response = await Transport(refuse, None)._exchange(connection, build_request())
        wire.stream.eof_received()
        with pytest.raises(NoAnswer, match="closed before the end"):
            await response.aread()

    run(work)


def test_the_libraries_log_no_addresses_and_certificates_are_checked() -> None:
    import logging

    logging.getLogger("httpx").setLevel(logging.DEBUG)
    Transport(refuse, None)
    assert {logging.getLogger(name).level for name in ("httpx", "httpcore")} == {logging.WARNING}
    context = create_tls_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
