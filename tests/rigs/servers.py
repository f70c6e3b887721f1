"""An upstream on loopback that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Generic, Self, TypeVar


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    at: float
    """Monotonic seconds."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Answer:
    """What to say; ``delay`` in seconds."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0


Raw = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes whatever it likes; then the connection is closed."""
Route = Answer | Callable[[Asked], Answer] | Raw


class UpstreamServer:
    """Serves ``routes`` by path; an async context manager."""

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        self.routes: dict[str, Answer | Callable[[Asked], Answer]] = {}
        self.raw: dict[str, Raw] = {}
        self.log: list[Asked] = []
        self.connections = 0
        self._host = host
        self._context = context
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    @property
    def authority(self) -> str:
        return f"{self._host}:{self.port}"

    def url(self, path: str) -> str:
        return f"{'https' if self._context else 'http'}://{self.authority}{path}"

    def asked(self, path: str) -> list[Asked]:
        return [one for one in self.log if one.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while asked := await _read(reader):
                self.log.append(asked)
                if asked.path in self.raw:
                    await self.raw[asked.path](writer)
                    break
                await self._answer(asked, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass  # the loop ends
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        route = self.routes.get(asked.path, Answer(404, b"no such path"))
        answer = route if isinstance(route, Answer) else route(asked)
        if answer.delay:
            await asyncio.sleep(answer.delay)
        headers = dict(answer.headers)
        if answer.status not in (204, 304):
            headers.setdefault("Content-Length", str(len(answer.body)))
        head = f"HTTP/1.1 {answer.status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        writer.write(head.encode("latin-1") + b"\r\n" + answer.body)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, target, headers, body, time.monotonic())


def conditional(body: bytes, etag: str, **headers: str) -> Callable[[Asked], Answer]:
    """200 with an ETag, 304 to whoever sends it back byte for byte."""

    def route(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == etag:
            return Answer(304, b"", {"ETag": etag, **headers})
        return Answer(200, body, {"ETag": etag, **headers})

    return route


S = TypeVar("S", bound=UpstreamServer)


class ServerThread(Generic[S]):
    """A server in a thread of its own, for tests that wait for a program."""

    def __init__(self, make: Callable[[], S]) -> None:
        self._make = make

    def __enter__(self) -> S:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._ready.wait(10)
        return self._server

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._make() as self._server:
            self._ready.set()
            await self._stop.wait()


class UpstreamThread(ServerThread[UpstreamServer]):
    """An upstream in a thread of its own."""

    def __init__(self) -> None:
        super().__init__(UpstreamServer)
