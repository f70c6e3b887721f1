"""One request and its response: what is sent, how much of a body is read, which cookies go where."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from feeds.errors import FetchError
from feeds.http.address import parse_address
from feeds.http.messages import Conditions, Plan, Response
from feeds.http.session import FetchCookies, Session, _build_request, _skip_body

HERE = parse_address("http://a.example/x?y=1")


def make_plan(**more: object) -> Plan:
    values = {
        "method": "GET",
        "headers": {"Accept": "x"},
        "body": b"",
        "conditions": None,
        "allow": frozenset(),
        "authorization": "",
        "home": HERE,
        "proxy": None,
        "most_bytes": 1000,
    }
    return Plan(**{**values, **more})  # type: ignore[arg-type]


class Pieces(httpx.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self.pieces, self.read, self.closed = pieces, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.read += 1
            yield piece

    async def aclose(self) -> None:
        self.closed = True


class Server(httpx.AsyncBaseTransport):
    """Answers every request with the same response."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], *body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, Pieces(*body)
        self.request: httpx.Request | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        cookies = [field for field in self.headers if field[0] == b"set-cookie"]
        return httpx.Response(
            self.status, headers=cookies, stream=self.body, extensions={"headers": self.headers}
        )


def send(server: Server, plan: Plan | None = None, cookies: FetchCookies | None = None) -> Response:
    async def run() -> Response:
        session = Session("agent", lambda host, port: asyncio.sleep(0, []), None)
        session._client._transport = server
        response = await session.request(plan or make_plan(), HERE, (), cookies or session.start_cookies())
        await session.aclose()
        return response

    return asyncio.run(run())


def test_the_target_and_the_route_are_passed_byte_for_byte() -> None:
    request = _build_request(make_plan(allow=frozenset(["a.example"])), HERE, [(b"A", b"b")])
    assert request.extensions["target"] == b"/x?y=1"
    route = request.extensions["route"]
    assert (route.scheme, route.host, route.port, route.proxy) == ("http", "a.example", 80, None)
    assert route.allowed == (HERE.authority == "a.example")
    allowed = _build_request(make_plan(allow=frozenset([HERE.authority])), HERE, [])
    assert allowed.extensions["route"].allowed
    assert not _build_request(make_plan(), HERE, []).extensions["route"].allowed
    proxy = parse_address("http://proxy.example:3128")
    assert _build_request(make_plan(proxy=proxy), HERE, []).extensions["target"] == b"http://a.example/x?y=1"
    secure = parse_address("https://a.example/x")
    assert _build_request(make_plan(proxy=proxy), secure, []).extensions["target"] == b"/x"


def test_a_body_is_read_only_where_it_is_wanted() -> None:
    for status, method, body in (
        (200, "GET", b"ab"),
        (203, "GET", b"ab"),
        (404, "GET", b""),
        (404, "POST", b"ab"),
    ):
        server = Server(status, [(b"x", b"1")], b"a", b"b")
        response = send(server, make_plan(method=method))
        assert (response.status, response.body, response.url) == (status, body, HERE.url)
        assert response.headers == (("x", "1"),)
        assert server.body.closed


def test_a_body_is_unpacked_and_bounded() -> None:
    packed = gzip.compress(b"x" * 1000)
    assert send(Server(200, [(b"content-encoding", b"gzip")], packed)).body == b"x" * 1000
    with pytest.raises(FetchError):
        send(Server(200, [(b"content-encoding", b"gzip")], gzip.compress(b"x" * 1001)))
    early = Server(200, [(b"content-length", b"1001")], b"x")
    with pytest.raises(FetchError, match="1001 bytes long, more than the limit of 1000"):
        send(early)
    assert early.body.read == 0
    assert send(Server(200, [(b"content-length", b"1000")], b"x" * 1000)).body == b"x" * 1000
    with pytest.raises(FetchError):
        send(Server(200, [], b"x" * 600, b"x" * 600))


def test_conditions_are_sent_to_their_address() -> None:
    server = Server(304, [])
    plan = make_plan(conditions=Conditions(HERE.url, {"If-None-Match": '"a"'}))
    assert send(server, plan).conditional
    assert server.request is not None
    assert server.request.headers["if-none-match"] == '"a"'
    assert server.request.headers["user-agent"] == "agent"
    assert not send(
        server, make_plan(conditions=Conditions("http://b.example/", {"If-None-Match": "x"}))
    ).conditional


def test_cookies_of_a_redirect_go_to_its_host_alone() -> None:
    cookies = FetchCookies()
    assert cookies.build_header(HERE) == ""
    send(Server(302, [(b"set-cookie", b"a=1; Path=/")]), cookies=cookies)
    assert cookies.build_header(HERE) == "a=1"
    assert cookies.build_header(parse_address("http://b.example/")) == ""
    server = Server(200, [(b"set-cookie", b"b=2; Path=/")], b"x")
    send(server, cookies=cookies)
    assert server.request is not None
    assert server.request.headers["cookie"] == "a=1"
    assert cookies.build_header(HERE) == "a=1"
    long = FetchCookies()
    send(Server(302, [(b"set-cookie", b"a=" + b"x" * 8191)]), cookies=long)
    assert long.build_header(HERE) == ""
    send(Server(302, [(b"set-cookie", b"a=" + b"x" * 8190)]), cookies=long)
    assert long.build_header(HERE) != ""


def test_sessions_share_no_cookies() -> None:
    session = Session("agent", lambda host, port: asyncio.sleep(0, []), None)
    with pytest.raises(AttributeError):
        session._client.cookies = {"a": "b"}
    session._client.cookies.extract_cookies(httpx.Response(200, headers={"set-cookie": "a=1"}))
    assert not session._client.cookies


def test_a_small_unused_body_is_read_and_a_large_body_is_not() -> None:
    for status, pieces, read in (
        (404, [b"x"] * 3, 3),
        (404, [b"x" * 40_000] * 4, 2),
        (304, [b""] * 3, 3),
        (204, [b"x" * 40_000] * 4, 4),
    ):
        body = Pieces(*pieces)
        answer = httpx.Response(status, stream=body, request=httpx.Request("GET", HERE.url))
        asyncio.run(_skip_body(answer))
        assert body.read == read
