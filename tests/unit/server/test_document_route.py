"""Answers for documents: prepared once, dropped when memory runs out, missing folders, ranges, deltas."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.routing import Match

from feeds.config import PrivateFeed, Serve
from feeds.server.auth import Access
from feeds.server.delta import Versions
from feeds.server.document_route import DocumentRoute
from feeds.server.documents import OutputTree
from feeds.server.metrics import Metrics
from feeds.server.resource import Policy
from tests.rigs.serve_rig import Output, document, entry

ATOM = document("atom", [entry(n) for n in range(8)])
PAGE = b"<!DOCTYPE html><title>Page</title>" + b"<p>Text</p>" * 50
DOCUMENTS = {
    "atom.xml": ATOM,
    "feeds.opml": b"<opml/>",
    "index.html": PAGE,
    "tag/x/index.html": PAGE,
    "tag/x/atom.xml": ATOM,
    "archive/1.atom.xml": ATOM,
}


class World:
    def __init__(
        self, folder: Path, settings: Serve | None = None, memory: int = 10**6, **environment: str
    ) -> None:
        self.output, self.metrics = Output(folder), Metrics()
        self.output.publish(DOCUMENTS)
        self.route = DocumentRoute(
            OutputTree(folder),
            Versions(None),
            Access(settings or Serve(), environment),
            Policy(300),
            self.metrics,
            memory=memory,
            prefix="/feeds",
            reserved=["/open", "/hub/"],
        )

    def ask(self, path: str, headers: Mapping[bytes, bytes] | None = None, method: str = "GET") -> Response:
        async def run() -> Response:
            found = self.route._answer(path, method, {b"host": b"x", **(headers or {})})
            return found if isinstance(found, Response) else await found

        return asyncio.run(run())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.route.close()


def test_reserved_paths_belong_to_other_routes(world: World) -> None:
    for path, match in (
        ("/open", Match.NONE),
        ("/open/x", Match.FULL),
        ("/hub/x", Match.NONE),
        ("/hub", Match.FULL),
        ("", Match.FULL),
    ):
        assert world.route.matches({"path": path})[0] is match


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, PAGE),
        ("/tag/x/", 200, PAGE),
        ("/atom.xml", 200, ATOM),
        ("/.well-known/feeds", 200, DOCUMENTS["feeds.opml"]),
        ("/tag", 404, None),
        ("/missing.xml", 404, None),
        ("/missing/", 404, None),
        ("/.feedd", 404, None),
        ("", 400, None),
    ],
)
def test_the_document_of_a_path(world: World, path: str, status: int, body: bytes | None) -> None:
    answer = world.ask(path)
    assert answer.status_code == status
    assert body is None or answer.body == body


def test_a_folder_without_its_slash_is_redirected(world: World) -> None:
    answer = world.ask("/tag/x")
    assert (answer.status_code, answer.headers["location"]) == (301, "/feeds/tag/x/")


def test_methods(world: World) -> None:
    assert world.ask("/atom.xml", method="HEAD").status_code == 200
    assert world.ask("/atom.xml", method="OPTIONS").status_code == 204
    refused = world.ask("/atom.xml", method="POST")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_codings_are_made_once(world: World) -> None:
    for _ in range(2):
        packed = world.ask("/atom.xml", {b"accept-encoding": b"gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == ATOM
        assert (world.metrics.documents_loaded, world.metrics.variants_made) == (1, 1)
    assert world.ask("/atom.xml", {b"accept-encoding": b"identity;q=0, x"}).status_code == 406


def test_conditions(world: World) -> None:
    tag = world.ask("/atom.xml").headers["etag"].encode()
    assert world.ask("/atom.xml", {b"if-none-match": tag}).status_code == 304
    assert world.ask("/atom.xml", {b"if-none-match": b'"x"'}).status_code == 200
    assert world.ask("/atom.xml", {b"if-match": b'"x"'}).status_code == 412


def test_ranges_of_a_get(world: World) -> None:
    size = len(ATOM)
    part = world.ask("/atom.xml", {b"range": b"bytes=2-5"})
    assert (part.status_code, bytes(part.body)) == (206, ATOM[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{size}"
    past = world.ask("/atom.xml", {b"range": b"bytes=%d-" % size})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{size}")
    assert world.ask("/atom.xml", {b"range": b"bytes=2-5"}, "HEAD").status_code == 200
    assert world.ask("/atom.xml", {b"range": b"lines=1-2"}).status_code == 200


def test_a_changed_document_is_read_again_and_its_delta_made(world: World) -> None:
    old = world.ask("/atom.xml").headers["etag"].encode()
    newer = document("atom", [entry(n) for n in range(9)])
    world.output.publish({"atom.xml": newer})
    assert world.ask("/atom.xml").body == newer
    wants = {b"if-none-match": old, b"a-im": b"feed"}
    delta = world.ask("/atom.xml", wants)
    assert (delta.status_code, delta.headers["im"]) == (226, "feed")
    assert b"Post 8" in delta.body
    assert b"Post 3" not in delta.body
    assert world.ask("/atom.xml", {**wants, b"range": b"bytes=0-1"}).status_code == 206
    archive = world.ask("/archive/1.atom.xml").headers["etag"].encode()
    world.output.publish({"archive/1.atom.xml": newer})
    assert world.ask("/archive/1.atom.xml", {b"if-none-match": archive, b"a-im": b"feed"}).status_code == 200


def test_removed_and_foreign_files_are_missing(world: World) -> None:
    assert world.ask("/atom.xml").status_code == 200
    (world.output.folder / "atom.xml").unlink()
    assert world.ask("/atom.xml").status_code == 404
    assert world.route._ready == {}
    assert world.metrics.cache_bytes == 0
    (world.output.folder / "atom.xml").write_bytes(b"<feed>foreign</feed>")
    assert world.ask("/atom.xml").status_code == 404


def test_memory_is_bounded_by_what_was_not_asked_for_longest(tmp_path: Path) -> None:
    size = len(ATOM) + 4096
    world = World(tmp_path, memory=2 * size + len(PAGE))
    for path in ("/atom.xml", "/tag/x/atom.xml", "/atom.xml", "/archive/1.atom.xml"):
        world.ask(path)
    assert list(world.route._ready) == ["atom.xml", "archive/1.atom.xml"]
    assert world.metrics.cache_bytes == 2 * size
    world.route.close()


def test_private_feeds_need_a_password_and_are_not_cached(tmp_path: Path) -> None:
    private = (PrivateFeed("tag/x", auth="env:LOGIN"),)
    world = World(tmp_path, Serve(private=private), LOGIN="a:b")
    assert world.ask("/atom.xml").headers["cache-control"] == "public, max-age=300"
    refused = world.ask("/tag/x/atom.xml")
    assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
    login = {b"authorization": b"Basic YTpi"}
    assert world.ask("/tag/x/atom.xml", login).headers["cache-control"] == "no-store"
    world.route.close()


def test_a_file_that_cannot_be_read_is_a_500(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from feeds.errors import OutputError

    def fail(path: str) -> None:
        raise OutputError("disk")

    monkeypatch.setattr(world.route._tree, "load", fail)
    assert world.ask("/atom.xml").status_code == 500
