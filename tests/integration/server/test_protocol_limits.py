"""Limits of a connection: whoever is slow, endless or too many hinders nobody else, and gets an answer where it can."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from feeds.config import Serve
from feeds.server.app import Endpoint
from feeds.server.protocol import Limits
from feeds.server.responses import respond
from tests.rigs.serve_rig import ATOM_GET as GET
from tests.rigs.serve_rig import ECHO, Client, Output, document, drain, entry, serving

ATOM = document("atom", [entry(n) for n in range(8)])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("tree")
    Output(folder).publish({"atom.xml": ATOM})
    with serving(folder, endpoints=[ECHO]) as client:
        yield client
        assert client.ask("/atom.xml").body == ATOM


def test_a_full_server_makes_room(tmp_path: Path):
    Output(tmp_path).publish({"atom.xml": ATOM})
    with serving(tmp_path, Serve(listen="127.0.0.1:0", connections=20)) as client:
        idle = [socket.create_connection(("127.0.0.1", client.port), timeout=10) for _ in range(60)]
        assert client.ask("/atom.xml").status == 200
        assert client.server.application.metrics.connections <= 20
        for one in idle:
            one.close()


def test_a_server_whose_connections_are_all_busy_says_when_to_come_again(tmp_path: Path):
    Output(tmp_path).publish({"atom.xml": ATOM})
    done = threading.Event()

    async def wait(_: Request) -> Response:
        await asyncio.to_thread(done.wait, 20)
        return respond(200, "done")

    settings = Serve(listen="127.0.0.1:0", connections=3)
    with serving(tmp_path, settings, endpoints=[Endpoint("/wait", wait)]) as client:
        busy = [socket.create_connection(("127.0.0.1", client.port), timeout=10) for _ in range(3)]
        for one in busy:
            one.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        for _ in range(3):
            refused = client.ask("/atom.xml")
            assert refused.status == 503
            assert refused.headers["retry-after"] == "5"
            assert refused.headers["connection"] == "close"
        counts = client.server.application.metrics
        assert (counts.connections_refused, counts.requests[503]) == (3, 3)
        done.set()
        for one in busy:
            assert one.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert client.ask("/atom.xml").body == ATOM, "who has an answer makes room"
        for one in busy:
            one.close()


DRIPS = {
    "a head": (b"GET /atom.xml HTTP/1.1\r\nHost: x\r\n", b"X: y\r\n"),
    "a field": (GET + b"X: ", b"y"),
    "a target": (b"GET /", b"a"),
    "empty lines": (b"", b"\r\n"),
    "a head after a request": (GET + b"\r\n" + GET, b"X: y\r\n"),
    "a body": (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", b"a"),
    "a body in chunks": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "a trailer": (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "a body that is refused": (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n", b"a"),
}  # fmt: skip


@pytest.mark.parametrize("case", DRIPS)
def test_a_client_that_drips_is_dropped_all_the_same(tmp_path: Path, case: str):
    first, drop = DRIPS[case]
    limits = Limits(header_seconds=0.5, idle_seconds=1.0, body_seconds=0.5)
    Output(tmp_path).publish({"atom.xml": ATOM})
    with serving(tmp_path, endpoints=[ECHO], limits=limits) as client:
        with socket.create_connection(("127.0.0.1", client.port), timeout=10) as slow:
            slow.sendall(first)
            deadline = time.monotonic() + 8
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while time.monotonic() < deadline:
                    slow.sendall(drop)
                    time.sleep(0.05)
            assert time.monotonic() < deadline
        assert client.ask("/atom.xml").body == ATOM


def test_a_client_that_reads_a_little_now_and_then_is_dropped(tmp_path: Path):
    limits = Limits(idle_seconds=0.5, slowest_reader=8_000_000)
    Output(tmp_path).publish({"big.xml": ATOM + b" " * 12_000_000})
    with serving(tmp_path, limits=limits) as client:
        counts = client.server.application.metrics
        with socket.create_connection(("127.0.0.1", client.port), timeout=10) as slow:
            slow.sendall(b"GET /big.xml HTTP/1.1\r\nHost: x\r\n\r\n" * 4)
            deadline = time.monotonic() + 10
            while not counts.connections_dropped and time.monotonic() < deadline:
                slow.recv(100)
                time.sleep(0.05)
        assert counts.connections_dropped == 1


def test_a_refusal_arrives_although_the_client_goes_on_sending(client):
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"
    for start, status in ((head, 413), (GET + b"X: ", 431), (b"POST /atom.xml" + head[10:], 405)):
        with socket.create_connection(("127.0.0.1", client.port), timeout=10) as eager:
            eager.sendall(start)
            time.sleep(0.1)  # it is refused by now
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(30):
                    eager.sendall(b"a" * 100_000)
            assert drain(eager).startswith(b"HTTP/1.1 %d " % status)


def test_what_a_client_asked_before_its_bad_bytes_is_answered(client):
    ask = b"GET /echo?%d HTTP/1.1\r\nHost: x\r\n\r\n"
    found = client.raw(ask % 1 + ask % 2 + b"nonsense\r\n\r\n")
    assert found.index(b"GET /echo 1 0") < found.index(b"GET /echo 2 0")
    assert found.count(b"HTTP/1.1 ") == 2
    cut = client.raw(
        ask % 1 + b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", half_close=True
    )
    assert cut.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"POST /echo" not in cut, "a body that is cut off is nothing to act on"


def test_a_trailer_is_no_field_of_a_request(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("LOGIN", "ann:pass")
    Output(tmp_path).publish({"atom.xml": ATOM})
    settings = Serve(listen="127.0.0.1:0", auth="env:LOGIN")
    with serving(tmp_path, settings, endpoints=[ECHO]) as client:
        found = client.raw(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"1\r\na\r\n0\r\nAuthorization: Basic YW5uOnBhc3M=\r\n\r\n"
        )
        assert found.startswith(b"HTTP/1.1 401 ")


def test_slow_clients_are_dropped(tmp_path: Path):
    limits = Limits(header_seconds=0.3, idle_seconds=0.3, body_seconds=0.3, slowest_reader=10_000_000)
    Output(tmp_path).publish({"atom.xml": ATOM, "big.xml": ATOM + b" " * 8_000_000})
    with serving(tmp_path, endpoints=[ECHO], limits=limits) as client:
        slow = [
            b"",
            b"GET /atom.xml HT",
            GET,
            GET + b"\r\n",
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na",
            b"GET /big.xml HTTP/1.1\r\nHost: x\r\n\r\n",
        ]
        sockets = []
        for data in slow:
            one = socket.create_connection(("127.0.0.1", client.port), timeout=10)
            one.sendall(data)
            sockets.append(one)
        deadline = time.monotonic() + 8
        while client.server.application.metrics.connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert client.server.application.metrics.connections == 0
        for one in sockets:
            one.close()
