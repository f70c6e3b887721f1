"""One connection against its limits, with a transport in memory: sizes, deadlines, pipelines, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn.server import ServerState

from feeds.server.metrics import Metrics
from feeds.server.protocol import REFUSED, BoundedConfig, BoundedProtocol, Limits, add_root_path

GET = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent, self.aborted, self.closed, self.waiting = b"", False, False, 0

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_protocol(self, protocol: Any) -> None: ...


class World:
    """Connections of a server whose application answers with the path, or with the status of a refusal."""

    def __init__(self, **limits: Any) -> None:
        self.metrics, self.state = Metrics(), ServerState()
        self.config = BoundedConfig(self.answer, Limits(**limits), self.metrics)
        self.config.load()
        self.seen: list[tuple[str, bytes, int]] = []
        self.hold: asyncio.Event | None = None

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        # A refused request is answered without its body.
        body, more = b"", REFUSED not in scope["state"]
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if self.hold:
            await self.hold.wait()
        refused = scope["state"].get(REFUSED, 0)
        self.seen.append((scope["path"], body, refused))
        await send(
            {"type": "http.response.start", "status": refused or 200, "headers": [(b"content-length", b"0")]}
        )
        await send({"type": "http.response.body", "body": b""})

    def connect(self) -> tuple[BoundedProtocol, Wire]:
        protocol, wire = BoundedProtocol(self.config, self.state, {}), Wire()
        protocol.connection_made(wire)
        return protocol, wire


def run(work: Callable[[World], Awaitable[None]], **limits: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(5):
            await work(World(**limits))

    asyncio.run(main())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_request_is_answered_and_the_connection_kept() -> None:
    async def work(world: World) -> None:
        protocol, wire = world.connect()
        protocol.data_received(GET[:9])
        protocol.data_received(GET[9:])
        await settle()
        assert world.seen == [("/x", b"", 0)]
        assert wire.sent.startswith(b"HTTP/1.1 200")
        assert b"server:" not in wire.sent.lower()
        assert not wire.closed
        protocol.data_received(b"POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
        await settle()
        assert world.seen[1:] == [("/y", b"ab", 0)]
        assert world.metrics.connections == 1
        protocol.connection_lost(None)
        assert world.metrics.connections == 0

    run(work)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"x" * 99 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 0),
        (b"GET /" + b"x" * 100 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5 + b"\r\n", 0),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 6 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 300 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 300, 431),
        (b"GET /" + b"x" * 300, 414),
        (b"\x00\x01 nonsense\r\n\r\n", 400),
        (b"GET http://a.example HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    ],
)
def test_the_size_of_a_head(head: bytes, status: int) -> None:
    async def work(world: World) -> None:
        protocol, _ = world.connect()
        protocol.data_received(head)
        await settle()
        assert [refused for _, _, refused in world.seen] == [status]

    run(work, target_bytes=100, fields=5, header_bytes=200)


def test_after_a_refusal_nothing_is_read() -> None:
    async def work(world: World) -> None:
        protocol, wire = world.connect()
        protocol.data_received(b"\x00 nonsense\r\n\r\n")
        await settle()
        protocol.data_received(GET)
        await settle()
        assert world.seen == [("/", b"", 400)]
        assert wire.closed
        assert b"connection: close" in wire.sent.lower()

    run(work)


def test_a_pipeline_is_short() -> None:
    async def work(world: World) -> None:
        world.hold = asyncio.Event()
        protocol, _ = world.connect()
        protocol.data_received(GET * 3)
        await settle()
        assert len(protocol.pipeline) == 2
        protocol.data_received(GET)
        world.hold.set()
        await settle()
        assert len(world.seen) <= 3

    run(work, pipeline=2)


def test_deadlines_of_each_phase() -> None:
    async def work(world: World) -> None:
        protocol, wire = world.connect()

        def left() -> float:
            return round(protocol.deadline - asyncio.get_running_loop().time())

        assert left() == 10
        world.hold = asyncio.Event()
        protocol.data_received(b"POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        assert left() == 30
        protocol.data_received(b"b")
        assert left() == 120
        assert protocol.is_busy
        wire.waiting = 4096 * 40
        protocol.pause_writing()
        assert left() == 100
        protocol.resume_writing()
        assert left() == 120
        world.hold.set()
        await settle()
        assert left() == 60
        assert not protocol.is_busy
        protocol.data_received(GET[:5])
        assert left() == 10

    run(work)


def test_new_connections_replace_the_idle() -> None:
    async def work(world: World) -> None:
        first, first_wire = world.connect()
        _, second_wire = world.connect()
        first.deadline -= 1
        _, third_wire = world.connect()
        assert (first_wire.aborted, second_wire.aborted, third_wire.aborted) == (True, False, False)
        assert world.metrics.connections_dropped == 1
        assert world.metrics.connections == 2

    run(work, connections=2)


def test_without_an_idle_connection_the_newest_is_refused() -> None:
    async def work(world: World) -> None:
        world.hold = asyncio.Event()
        busy, busy_wire = world.connect()
        busy.data_received(GET)
        await settle()
        world.connect()
        world.hold.set()
        await settle()
        assert not busy_wire.aborted
        assert ("/", b"", 503) in world.seen
        assert world.metrics.connections_refused == 1

    run(work, connections=1)


def test_a_client_that_closes_its_side() -> None:
    async def work(world: World) -> None:
        protocol, _ = world.connect()
        assert protocol.eof_received() is False
        protocol.data_received(b"POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        await settle()
        assert protocol.eof_received() is True
        await settle()
        assert [refused for _, _, refused in world.seen] == [400]

    run(work)


def test_an_upgrade_is_answered_as_if_it_was_not_wanted() -> None:
    async def work(world: World) -> None:
        protocol, wire = world.connect()
        protocol.data_received(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
        await settle()
        assert world.seen == [("/x", b"", 0)]
        assert wire.closed

    run(work)


def test_an_absolute_target_gets_a_path() -> None:
    assert add_root_path(b"http://a.example") == b"http://a.example/"
    assert add_root_path(b"http://a.example?x=1") == b"http://a.example/?x=1"
    assert add_root_path(b"http://a.example/x") == b"http://a.example/x"
    assert add_root_path(b"*") == b"*"
    with pytest.raises(ValueError):
        add_root_path(b"http://[")
