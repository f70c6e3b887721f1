"""Bad requests, slow clients, many connections: nobody else notices, and the server ends in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from feeds.config import Serve
from feeds.errors import ConfigError, OutputError, UsageError
from feeds.server.app import Endpoint
from feeds.server.server import Server, parse_listen, run, run_loop
from tests.conftest import ROOT
from tests.rigs.serve_rig import ATOM_GET as GET
from tests.rigs.serve_rig import ECHO, Client, Output, document, drain, echo, entry, serving

ATOM = document("atom", [entry(n) for n in range(8)])


async def broken(request: Request) -> Response:
    raise RuntimeError(request.url.path)


ENDPOINTS = (
    ECHO,
    Endpoint("/hook/", echo),
    Endpoint("/broken", broken),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("tree")
    Output(folder).publish({"atom.xml": ATOM, "tag/新/atom.xml": ATOM, "big.xml": ATOM + b" " * 6_000_000})
    with serving(folder, Serve(listen="127.0.0.1:0", connections=1500), endpoints=ENDPOINTS) as client:
        yield client
        assert client.ask("/atom.xml").body == ATOM


BAD = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "odd Host": (b"GET / HTTP/1.1\r\nHost: a b/<script>\r\n\r\n", 400),
    "an unknown method": (b"FROB / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a relative target": (b"GET atom.xml HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "an endless field": (GET + b"X: " + b"a" * 400_000, 431),
    "many fields": (GET + b"".join(b"X%d: 1\r\n" % n for n in range(500)) + b"\r\n", 431),
    "a field repeated": (GET + b"X: aaaaaaaaaa\r\n" * 20_000 + b"\r\n", 431),
    "a long target": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "a field without a colon": (GET + b"nonsense\r\n\r\n", 400),
    "a space before the colon": (GET + b"A : b\r\n\r\n", 400),
    "a folded field": (GET + b"A: b\r\n c\r\n\r\n", 400),
    "both lengths": (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two lengths": (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
    "a negative length": (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc", 400),
    "a huge length": (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nabc", 413),
    "a long body in chunks": (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1f4\r\n" + b"a" * 500 + b"\r\n"
        b"1f5\r\n" + b"a" * 501 + b"\r\n0\r\n\r\n",
        413,
    ),
    "an endless trailer": (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 400_000,
        431,
    ),
    "a body for a document": (b"GET /atom.xml HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413),
    "a body where nothing may be put": (b"PUT /atom.xml HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405),
    "an unknown expectation": (GET + b"Expect: the-spanish-inquisition\r\n\r\n", 417),
}  # fmt: skip


@pytest.mark.parametrize(("data", "status"), BAD.values(), ids=BAD)
def test_bad_requests(client, data, status):
    found = client.raw(data, half_close=True)
    assert found.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nconnection: close\r\n" in found
    assert status != 405 or b"\r\nallow: GET, HEAD, OPTIONS\r\n" in found
    assert client.ask("/atom.xml", {"If-None-Match": "*"}).status == 304


@pytest.mark.parametrize(
    "host", [b"x", b"EXAMPLE.org:80", b"[::1]:8080", b"xn--fsq.example", b"", b"other.example:", b"%41"]
)
def test_any_well_formed_host_will_do_and_none_is_repeated(client, host):
    found = client.raw(b"GET /none HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 404 ")
    assert not host or b"\r\n\r\nNot Found\n" in found


def test_forms_of_a_request(client):
    close = b"Connection: close\r\n\r\n"
    absolute = client.raw(b"GET http://other.example/atom.xml HTTP/1.1\r\nHost: x\r\n" + close)
    assert absolute.startswith(b"HTTP/1.1 200 OK\r\n")
    assert absolute.endswith(ATOM)
    for target in (b"http://other.example/", b"http://other.example", b"HTTP://other.example?a=b"):
        root = client.raw(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + close)
        assert root.startswith(b"HTTP/1.1 404 ")  # the tree has no page
    old = client.raw(b"GET /atom.xml HTTP/1.0\r\n\r\n")
    assert old.endswith(ATOM)
    assert b"\r\nconnection: close\r\n" in old
    upgrade = client.raw(
        GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"
    )
    assert upgrade.endswith(ATOM)
    assert client.raw(b"GET * HTTP/1.1\r\nHost: x\r\n" + close).startswith(b"HTTP/1.1 400 ")
    assert client.raw(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n" + close).startswith(b"HTTP/1.1 204 ")


def test_pipelined_requests_are_answered_in_order(client):
    requests = [b"GET /echo?%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(4)]
    found = client.raw(b"".join(requests) + GET + b"Connection: close\r\n\r\n")
    places = [found.index(b"GET /echo %d 0" % n) for n in range(4)]
    assert places == sorted(places)
    assert found.endswith(ATOM)


def test_too_many_pipelined_requests_end_the_connection_after_some(client):
    found = client.raw(b"GET /echo HTTP/1.1\r\nHost: x\r\n\r\n" * 500)
    assert 1 <= found.count(b"HTTP/1.1 200 ") < 50


def test_a_request_met_before_is_answered_anew(tmp_path: Path):
    output = Output(tmp_path)
    output.publish({"atom.xml": ATOM})
    ask = GET + b"\r\n"
    with (
        serving(tmp_path) as client,
        socket.create_connection(("127.0.0.1", client.port), timeout=10) as open_one,
    ):
        for number in range(4):
            newer = document("atom", [entry(number)])
            output.publish({"atom.xml": newer})
            for pieces in ([ask], [ask[:20], ask[20:]], [ask]):
                for piece in pieces:
                    open_one.sendall(piece)
                    time.sleep(0.02)
                found = b""
                while not found.endswith(newer):
                    found += open_one.recv(65536)
                assert found.count(b"HTTP/1.1 200 OK") == 1


def test_routes(client):
    assert client.ask("/echo?a=b", method="POST", body=b"x" * 1000).body == b"POST /echo a=b 1000"
    assert client.ask("/hook/a/b").body == b"GET /hook/a/b  0"
    assert client.ask("/hook").status == 404
    assert client.ask("/broken").status == 500
    expect = b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"
    assert client.raw(expect).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
    chunks = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert client.raw(chunks + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").endswith(b"POST /echo  3")


def test_a_large_document_comes_whole_to_a_slow_reader(client):
    with socket.create_connection(("127.0.0.1", client.port), timeout=10) as slow:
        slow.sendall(b"GET /big.xml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.3)
        assert client.ask("/atom.xml").status == 200
        body = drain(slow).partition(b"\r\n\r\n")[2]
    assert body == ATOM + b" " * 6_000_000


def memory(pid: int | str = "self") -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0])


def test_a_thousand_connections_that_say_little_hinder_nobody(client):
    before = memory()
    idle = [socket.create_connection(("127.0.0.1", client.port), timeout=10) for _ in range(1000)]
    try:
        for number, one in enumerate(idle):
            one.sendall((b"GET /atom.xml HT", GET, b"", GET + b"\r\n")[number % 4])
        started = time.monotonic()
        for _ in range(50):
            assert client.ask("/atom.xml").status == 200
        assert time.monotonic() - started < 3
        assert memory() - before < 60_000
    finally:
        for one in idle:
            one.close()


def test_readers_that_do_not_read_share_one_document(client):
    client.ask("/big.xml")
    before = memory()
    lazy = [socket.create_connection(("127.0.0.1", client.port), timeout=10) for _ in range(200)]
    try:
        for one in lazy:
            one.sendall(b"GET /big.xml HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        assert client.ask("/atom.xml").body == ATOM
        assert memory() - before < 100_000
    finally:
        for one in lazy:
            one.close()


def test_the_program_stops_in_order(tmp_path: Path):
    Output(tmp_path / "tree").publish({"big.xml": ATOM + b" " * 6_000_000})
    code = (
        "import sys; from pathlib import Path; from feeds.server.server import Server, run; "
        "from feeds.config import Serve; "
        "run(Server(Serve(listen='127.0.0.1:0'), Path(sys.argv[1])), lambda a: print(a, flush=True))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "tree")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as server:
        assert server.stdout
        port = int(server.stdout.readline().rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as busy,
            socket.create_connection(("127.0.0.1", port), timeout=10) as idle,
        ):
            busy.sendall(b"GET /big.xml HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3)
            server.send_signal(signal.SIGTERM)
            assert len(drain(busy)) > 6_000_000
            assert drain(idle) == b""
        assert server.wait(10) == 0


def test_what_stands_in_the_way_of_listening_is_named(tmp_path: Path):
    with pytest.raises(OutputError, match="nothing to serve"):
        run(Server(Serve(listen="127.0.0.1:0"), tmp_path))
    Output(tmp_path).publish({"atom.xml": ATOM})
    with serving(tmp_path) as client, pytest.raises(UsageError, match="cannot be opened"):
        run(Server(Serve(listen=f"127.0.0.1:{client.port}"), tmp_path))
    assert parse_listen("[::1]:80") == ("::1", 80)
    assert parse_listen("unix:/run/x") == ("/run/x", None)
    for text in ("", "8080", "host:", "host:x", "host:99999", "::1:80", "unix:"):
        with pytest.raises(ConfigError):
            parse_listen(text)


@pytest.mark.parametrize("run", [asyncio.run, run_loop], ids=["asyncio", "uvloop"])
def test_a_unix_socket(tmp_path: Path, run: Callable[..., None]):
    Output(tmp_path / "tree").publish({"atom.xml": ATOM})
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    found = []

    async def ask() -> None:
        server = Server(Serve(listen=f"unix:{path}"), tmp_path / "tree")
        await server.start()
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(GET + b"Connection: close\r\n\r\n")
        found.append(await reader.read())
        writer.close()
        await writer.wait_closed()
        await server.stop()

    run(ask())
    assert found[0].endswith(ATOM)
