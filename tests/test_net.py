"""Outgoing HTTP: where it may go, how long it may take, how much it takes in, what it carries along."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import shutil
import ssl
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.addresses import is_global
from feeds.coding import Decoder
from feeds.errors import AddressRefused, FetchError
from feeds.net import Client, Conditions, Response, address, same_site, shown, user_agent
from tests.servers import Answer, Asked, UpstreamServer

AGENT = user_agent("1.0", "https://site.example/feeds/")


async def _get(server: UpstreamServer, path: str, **options: object) -> Response:
    options.setdefault("allow", (server.authority,))
    async with Client(AGENT) as client:
        return await client.get(server.url(path), **options)  # type: ignore[arg-type]


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "ip",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:7f00:1",
        "::ffff:93.184.216.34",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:5db8:d822::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2606:2800:220:1::1%eth0",
        "localhost",
        "127.1",
        "0x7f000001",
        "2130706433",
        "example.org",
    ],
)
def test_refuses_what_is_not_globally_reachable(ip: str) -> None:
    assert not is_global(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "1.1.1.1",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "2606:2800:220:1::1",
        "2a00:1450::1",
        "64:ff9b::1.1.1.1",
    ],
)
def test_lets_through_what_is(ip: str) -> None:
    assert is_global(ip)


@given(st.ip_addresses(v=4))
def test_translated_forms_are_never_more_reachable_than_the_address_in_them(ip: object) -> None:
    assert is_global(f"64:ff9b::{ip}") == is_global(str(ip))
    assert not is_global(f"::ffff:{ip}")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "http://",
        "http://:80/",
        "http://[::1",
        "http://a:99999/",
        "x",
        "",
        "http://exa mple.org/",
        "http://a%00b/",
        "javascript:alert(1)",
        "http://example.org:0/",
        "data:,x",
    ],
)
def test_takes_only_web_addresses(url: str) -> None:
    with pytest.raises(AddressRefused):
        address(url)


def test_an_address_is_made_fit_for_a_request() -> None:
    found = address("HTTP://user:p%40ss@Exämple.ORG.:8080/päth x?q=ü y#part")
    assert (found.host, found.port, found.userinfo) == ("xn--exmple-cua.org", 8080, "user:p@ss")
    assert found.url == "http://xn--exmple-cua.org:8080/p%C3%A4th%20x?q=%C3%BC%20y"
    assert address("http://１２７.０.０.１/").host == "127.0.0.1"
    assert address("https://[::1]:443/").host_header == "[::1]"


@given(st.text(max_size=60))
def test_no_address_smuggles_anything_into_a_request(text: str) -> None:
    try:
        found = address("http://example.org/" + text)
    except AddressRefused:
        return
    assert found.target.isascii()
    assert not any(c <= " " or c == "\x7f" for c in found.target)


def test_messages_hold_no_secret() -> None:
    assert shown("https://user:secret@example.org/f?token=secret") == "https://example.org/f?…"


def test_credentials_follow_only_to_the_same_site() -> None:
    home = address("http://example.org/")
    assert same_site(home, address("https://example.org/x"))
    for other in ("http://example.org:81/", "http://www.example.org/", "https://example.org:8443/"):
        assert not same_site(home, address(other))
    assert not same_site(address("https://example.org/"), home)


# ------------------------------------------------------------------ where it goes


def test_an_address_that_is_not_global_needs_leave_for_host_and_port() -> None:
    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT) as client:
            server.routes["/"] = Answer(200, b"x")
            for allow in ((), ("127.0.0.1",), ("127.0.0.1:1",), ("localhost:" + str(server.port),)):
                with pytest.raises(AddressRefused, match=r"allow = \["):
                    await client.get(server.url("/"), allow=allow)
            assert server.connections == 0
            assert (await client.get(server.url("/"), allow=(server.authority,))).body == b"x"
            # The connection that leave was given for is kept, but not for those without it.
            with pytest.raises(AddressRefused):
                await client.get(server.url("/"))

    asyncio.run(run())


def test_every_hop_is_checked_and_nothing_is_sent_to_a_refused_one() -> None:
    async def run() -> None:
        async with UpstreamServer() as server, UpstreamServer() as inside, Client(AGENT) as client:
            targets = [
                inside.url("/secret"),
                f"http://localhost:{inside.port}/",
                f"http://2130706433:{inside.port}/",
            ]
            targets += [
                f"http://127.1:{inside.port}/",
                f"//[::ffff:127.0.0.1]:{inside.port}/",
                "file:///etc/passwd",
            ]
            for target in targets:
                server.routes["/"] = Answer(302, b"", {"Location": target})
                with pytest.raises(AddressRefused):
                    await client.get(server.url("/"), allow=(server.authority,))
            assert inside.connections == 0

    asyncio.run(run())


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    """A name is resolved once per connection, so a second answer (DNS rebinding) is never used."""
    answers: list[list[str]] = [["127.0.0.1"], ["127.0.0.2"]]
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT, resolve=resolve) as client:
            server.routes["/"] = Answer(200, b"x")
            name = f"rebind.example:{server.port}"
            assert (await client.get(f"http://{name}/", allow=(name,))).body == b"x"
            assert asked == ["rebind.example"]

    asyncio.run(run())


def test_one_refused_address_among_those_of_a_name_refuses_it() -> None:
    """Nothing is connected to: not even the public address, which comes first."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", "127.0.0.1"]

    async def run() -> None:
        async with UpstreamServer() as inside, Client(AGENT, resolve=resolve) as client:
            with pytest.raises(AddressRefused, match=r"127\.0\.0\.1 is not"):
                await client.get(f"http://multi.example:{inside.port}/")
            assert inside.connections == 0

    asyncio.run(run())


def test_a_name_that_is_allowed_reaches_its_server() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT, resolve=resolve) as client:
            server.routes["/"] = Answer(200, b"x")
            name = f"inside.example:{server.port}"
            await client.get(f"http://{name}/", allow=(name,))
            assert server.log[0].headers["host"] == name

    asyncio.run(run())


def test_names_that_cannot_be_resolved_say_so() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def run() -> None:
        async with Client(AGENT, resolve=resolve) as client:
            with pytest.raises(FetchError, match=r"nowhere\.example cannot be resolved"):
                await client.get("http://nowhere.example/")

    asyncio.run(run())


def test_the_system_resolves_localhost_which_is_refused() -> None:
    async def run() -> None:
        async with Client(AGENT) as client:
            with pytest.raises(AddressRefused):
                await client.get("http://localhost:9/")

    asyncio.run(run())


# ------------------------------------------------------------------ what it carries


def test_headers_are_few_and_nothing_is_remembered() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/"] = Answer(200, b"x", {"Set-Cookie": "id=1; Path=/"})
            async with Client(AGENT) as client:
                for _ in range(2):
                    await client.get(server.url("/"), allow=(server.authority,))
            assert [set(one.headers) for one in server.log] == [{"host", "user-agent", "accept-encoding"}] * 2
            assert server.log[0].headers["user-agent"] == "feedd/1.0 (+https://site.example/feeds/)"
            assert server.connections == 1

    asyncio.run(run())


def test_credentials_never_leave_their_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def run() -> None:
        async with UpstreamServer() as home, UpstreamServer() as other:
            allow = (home.authority, other.authority)
            home.routes["/"] = Answer(302, b"", {"Location": "/next"})
            home.routes["/next"] = Answer(302, b"", {"Location": f"http://u:p@{other.authority}/there"})
            other.routes["/there"] = Answer(302, b"", {"Location": home.url("/end")})
            home.routes["/end"] = Answer(200, b"x")
            async with Client(AGENT) as client:
                found = await client.get(home.url("/"), allow=allow, auth="user:pass")
                await client.get(f"http://me:too@{home.authority}/end", allow=allow)
                await client.get(home.url("/end"), allow=allow, auth="Bearer token")
            basic = "Basic " + base64.b64encode(b"user:pass").decode()
            sent = [one.headers.get("authorization") for one in home.log]
            mine = "Basic " + base64.b64encode(b"me:too").decode()
            assert sent == [basic, basic, basic, mine, "Bearer token"]
            assert "authorization" not in other.log[0].headers
            assert "@" not in found.url
            assert all("@" not in hop.url for hop in found.hops)

    asyncio.run(run())


def test_conditions_go_to_their_own_address_only() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/a"] = Answer(302, b"", {"Location": "/b?n=2"})
            server.routes["/b"] = Answer(304)
            conditions = Conditions(server.url("/b?n=1"), {"If-None-Match": '"é, x"'})
            found = await _get(server, "/a", conditions=conditions)
            assert found.conditional
            assert [one.headers.get("if-none-match") for one in server.log] == [None, '"é, x"']

    asyncio.run(run())


@pytest.mark.parametrize(
    ("status", "kept"), [(307, True), (308, True), (301, False), (302, False), (303, False)]
)
def test_a_post_is_sent_on_only_where_its_method_stays(status: int, kept: bool) -> None:
    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT) as client:
            server.routes["/hub"] = Answer(status, b"", {"Location": "/other"})
            server.routes["/other"] = Answer(202, b"ok")
            found = await client.post(server.url("/hub"), b"a=b", allow=(server.authority,))
            assert found.status == (202 if kept else status)
            assert [one.body for one in server.log] == [b"a=b"] * (1 + kept)
            with pytest.raises(AddressRefused):
                await client.post(server.url("/hub"), b"a=b")

    asyncio.run(run())


def test_only_the_given_proxy_is_used() -> None:
    async def run() -> None:
        async with UpstreamServer() as server, UpstreamServer() as proxy:
            proxy.routes[server.url("/feed")] = Answer(200, b"by proxy")
            found = await _get(server, "/feed", proxy=f"http://pu:pp@{proxy.authority}")
            assert found.body == b"by proxy"
            assert proxy.log[0].headers["host"] == server.authority
            assert "proxy-authorization" in proxy.log[0].headers
            assert server.connections == 0
            with pytest.raises(AddressRefused):
                await _get(server, "/feed", proxy=f"http://{proxy.authority}", allow=())
            with pytest.raises(FetchError, match="a proxy is given as"):
                await _get(server, "/feed", proxy="https://proxy.example")

    asyncio.run(run())


# ------------------------------------------------------------------ TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not there to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = f"{program} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tls.example -keyout key.pem -out cert.pem"
    command += " -addext subjectAltName=DNS:tls.example"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


async def _loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def _server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_tls_is_verified_for_the_name_though_the_address_is_connected_to(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))

    async def run() -> None:
        async with UpstreamServer(context=_server_context(certificate)) as server:
            server.routes["/"] = Answer(200, b"secure")
            async with Client(AGENT, resolve=_loopback, context=trusting) as client:
                for name, right in (("tls.example", True), ("other.example", False)):
                    url, allow = f"https://{name}:{server.port}/", (f"{name}:{server.port}",)
                    if right:
                        assert (await client.get(url, allow=allow)).body == b"secure"
                    else:
                        with pytest.raises(FetchError, match="certificate is not valid"):
                            await client.get(url, allow=allow)
            async with Client(AGENT, resolve=_loopback) as client:
                url = f"https://tls.example:{server.port}/"
                with pytest.raises(FetchError, match="certificate is not valid"):
                    await client.get(url, allow=(f"tls.example:{server.port}",))

    asyncio.run(run())


def test_a_proxy_tunnels_tls_to_the_checked_address(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    tunnels = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        tunnels.append(head.split(b" ")[1].decode())
        host, port = tunnels[-1].split(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    sink.write(data)
            except OSError:
                pass
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async def run() -> None:
        proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
        port = proxy.sockets[0].getsockname()[1]
        async with UpstreamServer(context=_server_context(certificate)) as server:
            server.routes["/"] = Answer(200, b"secure")
            async with Client(AGENT, resolve=_loopback, context=trusting) as client:
                name = f"tls.example:{server.port}"
                found = await client.get(f"https://{name}/", allow=(name,), proxy=f"http://127.0.0.1:{port}")
                assert found.body == b"secure"
                assert tunnels == [server.authority]
        proxy.close()
        await asyncio.sleep(0.05)

    asyncio.run(run())


# ------------------------------------------------------------------ limits


def test_redirects_in_a_circle_or_without_end_are_given_up() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/a"] = Answer(301, b"", {"Location": "/b"})
            server.routes["/b"] = Answer(302, b"", {"Location": "/a"})

            def further(asked: Asked) -> Answer:
                return Answer(302, b"", {"Location": f"/n?{len(server.log)}"})

            server.routes["/n"] = further
            with pytest.raises(FetchError, match="circle"):
                await _get(server, "/a")
            before = len(server.log)
            with pytest.raises(FetchError, match="more than 9 redirects"):
                await _get(server, "/n")
            assert len(server.log) - before == 10
            server.routes["/empty"] = Answer(302)
            with pytest.raises(FetchError, match="without a usable address"):
                await _get(server, "/empty")

    asyncio.run(run())


def test_where_something_moved_for_good_ends_at_the_first_temporary_redirect() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            for path, status, to in (
                ("/a", 301, "/b"),
                ("/b", 308, "/c"),
                ("/c", 302, "/d"),
                ("/d", 301, "/e"),
            ):
                server.routes[path] = Answer(status, b"", {"Location": to})
            server.routes["/e"] = Answer(200, b"x")
            assert (await _get(server, "/a")).moved_to == server.url("/c")
            assert (await _get(server, "/c")).moved_to == ""

    asyncio.run(run())


def test_one_deadline_counts_for_all_of_a_request() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/drip"] = drip
            server.routes["/silent"] = Answer(200, b"", {}, delay=5)
            server.routes["/hops"] = Answer(302, b"", {"Location": "/drip"}, delay=0.2)
            for path in ("/drip", "/silent", "/hops"):
                begun = time.monotonic()
                with pytest.raises(FetchError, match=r"no complete answer within 0\.4 s"):
                    await _get(server, path, deadline=0.4)
                assert time.monotonic() - begun < 0.7

    asyncio.run(run())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "disconnected"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "no proper HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "without sending complete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "conflicting"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc", "bad Content-Length"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
            "more than the limit|no proper",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no proper HTTP answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "without sending complete"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000, "too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nabc", "nobody asked for"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\nabc", "packed 2 times"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 200_000, "larger than 100000 bytes"),
    ],
)
def test_answers_that_are_none_are_errors(raw: bytes, reason: str) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = say
            with pytest.raises(FetchError, match=reason):
                await _get(server, "/", most_bytes=100_000)

    asyncio.run(run())


@given(st.binary(max_size=300))
def test_no_answer_whatever_raises_anything_else(junk: bytes) -> None:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 " + junk)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = say
            with contextlib.suppress(FetchError):
                await _get(server, "/", deadline=1)

    asyncio.run(run())


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    async def last(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

    async def run() -> None:
        async with UpstreamServer() as server:
            server.raw["/"] = last
            async with Client(AGENT) as client:
                for _ in range(3):
                    assert (await client.get(server.url("/"), allow=(server.authority,))).body == b"x"
            assert server.connections == 3

    asyncio.run(run())


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(pack.compress(b"A" * (1 << 20)) for _ in range(512)) + pack.flush()
    tracemalloc.start()
    decoder = Decoder("gzip", 1 << 20)
    with pytest.raises(FetchError, match="larger than 1048576 bytes"):
        decoder.feed(packed)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@given(
    st.binary(max_size=5000),
    st.integers(1, 700),
    st.sampled_from(["gzip", "x-gzip", "zlib", "raw", "", "unsaid"]),
)
def test_every_coding_gives_the_same_bytes_in_any_pieces(body: bytes, size: int, coding: str) -> None:
    raw = zlib.compressobj(6, zlib.DEFLATED, -15)
    wire = {"zlib": zlib.compress(body), "raw": raw.compress(body) + raw.flush(), "": body}.get(
        coding, gzip.compress(body)
    )
    if coding == "" and body[:2] == b"\x1f\x8b":
        return
    said = {"zlib": "deflate", "raw": "deflate", "unsaid": ""}.get(coding, coding)
    decoder = Decoder(said, 6000)
    for start in range(0, len(wire), size):
        decoder.feed(wire[start : start + size])
    assert decoder.finish() == body


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_a_packed_body_that_is_cut_is_refused(body: bytes, data: st.DataObject) -> None:
    wire = gzip.compress(body)
    cut = data.draw(st.integers(2, len(wire) - 9))
    decoder = Decoder("gzip", 6000)
    decoder.feed(wire[:cut])
    with pytest.raises(FetchError, match="cut short"):
        decoder.finish()


def test_gzip_in_several_members_is_one_body() -> None:
    decoder = Decoder("gzip", 6000)
    decoder.feed(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0\0")
    assert decoder.finish() == b"one two"
    decoder = Decoder("gzip", 60000)
    with pytest.raises(FetchError, match="too many pieces"):
        decoder.feed(gzip.compress(b"") * 1500)
