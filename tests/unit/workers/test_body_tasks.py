"""Stored bodies become clean HTML and text, and only what a reader sees makes two versions differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.models import Item
from feeds.parser.posts.jekyll import FolderSettings, read_site_config
from feeds.protocols import Version
from feeds.storage.packing import Body, pack
from feeds.workers import body_tasks, ingest_tasks
from feeds.workers.task_types import Settings, SourceSettings


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Path:
    parse = FolderSettings("https://a.example/", "UTC", "", read_site_config(""))
    source = SourceSettings("news", 3, tmp_path, parse, (), True, False)
    ingest_tasks.begin(Settings({"news": source}, (), None, 3, 5, ("atom",), "https://a.example/", "en"))
    (tmp_path / "other.md").write_text("---\ntitle: O\ndate: 2024-01-02\npermalink: /other/\n---\nText\n")
    return tmp_path


def test_a_document_without_a_header_is_parsed_again() -> None:
    plain = ingest_tasks.compress(b"---\ntitle: T\ndate: 2024-01-02\n---\nOld text\n")
    body = body_tasks.decompress_body("news", "a.md", plain)
    assert body is not None
    assert (body.text.strip(), body.markup) == ("Old text", "markdown")
    hidden = ingest_tasks.compress(b"---\npublished: false\n---\nOld text\n")
    assert body_tasks.decompress_body("news", "a.md", hidden) is None
    item = Item("", "T", "", "", (), None, None, None, (), (), "x", "html", "Sum")
    packed = ingest_tasks.compress(pack(item, b"x"))
    assert body_tasks.decompress_body("news", "a.md", packed) == Body("x", "html", "", "Sum")


def test_bodies_become_clean_html(root: Path) -> None:
    bodies = [
        (Body("*x* [o](other.md)", "markdown", "https://a.example/p/"), "news", "a.md"),
        (None, "news", "b.md"),
        (Body("<p onclick='x'>y<script>z</script></p>", "html", ""), "gone", "c.md"),
    ]
    first, second, third = body_tasks.clean_bodies(bodies)
    assert first.strip() == '<p><em>x</em> <a href="https://a.example/other/">o</a></p>'
    assert second == ""
    assert third == "<p>y</p>"


def test_only_what_a_reader_sees_is_a_change(root: Path) -> None:
    def version(title: str, body: str, document: bytes | None = None) -> Version:
        item = Item("", title, "", "", (), None, None, None, (), (), body, "markdown")
        return Version(
            title,
            ingest_tasks.compress(pack(item, body.encode())) if document is None else document,
            "news",
            "a.md",
        )

    one = version("T", "*x*")
    assert not body_tasks.is_changed(one, version("T", "_x_"))
    assert body_tasks.is_changed(one, version("T", "y"))
    assert body_tasks.is_changed(one, version("U", "*x*"))
    assert not body_tasks.is_changed(one, one._replace(title=" T "))
    assert body_tasks.is_changed(one, version("T", "", b""))
    assert body_tasks.extract_text(one.document, "news", "a.md").strip() == "x"


def test_text_of_files_that_looks_like_an_element_is_kept() -> None:
    body = Body("<p>a <Foo> b</p>", "html", "")
    assert "&lt;Foo&gt;" in body_tasks.clean_body(body, "news", "a.md")
    assert "Foo" not in body_tasks.clean_body(body, "up", "a.md")


def test_former_keys_are_those_of_the_last_line_or_the_text() -> None:
    def derive(text: str) -> str:
        item = Item("", "T", "", "", (), None, None, None, (), (), text, "markdown")
        document = ingest_tasks.compress(pack(item, text.encode()))
        return body_tasks.derive_former_keys([("T", document, "news", "a.md")])[0]

    assert derive("Text.\n\n<http://e.example/b>") == "url:https://e.example/b"
    assert derive("Text.\n\n<http://e.example/>").startswith("text:")
    assert derive("Text.") == derive("  Text.") != derive("Other text.")
    damaged = ingest_tasks.compress(b"\xff\x00")
    assert body_tasks.derive_former_keys([("T", damaged, "news", "a.md")]) == [""]
