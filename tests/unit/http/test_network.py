"""Connections: which addresses are refused, and a stream that holds back one byte."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpcore
import pytest

from feeds.errors import AddressRefused, FetchError
from feeds.http.address import parse_address
from feeds.http.network import Route, Stream, open_stream


class Wire:
    """The transport below a stream."""

    def __init__(self) -> None:
        self.sent = b""
        self.calls: list[str] = []

    def write(self, data: bytes) -> None:
        self.sent += data

    def abort(self) -> None:
        self.calls.append("abort")

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


def build_stream() -> tuple[Stream, Wire]:
    stream, wire = Stream(), Wire()
    stream.connection_made(wire)  # type: ignore[arg-type]
    return stream, wire


def run(work: Callable[[Stream, Wire], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(5):
            await work(*build_stream())

    asyncio.run(main())


def open_route(route: Route, found: list[str] | OSError) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        if isinstance(found, OSError):
            raise found
        return found

    asyncio.run(open_stream(route, resolve, None))


def test_the_authority_of_a_route() -> None:
    assert Route("http", "a.example", 80, False).authority == "a.example:80"
    assert Route("http", "::1", 80, False).authority == "[::1]:80"


def test_a_host_with_one_private_address_is_refused() -> None:
    route = Route("http", "a.example", 80, False)
    with pytest.raises(
        AddressRefused, match=r"private address 10\.0\.0\.1; to allow it: `--allow a\.example:80`"
    ):
        open_route(route, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.1"):
        open_route(Route("http", "127.0.0.1", 80, False), OSError())


def test_an_allowed_host_is_connected_to() -> None:
    # The guard of unit tests refuses every connection, which shows that one was tried.
    with pytest.raises(RuntimeError, match=r"socket\.connect"):
        open_route(Route("http", "a.example", 80, True), ["10.0.0.1"])
    with pytest.raises(RuntimeError, match=r"socket\.connect"):
        open_route(Route("http", "a.example", 80, False), ["93.184.216.34"])


def test_a_name_needs_an_address_also_behind_a_proxy() -> None:
    for route in (
        Route("http", "a.example", 80, False),
        Route("http", "93.184.216.34", 80, False, parse_address("http://proxy.example:3128")),
    ):
        with pytest.raises(FetchError, match="cannot be resolved"):
            open_route(route, OSError("unknown"))
        with pytest.raises(FetchError, match="has no address"):
            open_route(route, ["not-an-address"])
    with pytest.raises(AddressRefused):
        open_route(Route("http", "10.0.0.1", 80, False, parse_address("http://1.1.1.1:3128")), OSError())


def test_the_last_byte_is_held_back() -> None:
    async def work(stream: Stream, wire: Wire) -> None:
        stream.data_received(b"abcdef")
        assert await stream.read(3) == b"abc"
        assert await stream.read(100) == b"de"
        assert stream.get_extra_info("is_readable")
        assert await stream.read(100) == b"f"
        assert not stream.get_extra_info("is_readable")
        assert stream.get_extra_info("socket") is None

    run(work)


def test_a_reader_waits_for_data_or_the_end() -> None:
    async def work(stream: Stream, wire: Wire) -> None:
        reading = asyncio.create_task(stream.read(10))
        await asyncio.sleep(0)
        stream.data_received(b"x")
        assert await reading == b"x"
        assert not stream.end_was_read
        reading = asyncio.create_task(stream.read(10))
        await asyncio.sleep(0)
        stream.eof_received()
        assert await reading == b""
        assert stream.end_was_read
        assert stream.get_extra_info("is_readable")

    run(work)


def test_a_broken_connection_raises_its_error_after_the_data() -> None:
    async def work(stream: Stream, wire: Wire) -> None:
        stream.data_received(b"x")
        stream.connection_lost(ConnectionResetError("gone"))
        assert await stream.read(10) == b"x"
        with pytest.raises(ConnectionResetError):
            await stream.read(10)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"x")

    run(work)


def test_reading_stops_while_much_waits() -> None:
    async def work(stream: Stream, wire: Wire) -> None:
        stream.data_received(b"x" * 128 * 1024)
        assert wire.calls == []
        stream.data_received(b"x")
        stream.data_received(b"x")
        assert wire.calls == ["pause"]
        await stream.read(2)
        assert wire.calls == ["pause"]
        await stream.read(1)
        assert wire.calls == ["pause", "resume"]

    run(work)


def test_a_head_is_bounded_and_a_body_is_not() -> None:
    async def work(stream: Stream, wire: Wire) -> None:
        await stream.write(b"GET")
        assert wire.sent == b"GET"
        stream.data_received(b"x" * 100 * 1024 + b"yyy")
        await stream.read(100 * 1024)
        await stream.read(1)
        with pytest.raises(httpcore.RemoteProtocolError, match="too long"):
            await stream.read(1)
        stream.end_head()
        assert await stream.read(1) == b"y"

    run(work)


def test_a_closed_or_retired_stream_is_not_used_again() -> None:
    async def work(stream: Stream, wire: Wire) -> None:
        stream.retire()
        assert stream.get_extra_info("is_readable")
        other, wire = build_stream()
        await other.aclose()
        assert wire.calls == ["abort"]
        assert await other.read(1) == b""
        assert other.get_extra_info("is_readable")
        with pytest.raises(httpcore.WriteError):
            await other.write(b"x")
        with pytest.raises(httpcore.WriteError):
            await Stream().write(b"x")

    run(work)
