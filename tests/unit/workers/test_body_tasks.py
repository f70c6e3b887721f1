"""Bodies become clean HTML and text, and are compared as a reader sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.models import Item
from feeds.parser.posts.jekyll import FolderSettings, read_site_config
from feeds.protocols import Version
from feeds.storage.payload import Body, pack
from feeds.workers import body_tasks, ingest_tasks
from feeds.workers.task_types import Settings, SourceSettings


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Path:
    parse = FolderSettings("https://a.example/", "UTC", "", read_site_config(""))
    source = SourceSettings("news", 3, tmp_path, parse, (), True, False)
    ingest_tasks.begin(Settings({"news": source}, (), None, 3, 5, ("atom",), "https://a.example/", "en"))
    return tmp_path


def test_bodies_become_clean_html(root: Path) -> None:
    text = "---\ntitle: T\ndate: 2024-01-02\npermalink: /other/\n---\nText\n"
    (root / "other.md").write_text(text)
    bodies = [
        (Body("*x* [o](other.md)", "markdown", "https://a.example/p/"), "news", "a.md"),
        (None, "news", "b.md"),
        (Body("<p onclick='x'>y<script>z</script></p>", "html", ""), "gone", "c.md"),
    ]
    first, second, third = body_tasks.clean_bodies(bodies)
    assert first.strip() == '<p><em>x</em> <a href="https://a.example/other/">o</a></p>'
    assert second == ""
    assert third == "<p>y</p>"


def test_only_what_a_reader_sees_is_a_change() -> None:
    def version(title: str, body: str, document: bytes | None = None) -> Version:
        item = Item("", title, "", "", (), None, None, None, (), (), body, "markdown")
        return Version(
            title,
            ingest_tasks.compress(pack(item, body.encode())) if document is None else document,
            "news",
            "a.md",
        )

    star = version("T", "*x*")
    assert not body_tasks.is_changed(star, version("T", "_x_"))
    assert body_tasks.is_changed(star, version("T", "y"))
    assert body_tasks.is_changed(star, version("U", "*x*"))
    assert not body_tasks.is_changed(star, star._replace(title=" T "))
    assert body_tasks.is_changed(star, version("T", "", b""))
    assert body_tasks.extract_text(star.document, "news", "a.md").strip() == "x"
