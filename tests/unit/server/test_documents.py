"""Documents of the output tree: only files that feedd wrote are served."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from feeds.errors import OutputError
from feeds.output.tree import JOURNAL, MANIFEST
from feeds.server.documents import OutputTree, detect_media_type, is_safe


def write(folder: Path, path: str, data: bytes, listed: str = MANIFEST) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)
    (folder / listed).parent.mkdir(parents=True, exist_ok=True)
    with (folder / listed).open("a") as file:
        file.write(f"{hashlib.sha256(data).hexdigest()}  {path}\n")


@pytest.mark.parametrize(
    ("path", "data", "found"),
    [
        ("atom.xml", b"<?xml version='1.0'?>\n<feed xmlns='x'>", ("application/atom+xml", "atom")),
        ("old", b"\xef\xbb\xbf<rss version='2.0'>", ("application/rss+xml", "rss")),
        ("feeds.opml", b"<opml >", ("text/x-opml; charset=utf-8", "")),
        ("x", b"<!DOCTYPE html><html>", ("text/html; charset=utf-8", "")),
        ("x.json", b' {"version": "https://jsonfeed.org/version/1.1"', ("application/feed+json", "json")),
        ("x.json", b'{"version": "2"}', ("application/json", "")),
        ("x.css", b"p{}", ("text/css; charset=utf-8", "")),
        ("x.svg", b"<svg>", ("image/svg+xml", "")),
        ("x.xml", b"<other>", ("application/xml", "")),
        ("atom.xml.gz", b"<feed>", ("application/gzip", "")),
        ("atom.xml.br", b"<feed>", ("application/octet-stream", "")),
        ("x", b"", ("application/octet-stream", "")),
    ],
)
def test_a_media_type(path: str, data: bytes, found: tuple[str, str]) -> None:
    assert detect_media_type(path, data) == found


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("a/b.xml", True),
        ("", False),
        (".feedd", False),
        ("a/.b", False),
        ("a//b", False),
        ("../a", False),
        ("/a", False),
    ],
)
def test_a_safe_path(path: str, safe: bool) -> None:
    assert is_safe(path) is safe


def test_a_listed_document_is_read_with_its_metadata(tmp_path: Path) -> None:
    write(tmp_path, "tag/a/atom.xml", b"<feed>")
    os.utime(tmp_path / "tag/a/atom.xml", (1_000_000_000, 1_000_000_000))
    tree = OutputTree(tmp_path)
    document = tree.load("tag/a/atom.xml")
    assert (document.data, document.modified, document.form) == (b"<feed>", 1_000_000_000, "atom")
    assert document.digest == hashlib.sha256(b"<feed>").hexdigest()
    assert document.sign == tree.sign("tag/a/atom.xml")
    assert tree.is_current(document)
    (tmp_path / "tag/a/atom.xml").write_bytes(b"<feed/>")
    assert not tree.is_current(document)
    assert tree.load("tag/a/atom.xml") is None, "feedd did not write these bytes"
    (tmp_path / "tag/a/atom.xml").unlink()
    assert not tree.is_current(document)


def test_a_date_in_the_future_is_now(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", b"<feed>")
    os.utime(tmp_path / "a.xml", (4_000_000_000, 4_000_000_000))
    assert OutputTree(tmp_path).load("a.xml").modified < 4_000_000_000


def test_a_document_of_a_run_under_way_is_served(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", b"<feed>", JOURNAL)
    assert OutputTree(tmp_path).load("a.xml").data == b"<feed>"


def test_a_list_that_changes_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", b"<feed>")
    tree = OutputTree(tmp_path)
    assert tree.load("b.xml") is None
    write(tmp_path, "b.xml", b"<rss>")
    assert tree.load("b.xml").form == "rss"


def test_nothing_else_is_served(tmp_path: Path) -> None:
    write(tmp_path, "a.xml", b"<feed>")
    (tmp_path / "unlisted.xml").write_bytes(b"<feed>")
    (tmp_path / "link.xml").symlink_to(tmp_path / "a.xml")
    with (tmp_path / MANIFEST).open("a") as file:
        file.write(f"{hashlib.sha256(b'<feed>').hexdigest()}  link.xml\n")
        file.write(f"{'0' * 64}  folder\n{'0' * 64}  missing.xml\n")
    (tmp_path / "folder").mkdir()
    tree = OutputTree(tmp_path)
    for path in ("unlisted.xml", "link.xml", "folder", "missing.xml", MANIFEST, "../x", "a.xml\nb"):
        assert tree.load(path) is None, path


def test_a_tree_without_a_manifest_is_refused(tmp_path: Path) -> None:
    tree = OutputTree(tmp_path)
    with pytest.raises(OutputError, match="there is nothing to serve"):
        tree.check()
    write(tmp_path, "a.xml", b"<feed>")
    tree.check()
