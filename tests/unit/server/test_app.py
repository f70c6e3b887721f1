"""What the application refuses before a route sees it, and which route gets the rest."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from feeds.config import Serve
from feeds.errors import OutputError
from feeds.server.app import Application, Endpoint, decode_path, join_fields
from feeds.server.auth import Access
from feeds.server.delta import Versions
from feeds.server.documents import OutputTree
from feeds.server.protocol import REFUSED
from feeds.server.resource import Policy
from feeds.server.responses import respond
from tests.rigs.serve_rig import Output

PAGE = b"<!DOCTYPE html><title>Page</title>"


async def echo(request: Request) -> Response:
    if request.scope["path"].endswith("fail"):
        raise ZeroDivisionError
    return respond(200, f"{request.method} {request.scope['path']} {len(await request.body())}")


def build(folder: Path, settings: Serve | None = None, public: str = "", **environment: str) -> Application:
    Output(folder).publish({"index.html": PAGE})
    endpoints = [Endpoint("/echo/", echo, body_limit=10), Endpoint("/open", echo, open=True)]
    access = Access(settings or Serve(), environment)
    return Application(OutputTree(folder), Versions(None), access, Policy(300, public), endpoints=endpoints)


def ask(
    application: Application,
    path: str = "/",
    headers: Mapping[str, str] | list[tuple[bytes, bytes]] | None = None,
    method: str = "GET",
    body: bytes = b"",
    refused: int = 0,
    version: str = "1.1",
) -> tuple[int, dict[str, str], bytes]:
    """Ask the application itself; return status, header fields and body."""
    fields = (
        headers
        if isinstance(headers, list)
        else [
            (name.lower().encode(), value.encode())
            for name, value in {"Host": "x", **(headers or {})}.items()
        ]
    )
    state: dict[str, Any] = {REFUSED: refused} if refused else {}
    scope = {
        "type": "http", "method": method, "path": "", "raw_path": path.encode(), "query_string": b"",
        "headers": fields, "http_version": version, "state": state, "root_path": "", "scheme": "http",
        "server": ("x", 80), "client": ("y", 1),
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    with contextlib.suppress(ZeroDivisionError):
        asyncio.run(application(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def application(tmp_path: Path):
    built = build(tmp_path)
    yield built
    built.close()


def test_documents_and_endpoints_are_counted(application: Application) -> None:
    assert ask(application)[::2] == (200, PAGE)
    assert (
        ask(application, "/echo/a", method="POST", body=b"12", headers={"Content-Length": "2"})[2]
        == b"POST /echo/a 2"
    )
    assert ask(application, "/open")[2] == b"GET /open 0"
    assert ask(application, "/open/x")[0] == 404
    assert application.metrics.requests == {200: 3, 404: 1}
    assert application.metrics.sent_bytes > len(PAGE) + 20
    before = application.metrics.sent_bytes
    ask(application, method="HEAD")
    assert application.metrics.sent_bytes == before


@pytest.mark.parametrize(
    ("headers", "version", "status"),
    [
        ([], "1.1", 400),
        ([], "1.0", 200),
        ([(b"host", b"x"), (b"host", b"x")], "1.1", 400),
        ([(b"host", b"x"), (b"host", b"x")], "1.0", 400),
        ([(b"host", b"a b")], "1.1", 400),
        ([(b"host", b"[::1]:80")], "1.1", 200),
        ([(b"host", b"x:123456")], "1.1", 400),
        ([(b"host", b"x"), (b"expect", b"100-Continue")], "1.1", 200),
        ([(b"host", b"x"), (b"expect", b"other")], "1.1", 417),
        ([(b"host", b"x"), (b"content-length", b"1")], "1.1", 413),
        ([(b"host", b"x"), (b"content-length", b"0")], "1.1", 200),
    ],
)
def test_heads_that_no_route_may_see(
    application: Application, headers: list[tuple[bytes, bytes]], version: str, status: int
) -> None:
    found, fields, _ = ask(application, headers=headers, version=version)
    assert found == status
    assert (fields.get("connection") == "close") == (status >= 400)


def test_bodies_are_limited_for_each_endpoint(application: Application) -> None:
    def post(path: str, length: int, method: str = "POST", body: bytes = b"") -> int:
        return ask(application, path, {"Content-Length": str(length)}, method, body)[0]

    assert post("/echo/a", 10) == 200
    assert post("/echo/a", 11) == 413
    assert post("/open", 64 * 1024) == 200
    assert post("/open", 64 * 1024 + 1) == 413
    status, fields, _ = ask(application, "/", {"Content-Length": "1"}, "PUT")
    assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS")
    chunked = {"Transfer-Encoding": "chunked"}
    assert ask(application, "/echo/a", chunked, "POST", b"x" * 10)[0] == 200
    assert ask(application, "/echo/a", chunked, "POST", b"x" * 11)[0] == 413


def test_what_the_protocol_refused_is_answered_so(application: Application) -> None:
    assert ask(application, refused=431)[0] == 431
    status, fields, _ = ask(application, refused=503)
    assert (status, fields["retry-after"], fields["connection"]) == (503, "5", "close")


def test_a_failure_is_a_500(application: Application) -> None:
    assert ask(application, "/echo/fail")[0] == 500


def test_health_and_metrics(tmp_path: Path) -> None:
    application = build(tmp_path, Serve(token="env:TOKEN"), TOKEN="t0ken")
    assert ask(application, "/healthz")[::2] == (200, b"ok\n")
    assert ask(application, "/healthz", method="POST")[0] == 405
    status, fields, _ = ask(application, "/metrics")
    assert (status, fields["www-authenticate"][:6]) == (401, "Bearer")
    status, _, body = ask(application, "/metrics", {"Authorization": "Bearer t0ken"})
    assert (status, b"feedd_http_requests_total" in body) == (200, True)
    assert ask(application, "/metrics", method="OPTIONS")[0] == 204
    (tmp_path / ".feedd").unlink()
    assert ask(application, "/healthz")[0] == 503
    with pytest.raises(OutputError):
        application.check()
    application.close()


def test_a_password_guards_all_but_open_endpoints(tmp_path: Path) -> None:
    application = build(tmp_path, Serve(auth="env:LOGIN"), LOGIN="a:b")
    application.check()
    assert ask(application, "/echo/a")[0] == 401
    assert ask(application, "/echo/a", {"Authorization": "Basic YTpi"})[0] == 200
    assert ask(application, "/open")[0] == 200
    application.close()


def test_the_prefix_of_the_public_address_may_be_there(tmp_path: Path) -> None:
    application = build(tmp_path, public="https://a.example/feeds/")
    assert [ask(application, path)[0] for path in ("/feeds/", "/feeds", "/", "/feeds/open", "/feedsx")] == [
        200,
        200,
        200,
        200,
        404,
    ]
    application.close()


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a%20b", "/a b"),
        (b"/%E6%96%B0", "/新"),
        (b"a", ""),
        (b"/a%2Fb", ""),
        (b"/%ff", ""),
        (b"/a%00", ""),
        (b"/a%1f", ""),
        (b"/a%7f", ""),
        (b"/a%5cb", ""),
        (b"/" + b"a" * 300, "/" + "a" * 300),
    ],
)
def test_the_path_of_a_request(raw: bytes, path: str) -> None:
    assert decode_path(raw) == path


def test_repeated_fields_are_joined() -> None:
    assert join_fields([(b"a", b"1"), (b"host", b"x")]) == ({b"a": b"1", b"host": b"x"}, 1)
    assert join_fields([(b"a", b"1"), (b"a", b"2"), (b"host", b"x"), (b"host", b"y")]) == (
        {b"a": b"1, 2", b"host": b"x, y"},
        2,
    )
    assert join_fields([])[1] == 0
