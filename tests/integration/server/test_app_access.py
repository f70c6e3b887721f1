"""Private feeds: by password, by secret address, or the whole server."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from feeds.config import PrivateFeed, Serve
from feeds.errors import ConfigError
from feeds.server.app import Endpoint
from feeds.server.auth import Access
from feeds.server.responses import respond
from tests.rigs.serve_rig import Output, document, entry, serving

ATOM = document("atom", [entry(n) for n in range(3)])
SECRET = "0123456789abcdef"


def basic(login: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name, value in {
        "LOGIN": "ann:pass:wörd",
        "OTHER": "bob:x",
        "SECRET": SECRET,
        "TOKEN": "t0ken",
        "BAD": "ann",
    }.items():
        monkeypatch.setenv(name, value)


def test_private_feeds(tmp_path: Path):
    paths = [
        "atom.xml",
        "category/in/atom.xml",
        "category/in/index.html",
        "category/inside/atom.xml",
        "tag/hid/atom.xml",
    ]
    Output(tmp_path).publish(dict.fromkeys(paths, ATOM))
    private = (
        PrivateFeed("category/in", auth="env:LOGIN"),
        PrivateFeed("tag/hid", secret="env:SECRET"),
    )
    with serving(
        tmp_path, Serve(listen="127.0.0.1:0", private=private), hubs=["https://hub.example/"]
    ) as client:
        assert client.ask("/atom.xml").headers["cache-control"] == "public, max-age=300"
        assert client.ask("/category/inside/atom.xml").status == 200
        refused = client.ask("/category/in/atom.xml")
        assert refused.status == 401
        assert refused.headers["www-authenticate"].startswith("Basic realm=")
        assert ATOM[:40] not in refused.body
        for path in ("/category/in", "/category/in/", "/category/in/none"):
            assert client.ask(path).status == 401
        for wrong in ("ann:pass", "ann:", "bob:x", ""):
            assert client.ask("/category/in/atom.xml", basic(wrong)).status == 401
        for odd in ("Basic", "Basic !!!", "Bearer x", "Basic \xff"):
            assert client.ask("/category/in/atom.xml", {"Authorization": odd}).status == 401
        given = client.ask("/category/in/atom.xml", basic("ann:pass:wörd"))
        assert given.body == ATOM
        assert given.headers["cache-control"] == "no-store"
        assert "link" not in given.headers
        assert "link" in client.ask("/atom.xml").headers
        again = client.ask(
            "/category/in/atom.xml", {**basic("ann:pass:wörd"), "If-None-Match": given.headers["etag"]}
        )
        assert (again.status, again.headers["cache-control"]) == (304, "no-store")

        assert client.ask("/tag/hid/atom.xml").status == 404
        assert client.ask("/tag/hid/atom.xml", basic("ann:pass:wörd")).status == 404
        assert client.ask("/private/wrong/atom.xml").status == 404
        assert client.ask("/private/").status == 404
        hidden = client.ask(f"/private/{SECRET}/atom.xml")
        assert hidden.body == ATOM
        assert hidden.headers["cache-control"] == "no-store"
        assert client.ask(f"/private/{SECRET}/../../atom.xml").status == 404


def test_a_private_server(tmp_path: Path):
    async def page(request: Request) -> Response:
        return respond(200, "page")

    Output(tmp_path).publish({"atom.xml": ATOM, "feeds.opml": b"<opml/>", "category/in/atom.xml": ATOM})
    settings = Serve(
        listen="127.0.0.1:0",
        auth="env:LOGIN",
        token="env:TOKEN",
        private=(PrivateFeed("category/in", auth="env:OTHER"),),
    )
    endpoints = (Endpoint("/page", page), Endpoint("/hub", page, open=True))
    with serving(tmp_path, settings, hubs=["https://hub.example/"], endpoints=endpoints) as client:
        for path in ("/atom.xml", "/", "/none", "/.well-known/feeds", "/page", "/category/in/atom.xml"):
            assert client.ask(path).status == 401
        assert client.ask("/hub").status == 200
        assert client.ask("/healthz").status == 200
        reply = client.ask("/atom.xml", basic("ann:pass:wörd"))
        assert reply.headers["cache-control"] == "no-store"
        assert "link" not in reply.headers
        assert client.ask("/page", basic("ann:pass:wörd")).status == 200
        assert client.ask("/category/in/atom.xml", basic("bob:x")).status == 200
        assert client.ask("/atom.xml", basic("bob:x")).status == 401
        assert client.ask("/metrics").status == 401
        assert client.ask("/metrics", {"Authorization": "Bearer wrong"}).status == 401
        assert client.ask("/metrics", {"Authorization": "bearer t0ken"}).status == 200
        assert "Basic" in client.ask("/metrics").headers["www-authenticate"], "a browser asks for the token"
        assert client.ask("/metrics", basic("anybody:t0ken")).status == 200
        for wrong in (basic("t0ken:"), basic("t0ken"), {"Authorization": "Digest t0ken"}):
            assert client.ask("/metrics", wrong).status == 401


def test_mistakes_are_named_all_at_once_and_no_secret_is():
    settings = Serve(
        auth="ann:opensesame",
        token="env:MISSING",
        private=(PrivateFeed("a"), PrivateFeed("/", auth="env:BAD"), PrivateFeed("b", secret="env:TOKEN")),
    )
    with pytest.raises(ConfigError) as caught:
        Access(settings)
    assert len(caught.value.mistakes) == 6
    for secret in ("opensesame", "t0ken"):
        assert secret not in str(caught.value)
    assert "MISSING" in str(caught.value)
