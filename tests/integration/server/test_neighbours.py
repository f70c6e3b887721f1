"""Nothing that a client sends changes what another client gets, however its bytes are cut into pieces."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.rigs.serve_rig import drain

WHOLE = b"GET /atom.xml HTTP/1.1\r\nHost: x\r\n\r\n"
READERS = {
    "a plain GET": b"GET /rss.xml HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\n\r\n",
    "a GET of a browser": b"GET /rss.xml HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\nAccept-Encoding: gzip, br\r\n\r\n",
    "a HEAD": b"HEAD /feed.json HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\n\r\n",
    "a condition": b'GET /rss.xml HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\nIf-None-Match: "old"\r\n\r\n',
    "an address that is missing": b"GET /none HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\n\r\n",
}
HOSTILE = {
    "a field of a second request": WHOLE + b"GET /atom.xml HTTP/1.1\r\nX-A: ",
    "a condition that is always met": WHOLE + b"GET /atom.xml HTTP/1.1\r\nIf-None-Match: *\r\nX-A: ",
    "a coding and a range": WHOLE
    + b"GET /atom.xml HTTP/1.1\r\nAccept-Encoding: identity;q=0\r\nRange: bytes=0-1\r\nX-A: ",
    "a third request": WHOLE + WHOLE + b"GET /atom.xml HTTP/1.1\r\nX-A: ",
    "a first request": b"GET /atom.xml HTTP/1.1\r\nX-A: ",
    "a HEAD": WHOLE + b"HEAD /atom.xml HTTP/1.1\r\nX-A: ",
    "another method": WHOLE + b"OPTIONS * HTTP/1.1\r\nX-A: ",
    "the target": WHOLE + b"GET /atom.xml?",
    "the name of a field": WHOLE + b"GET /atom.xml HTTP/1.1\r\nX-",
    "HTTP/1.0": WHOLE + b"GET /atom.xml HTTP/1.0\r\nConnection: keep-alive\r\nX-A: ",
    "a body": WHOLE + b"POST /atom.xml HTTP/1.1\r\nHost: x\r\nContent-Length: 38\r\n\r\n",
    "a body in chunks": WHOLE
    + b"GET /atom.xml HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ",
    "empty lines": WHOLE + b"\r\n\r\n",
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The program ``feedd serve`` over the documents of a build."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.post("2024-01-02-a.md", body="Words " * 200)
    text = project.config.read_text("utf-8")
    project.config.write_text(text + '[serve]\nlisten = "127.0.0.1:0"\n', "utf-8")
    assert project.run("build").returncode == 0
    with running(project.config) as server:
        assert server.stdout
        yield int(server.stdout.readline().split("/ (Ctrl-C")[0].rpartition(":")[2])
        server.terminate()
        assert server.wait(20) == 0


def running(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "feeds", "serve", "-c", str(config)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=15)


def ask(port: int, request: bytes) -> bytes:
    """The answer to a request that comes in one piece on a connection of its own, without its date."""
    with connect(port) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        head, mark, body = drain(client).partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"date:", b"connection:"))]
    return b"\r\n".join(kept) + mark + body


def send_apart(port: int, first: bytes, second: bytes) -> None:
    """Send two pieces that the server reads one after the other, and take what comes back."""
    with connect(port) as client:
        client.sendall(first)
        if first.startswith(WHOLE):
            client.recv(65536)  # the whole request is answered, so the first piece was read
        client.sendall(second)
        client.shutdown(socket.SHUT_WR)
        drain(client)


@pytest.mark.parametrize("case", HOSTILE)
def test_no_client_changes_what_others_get(port: int, case: str) -> None:
    before = {name: ask(port, request % b"before") for name, request in READERS.items()}
    assert before["a plain GET"].startswith(b"HTTP/1.1 200 ")
    assert before["an address that is missing"].startswith(b"HTTP/1.1 404 ")
    # The first to send these very bytes is the hostile client.
    requests = {name: request % case.encode() for name, request in READERS.items()}
    for request in requests.values():
        send_apart(port, HOSTILE[case], request)
    for _ in range(2):
        assert {name: ask(port, request) for name, request in requests.items()} == before
