"""The examples for nginx and Caddy give the header fields of feedd's own server, and ask for the password as it does."""

from __future__ import annotations

import base64
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from feeds.config import load_config
from tests.conftest import ROOT
from tests.rigs.serve_rig import Client, drain, serving
from tests.rigs.web_servers import PASSWORD, SERVERS, USER, example_config

FIELDS = (
    "content-type",
    "content-encoding",
    "cache-control",
    "x-content-type-options",
    "referrer-policy",
    "content-security-policy",
    "location",
)
CODINGS = {"nginx": ("identity", "gzip"), "caddy": ("identity", "gzip", "br", "zstd")}
MOVED = {"nginx": 301, "caddy": 308}
PRIVATE = "/category/inside/"
LOGIN = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}


class Site(NamedTuple):
    """The same documents from feedd and from another server."""

    name: str
    output: Path
    feedd: Client
    other: Client
    documents: list[str]

    @property
    def private(self) -> list[str]:
        return [path for path in self.documents if path.startswith(PRIVATE)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    config = example_config(folder)
    config.write_text(
        config.read_text("utf-8").replace(
            "[output]", '[output]\nentries = 2\narchive = ["atom", "rss", "json"]'
        )
    )
    (folder / "posts").mkdir()
    for number in range(1, 8):
        for category, tag in (("news", "茶叶"), ("inside", "plans")):
            head = (
                f"title: {category} {number}\ndate: 2024-01-0{number}\ncategories: {category}\ntags: {tag}\n"
            )
            text = f"---\n{head}---\n{'<p>Words</p>' * 90}\n"
            (folder / "posts" / f"2024-01-0{number}-{category}.md").write_text(text, "utf-8")
    command = [sys.executable, "-m", "feeds", "build", "-c", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module", params=SERVERS)
def site(
    request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    name = request.param
    listed = re.findall(
        r"^[0-9a-f]{64}  (.+)$", (built / "output" / ".feedd").read_text("utf-8"), re.MULTILINE
    )
    documents = [f"/{path}" for path in listed if not path.endswith((".gz", ".br", ".zst"))]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FEEDD_READER", f"{USER}:{PASSWORD}")
        config = load_config(built / "feedd.toml")
        assert config.serve
        settings = config.serve.change(public=config.site.url)
        with (
            serving(built / "output", settings) as feedd,
            SERVERS[name](built / "output", tmp_path_factory.mktemp(name)) as other,
        ):
            yield Site(name, built / "output", feedd, other, documents)


def kinds(paths: list[str]) -> set[str]:
    return {
        ("archive/" if "/archive/" in path else "")
        + path.rpartition("/")[2].split(".", path.count("/archive/"))[-1]
        for path in paths
    }


def test_the_tree_has_every_kind_of_document(site: Site) -> None:
    wanted = {"atom.xml", "rss.xml", "feed.json", "index.html"}
    wanted |= {f"archive/{form}" for form in ("atom.xml", "rss.xml", "json")}
    assert wanted <= kinds(site.private)
    assert wanted | {"feeds.opml"} <= kinds([path for path in site.documents if path not in site.private])
    for path in [*site.private, "/index.html", "/feeds.opml", "/atom.xml"]:
        assert (site.output / f"{path[1:]}.gz").exists(), path


def test_the_server_says_what_feedd_says(site: Site) -> None:
    extra = ["/", "/tag/chaye/", "/tag/chaye", "/.well-known/feeds", PRIVATE, PRIVATE[:-1]]
    for path in [*site.documents, *extra]:
        for coding in CODINGS[site.name]:
            asked = {"Accept-Encoding": coding, **LOGIN}
            ours, theirs = site.feedd.ask(path, asked), site.other.ask(path, asked)
            if ours.status == 301:
                assert theirs.status == MOVED[site.name]
                assert theirs.headers["location"] == ours.headers["location"]
                continue
            assert theirs.status == ours.status == 200, path
            assert {f: theirs.headers.get(f) for f in FIELDS} == {f: ours.headers.get(f) for f in FIELDS}, (
                path
            )
            assert theirs.body == ours.body
            assert "Accept-Encoding" in theirs.headers["vary"]
            again = site.other.ask(path, {**asked, "If-None-Match": theirs.headers["etag"]})
            assert (again.status, again.headers["cache-control"]) == (304, ours.headers["cache-control"])


def test_each_coding_has_a_validator_of_its_own(site: Site) -> None:
    for path in ("/atom.xml", "/index.html", PRIVATE + "atom.xml"):
        tags = {
            site.other.ask(path, {"Accept-Encoding": one, **LOGIN}).headers["etag"]
            for one in CODINGS[site.name]
        }
        assert len(tags) == len(CODINGS[site.name])


def test_what_is_no_document_is_refused(site: Site) -> None:
    for path in (
        "/.feedd",
        "/none",
        "/category/",
        "/%2e%2e/state/feedd.db",
        "/tag/chaye/.x",
        "/tag/.x/atom.xml",
    ):
        assert site.feedd.ask(path).status == 404
        refused = site.other.ask(path)
        assert refused.status in (400, 404), path
        assert refused.headers.get("cache-control", "no-store") == "no-store"
    posted = site.other.ask("/atom.xml", method="POST")
    assert posted.status == site.feedd.ask("/atom.xml", method="POST").status == 405
    assert posted.headers.get("cache-control", "no-store") == "no-store"


def test_a_private_feed_needs_its_password_for_every_kind_of_document(site: Site) -> None:
    beside = [f"{path}{end}" for path in site.private for end in (".gz", ".br", ".zst")]
    beside = [path for path in beside if (site.output / path[1:]).exists()]
    assert len(beside) >= 3 * len(site.private) - 3
    for path in [
        *site.private,
        *beside,
        PRIVATE,
        PRIVATE[:-1],
        PRIVATE + "none",
        PRIVATE + "archive/none.atom.xml",
    ]:
        for coding in CODINGS[site.name]:
            for login in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer x"}):
                for extra in ({}, {"If-None-Match": "*"}, {"Range": "bytes=0-9"}):
                    for method in ("GET", "HEAD"):
                        asked = {"Accept-Encoding": coding, **login, **extra}
                        refused = site.other.ask(path, asked, method)
                        assert refused.status == 401, (path, asked)
                        assert refused.headers["www-authenticate"].startswith('Basic realm="feeds"')
                        assert "public" not in refused.headers.get("cache-control", "")
                        assert b"Words" not in refused.body
    assert site.feedd.ask(PRIVATE + "atom.xml").status == 401
    for path in [*site.private, *beside]:
        given = site.other.ask(path, LOGIN)
        assert (given.status, given.headers["cache-control"]) == (200, "no-store"), path
        assert given.body == (site.output / path[1:]).read_bytes()


@pytest.mark.parametrize(
    "target",
    [
        "//category/inside/atom.xml",
        "/category//inside/atom.xml",
        "/category/inside//atom.xml",
        "/category/./inside/atom.xml",
        "/tag/../category/inside/atom.xml",
        "/category/%69nside/atom.xml",
        "/%63ategory%2Finside/atom.xml",
        "/category/inside%2fatom.xml",
        "/CATEGORY/Inside/atom.xml",
        "/category/inside/atom.xml?x=/atom.xml",
        "/category/inside/atom.xml/",
        "/category/inside;x/atom.xml",
        "/category/inside/%2e/atom.xml",
        "http://127.0.0.1/category/inside/atom.xml",
    ],
)
def test_no_spelling_of_its_address_leads_around_the_password(site: Site, target: str) -> None:
    end = f"Host: 127.0.0.1:{site.other.port}\r\nConnection: close\r\n"
    for extra in ("", "Accept-Encoding: gzip\r\n"):
        found = send(site.other.port, f"GET {target} HTTP/1.1\r\n{end}{extra}\r\n")
        assert b"inside 7" not in found
        assert not found.startswith(b"HTTP/1.1 2")
        given = send(
            site.other.port,
            f"GET {target} HTTP/1.1\r\n{end}{extra}Authorization: {LOGIN['Authorization']}\r\n\r\n",
        )
        assert b"public" not in given or not given.startswith(b"HTTP/1.1 2")


def send(port: int, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(request.encode())
        return drain(connection)
