"""A real server on loopback over a real tree, and a client that sends exactly what it is told."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from feeds.config import Serve
from feeds.models import Entry, FeedHead, Format
from feeds.output.tree import Tree
from feeds.renderer.documents import join
from feeds.renderer.entries import render_entries
from feeds.server.app import Endpoint
from feeds.server.responses import respond
from feeds.server.server import Server, run_loop

PUBLIC = "https://site.example/feeds/"
START = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


ATOM_GET = b"GET /atom.xml HTTP/1.1\r\nHost: x\r\n"


async def echo(request: Request) -> Response:
    body = await request.body()
    await asyncio.sleep(0.05)
    return respond(200, f"{request.method} {request.url.path} {request.url.query} {len(body)}")


ECHO = Endpoint("/echo", echo, body_limit=1000)


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


def entry(number: int, text: str = "") -> Entry:
    when = START.replace(minute=number)
    body = text or f"<p>{number} {hashlib.sha256(bytes([number])).hexdigest() * 20}</p>"
    link = f"https://site.example/{number}"
    return Entry(f"urn:x:{number}", f"Post {number}", link, body, "S", ("A",), when, when, ())


def document(form: Format, entries: list[Entry]) -> bytes:
    urls = tuple((one, f"{PUBLIC}{one}") for one in ("atom", "rss", "json"))
    head = FeedHead(
        "urn:x:feed",
        "Title",
        "Sub",
        "Author",
        "zh-CN",
        PUBLIC,
        urls,
        max((e.updated for e in entries), default=START),
    )
    rendered = render_entries(entries, [form], PUBLIC, "zh-CN")
    return join(head, form, [one[form] for one in rendered])


class Output:
    """An output folder, written the way feedd writes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.listed: dict[str, str] = {}

    def put(self, documents: Mapping[str, bytes]) -> Tree:
        """A run up to the moment when the documents are in place."""
        tree = Tree(self.folder, {})
        tree.open()
        for path, data in documents.items():
            assert tree.put(path, data)
            self.listed[path] = hashlib.sha256(data).hexdigest()
        tree.flush()
        return tree

    def publish(self, documents: Mapping[str, bytes]) -> None:
        self.put(documents).close(self.listed)


class Client:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: Any = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(
                method, path, body=body, headers={"Accept-Encoding": "identity", **(headers or {})}
            )
            response = connection.getresponse()
            data = response.read()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, data)
        finally:
            connection.close()

    def raw(self, data: bytes, *, half_close: bool = False) -> bytes:
        """Everything that comes back for these bytes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=15) as connection:
            try:
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return drain(connection)


def drain(connection: socket.socket) -> bytes:
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


@contextmanager
def serving(folder: Path, settings: Serve | None = None, **options: Any) -> Iterator[Client]:
    """A server in a thread of its own, on a free port."""
    wanted = settings or Serve(listen="127.0.0.1:0")
    server = Server(wanted, folder, public=PUBLIC, **options)
    ready = threading.Event()
    state: dict[str, Any] = {}

    async def main() -> None:
        await server.start()
        state["loop"], state["stop"] = asyncio.get_running_loop(), asyncio.Event()
        ready.set()
        await state["stop"].wait()
        await server.stop(2)

    thread = threading.Thread(target=run_loop, args=(main(),))
    thread.start()
    assert ready.wait(10)
    client = Client(int(server.address.rpartition(":")[2]))
    client.server = server  # type: ignore[attr-defined]
    try:
        yield client
    finally:
        state["loop"].call_soon_threadsafe(state["stop"].set)
        thread.join(15)
        assert not thread.is_alive()
