"""Outgoing HTTP: where it may go and what it carries along."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from feeds.errors import AddressRefused, FetchError
from feeds.http import Client, Conditions, Response
from feeds.http.address import build_user_agent
from tests.conftest import ROOT, Project
from tests.rigs.servers import Answer, Asked, UpstreamServer

AGENT = build_user_agent("1.0", "https://site.example/feeds/")


async def _get(server: UpstreamServer, path: str, **options: object) -> Response:
    options.setdefault("allow", (server.authority,))
    async with Client(AGENT) as client:
        return await client.get(server.url(path), **options)  # type: ignore[arg-type]


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
            with pytest.raises(AddressRefused, match=r"private address 127\.0\.0\.1"):
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


def test_headers_are_few_and_no_cookie_is_kept() -> None:
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


# ------------------------------------------------------------------ cookies


def test_cookies_live_for_the_hops_of_one_fetch() -> None:
    """A page that sends whoever comes without its cookie round once more is read, and remembers nobody."""

    def gate(asked: Asked) -> Answer:
        if "seen=1" in asked.headers.get("cookie", ""):
            return Answer(302, b"", {"Location": "/feed"})
        return Answer(302, b"", {"Location": "/gate?again", "Set-Cookie": "seen=1; Path=/; HttpOnly"})

    async def run() -> None:
        async with UpstreamServer() as server, Client(AGENT) as client:
            server.routes["/gate"] = gate
            server.routes["/feed"] = Answer(200, b"x", {"Set-Cookie": "track=me; Path=/"})
            for _ in range(2):
                assert (await client.get(server.url("/gate"), allow=(server.authority,))).body == b"x"
            await client.get(server.url("/feed"), allow=(server.authority,))
            cookies = [one.headers.get("cookie") for one in server.log]
            assert cookies == [None, "seen=1", "seen=1"] * 2 + [None]

    asyncio.run(run())


def test_an_address_that_waits_for_a_cookie_is_no_circle() -> None:
    def answer(asked: Asked) -> Answer:
        if "checked=1" in asked.headers.get("cookie", ""):
            return Answer(200, b"read")
        return Answer(302, b"", {"Location": "/check"})

    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/feed"] = answer
            server.routes["/check"] = Answer(
                302, b"", {"Location": "/feed", "Set-Cookie": "checked=1; Path=/"}
            )
            async with Client(AGENT) as client:
                response = await client.get(server.url("/feed"), allow=(server.authority,))
                assert response.body == b"read"
                # The same cookie again changes nothing.
                server.routes["/feed"] = Answer(302, b"", {"Location": "/check"})
                with pytest.raises(FetchError, match="circle"):
                    await client.get(server.url("/feed"), allow=(server.authority,))

    asyncio.run(run())


@pytest.mark.parametrize(
    "domain", ["", "; Domain=shared.example", "; Domain=.shared.example", "; Domain=example"]
)
def test_cookies_never_go_to_another_host(domain: str) -> None:
    async def run() -> None:
        async with UpstreamServer() as one, UpstreamServer() as other:
            here, there = f"a.shared.example:{one.port}", f"b.shared.example:{other.port}"
            one.routes["/"] = Answer(
                302, b"", {"Location": f"http://{there}/", "Set-Cookie": "k=v; Path=/" + domain}
            )
            other.routes["/"] = Answer(302, b"", {"Location": f"http://{here}/end"})
            one.routes["/end"] = Answer(200, b"x")
            async with Client(AGENT, resolve=_loopback) as client:
                assert (await client.get(f"http://{here}/", allow=(here, there))).body == b"x"
            assert "cookie" not in other.log[0].headers
            assert one.log[1].headers.get("cookie") == (None if domain == "; Domain=example" else "k=v")

    asyncio.run(run())


@pytest.mark.parametrize(
    "value",
    [
        "a=\x01b; Path=/",
        "=; Path=/",
        ";" * 9000,
        "a=" + "b" * 20_000,
        "a=b; expires=" + "1 " * 4000,
        "é=ü",
        "a=b; Secure",
        "a=b; Max-Age",
    ],
)
def test_an_odd_cookie_stops_no_fetch(value: str) -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/"] = Answer(302, b"", {"Location": "/next", "Set-Cookie": value})
            server.routes["/next"] = Answer(200, b"x")
            assert (await _get(server, "/", deadline=5)).body == b"x"

    asyncio.run(run())


# ------------------------------------------------------------------ what it loads and logs


def test_a_run_that_asks_nobody_does_not_load_the_client(project: Project) -> None:
    project.post("2024-01-01-a.md")
    assert project.run("build").returncode == 0
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "feeds",
        "build",
        "--offline",
        "-c",
        str(project.config),
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0
    assert "feeds.pipeline" in done.stderr
    assert not re.search(r"\| +(httpx|httpcore|h11|anyio|feeds\.http)\b", done.stderr)


def test_no_log_holds_what_an_address_or_a_header_hides(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/feed"] = Answer(200, b"x")
            await _get(server, "/feed?token=hush", auth="Bearer hush")

    asyncio.run(run())
    assert "hush" not in caplog.text


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


# ------------------------------------------------------------------ what cannot be sent


def test_a_validator_that_would_break_its_line_is_not_sent_back() -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            server.routes["/"] = Answer(200, b"x")
            conditions = Conditions(
                server.url("/"), {"If-None-Match": '"a\r\nX: y"', "If-Modified-Since": "b"}
            )
            assert (await _get(server, "/", conditions=conditions)).body == b"x"
            assert "x" not in server.log[0].headers
            assert "if-none-match" not in server.log[0].headers
            assert server.log[0].headers["if-modified-since"] == "b"

    asyncio.run(run())


@pytest.mark.parametrize("auth", ["Bearer a\r\nX: y", "Bearer a\0b", "Bearer €"])
def test_credentials_that_cannot_be_sent_are_an_error(auth: str) -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            with pytest.raises(FetchError, match="header Authorization has a character"):
                await _get(server, "/", auth=auth)
            assert server.connections == 0

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX: y", "/a\x00", "/é?ü=\n"])
def test_no_address_breaks_the_line_of_a_request(path: str) -> None:
    async def run() -> None:
        async with UpstreamServer() as server:
            with contextlib.suppress(FetchError):
                await _get(server, path)
            assert all("x" not in one.headers and " " not in one.target for one in server.log)

    asyncio.run(run())
