"""Only the newer entries (RFC 3229): what comes is a valid feed, and what is not known is whole."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.output.validator import check_document
from feeds.server.delta import REMEMBERED, Versions, split
from feeds.server.documents import OutputTree
from tests.rigs.serve_rig import Client, Output, Reply, document, entry, serving

NAMES = {"atom": "atom.xml", "rss": "rss.xml", "json": "feed.json"}


def ids(form: str, data: bytes) -> list[str]:
    if form == "json":
        return [item["id"] for item in json.loads(data)["items"]]
    found = feedparser.parse(io.BytesIO(data))
    assert not found.bozo
    return [one["id"] for one in found.entries]


def delta(client: Client, path: str, tag: str, **fields: str) -> Reply:
    return client.ask(path, {"A-IM": "feed", "If-None-Match": tag, **fields})


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_an_old_tag_gets_only_what_is_newer(tmp_path: Path, form):
    output, path = Output(tmp_path), NAMES[form]
    old, new = ([entry(n) for n in reversed(range(first, first + 6))] for first in (0, 2))
    new[3] = entry(4, "<p>corrected</p>")
    output.publish({path: document(form, old)})
    with serving(tmp_path) as client:
        before = client.ask(f"/{path}")
        output.publish({path: document(form, new)})
        whole = client.ask(f"/{path}")
        reply = delta(client, f"/{path}", before.headers["etag"])
        assert reply.status == 226
        assert reply.headers["im"] == "feed"
        assert reply.headers["etag"] == whole.headers["etag"]
        assert reply.headers["delta-base"] == before.headers["etag"]
        assert reply.headers["content-type"] == whole.headers["content-type"]
        assert "A-IM" in reply.headers["vary"]
        assert "no-store" in reply.headers["cache-control"]
        assert ids(form, reply.body) == ["urn:x:7", "urn:x:6", "urn:x:4"]
        assert reply.body.startswith(whole.body[:200])
        assert check_document(reply.body) == []
        assert delta(client, f"/{path}", reply.headers["etag"]).status == 304
        packed = delta(client, f"/{path}", before.headers["etag"], **{"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.body) == reply.body
        assert packed.headers["etag"] != reply.headers["etag"]


def test_conditions_of_a_delta(tmp_path: Path):
    output = Output(tmp_path)
    output.publish({"atom.xml": document("atom", [entry(1)]), "all.xml": document("atom", [entry(1)])})
    with serving(tmp_path) as client:
        first, other = (client.ask(f"/{name}.xml").headers["etag"] for name in ("atom", "all"))
        packed = client.ask("/atom.xml", {"Accept-Encoding": "gzip"}).headers["etag"]
        output.publish(
            {"atom.xml": document("atom", [entry(1), entry(2)]), "all.xml": document("atom", [entry(2)])}
        )
        assert client.ask("/atom.xml", {"If-None-Match": first}).status == 200, "not asked for"
        for field in ("feed;q=0", "vcdiff", "feeds", ""):
            reply = client.ask("/atom.xml", {"A-IM": field, "If-None-Match": first})
            assert reply.status == 200, field
        for field in ("feed", "vcdiff, FEED;q=0.5"):
            assert client.ask("/atom.xml", {"A-IM": field, "If-None-Match": first}).status == 226
        assert delta(client, "/atom.xml", f'"x", {first}').status == 226
        assert delta(client, "/atom.xml", f"W/{first}").status == 226
        assert delta(client, "/atom.xml", packed).status == 226, "the tag of a coding names the version too"
        assert delta(client, "/atom.xml", '"x"').status == 200
        assert delta(client, "/all.xml", other).status == 200, "everything is newer: that is the whole"
        head = client.ask("/atom.xml", {"A-IM": "feed", "If-None-Match": first}, "HEAD")
        assert (head.status, head.body) == (226, b"")


def test_twenty_versions_are_remembered_and_survive_a_restart(tmp_path: Path):
    output, state = Output(tmp_path / "tree"), tmp_path / "state" / "serve.db"
    tags = []
    for number in range(REMEMBERED + 2):
        output.publish({"atom.xml": document("atom", [entry(0), entry(number + 1)])})
        if number % 8 == 0:
            running = serving(tmp_path / "tree", versions=state)
            client = running.__enter__()
        tags.append(client.ask("/atom.xml").headers["etag"])
        if number % 8 == 7 or number == REMEMBERED + 1:
            running.__exit__(None, None, None)
    with serving(tmp_path / "tree", versions=state) as client:
        statuses = [delta(client, "/atom.xml", tag).status for tag in tags]
    assert statuses == [200] * 2 + [226] * (REMEMBERED - 1) + [304]


def test_a_version_that_comes_back_is_the_latest(tmp_path: Path):
    output = Output(tmp_path)
    versions = Versions(None)
    known = {}
    for numbers in ([1], [1, 2], [1]):
        output.publish({"atom.xml": document("atom", [entry(n) for n in numbers])})
        found = OutputTree(tmp_path).load("atom.xml")
        assert found
        known = versions.record(found)
    assert list(known)[-1] == found.digest
    assert len(known) == 2
    versions.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b""])
def test_a_damaged_memory_is_begun_again(tmp_path: Path, damage):
    state = tmp_path / "serve.db"
    state.write_bytes(damage)
    Output(tmp_path / "tree").publish({"atom.xml": document("atom", [entry(1)])})
    for status in (200, 304):
        with serving(tmp_path / "tree", versions=state) as client:
            tag = client.ask("/atom.xml").headers["etag"] if status == 304 else '"x"'
            assert delta(client, "/atom.xml", tag).status == status


def test_a_memory_that_cannot_be_kept_is_no_reason_not_to_serve(tmp_path: Path):
    (tmp_path / "file").write_text("")
    Output(tmp_path / "tree").publish({"atom.xml": document("atom", [entry(1)])})
    with serving(tmp_path / "tree", versions=tmp_path / "file" / "serve.db") as client:
        assert client.ask("/atom.xml").status == 200
    shutil.rmtree(tmp_path / "tree")


numbers = st.lists(st.integers(0, 59), max_size=8, unique=True)


@given(old=numbers, new=numbers, form=st.sampled_from(["atom", "rss", "json"]))
def test_old_entries_and_delta_together_hold_the_new_document(old, new, form):
    before = split(document(form, [entry(n) for n in old]), form)
    data = document(form, [entry(n) for n in new])
    after = split(data, form)
    assert before
    assert after
    assert after.head + after.separator.join(after.entries) + after.tail == data
    part = after.select_newer(frozenset(before.compute_keys()))
    if part is None:
        assert not new or not set(old) & set(new)
    else:
        assert ids(form, part) == [f"urn:x:{n}" for n in new if n not in old]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"items":3}', b"[" * 100_000, b"\xff", b'{"items":[]}'])
def test_what_is_no_feed_is_not_taken_apart(data):
    parts = split(data, "json")
    assert parts is None or parts.entries == ()
    assert split(data, "atom") is None or not split(data, "atom").entries
