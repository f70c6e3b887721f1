"""Files that a post names are read beside it, and never outside its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.fetcher import folder
from feeds.parser.posts.jekyll import FolderSettings, read_site_config
from feeds.storage.packing import Body
from feeds.workers.included_files import (
    LinkResolver,
    compute_digest,
    find_content_prefix,
    find_pages,
    read_beside_post,
    read_digest,
)
from feeds.workers.task_types import SourceSettings

POST = b"---\ntitle: Other\npermalink: /other/\n---\nText"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "part.md").write_text("part")
    (folder / "top.md").write_text("top")
    (tmp_path / "secret.md").write_text("secret")
    (folder / "2024-01-02-other.md").write_bytes(POST)
    return folder


@pytest.mark.parametrize(
    ("post", "name", "text"),
    [
        ("sub/post.md", "part.md", "part"),
        ("post.md", "sub/part.md", "part"),
        ("post.md", "top.md", "top"),
        ("sub/post.md", "top.md", None),
        ("sub/post.md", "../top.md", None),
        ("post.md", "../secret.md", None),
        ("post.md", "/etc/hostname", None),
        ("post.md", "missing.md", None),
    ],
)
def test_included_texts(root: Path, post: str, name: str, text: str | None) -> None:
    assert read_beside_post(root)(post, name) == text


def test_the_digest_of_a_post_covers_what_it_includes(root: Path) -> None:
    data = b"{% include_relative top.md %}{%- include_relative missing.md %}"
    before = compute_digest(root, "post.md", data)
    assert before == folder.compute_digest(data + b"top\0")
    (root / "top.md").write_text("changed")
    assert compute_digest(root, "post.md", data) != before
    assert compute_digest(root, "post.md", b"plain") == folder.compute_digest(b"plain")
    assert read_digest(root, "top.md") == folder.compute_digest(b"changed")
    assert read_digest(root, "missing.md") == b""


def build_settings(root: Path) -> SourceSettings:
    parse = FolderSettings("https://a.example/", "UTC", "", read_site_config(""))
    return SourceSettings("news", 1, root, parse, (), True, True)


def test_the_page_of_a_file(root: Path) -> None:
    find = find_pages(build_settings(root), lambda body: (body, ""), lambda *_: None)
    assert find("2024-01-02-other.md") == "https://a.example/other/"
    assert find("missing.md") == ""
    assert find("../secret.md") == ""


def test_links_of_a_post_lead_to_pages(root: Path) -> None:
    links = LinkResolver(build_settings(root), lambda body: (body, ""), lambda *_: None)
    assert links.find_linked_page("link", "2024-01-02-other.md") == "/other/"
    assert links.find_linked_page("link", "2024-01-02-missing.md") is None
    assert links.find_linked_page("post_url", "2024-01-02-other") is None
    body = Body("see 2024-01-02-other.md", "html", "https://a.example/here/")
    html = links.convert(body, "post.md", lambda text: f'<a href="{text[4:]}">x</a>')
    assert html == '<a href="https://a.example/other/">x</a>'


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("/site/content", ""),
        ("/site/content/blog", "blog/"),
        ("/site/content/a/content/b/c", "b/c/"),
        ("/site/posts", ""),
    ],
)
def test_the_place_below_the_folder_content(path: str, prefix: str) -> None:
    assert find_content_prefix(Path(path)) == prefix
