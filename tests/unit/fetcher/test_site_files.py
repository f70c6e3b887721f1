"""Files of a site that posts may use: found without links, within bounds, unreadable files left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feeds.fetcher.site_files import Limits, find_site_root, needs_liquid, read_includes, read_site_data


def write(root: Path, path: str, text: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_the_root_of_a_site() -> None:
    assert find_site_root(Path("/site/_posts")) == Path("/site")
    assert find_site_root(Path("/site/posts")) == Path("/site/posts")


@pytest.mark.parametrize(
    ("path", "folder", "liquid"),
    [
        ("site/x", "site/_posts", True),
        ("site/_posts/x", "site", True),
        ("site/_config.yml", "site", True),
        ("site/.eleventy.js", "site", True),
        ("site/eleventy.config.cjs", "site/posts", True),
        ("site/other.js", "site/posts", False),
        ("eleventy.config.js", "site/posts", False),
    ],
)
def test_who_needs_liquid(tmp_path: Path, path: str, folder: str, liquid: bool) -> None:
    write(tmp_path, path, "")
    assert needs_liquid(tmp_path / folder) is liquid


@pytest.mark.parametrize("folder", [".", "source", "source/_posts"])
def test_no_tree_of_hexo_needs_liquid(tmp_path: Path, folder: str) -> None:
    for path in ("source/_posts/x", "_config.yml", "scaffolds/post.md"):
        write(tmp_path, path, "")
    assert not needs_liquid(tmp_path / folder)


def test_includes_by_their_path(tmp_path: Path) -> None:
    write(tmp_path, "_includes/a.html", "A")
    write(tmp_path, "_includes/sub/b.html", "B")
    secret = write(tmp_path, "secret", "S")
    (tmp_path / "_includes" / "link.html").symlink_to(secret)
    os.mkfifo(tmp_path / "_includes" / "pipe")
    (tmp_path / "_includes" / "loop").symlink_to(tmp_path)
    assert read_includes(tmp_path / "_posts") == {"a.html": "A", "sub/b.html": "B"}
    assert read_includes(tmp_path / "other") == {}


def test_data_becomes_values(tmp_path: Path) -> None:
    write(tmp_path, "_data/a.yml", "k: v\n")
    write(tmp_path, "_data/list.yaml", "---\n- one\n- two\n")
    write(tmp_path, "_data/sub/b.JSON", '{"n": 1}')
    write(tmp_path, "_data/c.csv", "x,y\n1,2\n")
    write(tmp_path, "_data/d.tsv", "x\ty\n1\t2\n")
    write(tmp_path, "_data/bad.json", "{")
    write(tmp_path, "_data/bad.yml", "a: [")
    write(tmp_path, "_data/other.txt", "x")
    write(tmp_path, "_data/.json", "1")
    assert read_site_data(tmp_path) == {
        "a": {"k": "v"},
        "list": ["one", "two"],
        "sub": {"b": {"n": 1}},
        "c": [{"x": "1", "y": "2"}],
        "d": [{"x": "1", "y": "2"}],
    }


def test_files_and_their_number_are_bounded(tmp_path: Path) -> None:
    for name in "abcd":
        write(tmp_path, f"_includes/{name}", name * 10)
    assert read_includes(tmp_path, Limits(file=9)) == {}
    assert len(read_includes(tmp_path, Limits(file=10))) == 4
    assert list(read_includes(tmp_path, Limits(files=3))) == ["a", "b", "c"]
    assert list(read_includes(tmp_path, Limits(site=20))) == ["a", "b"]
