"""Which dialect a folder's Markdown is in: that of its generator, unless a setting says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Project

_TABLE = "<table>"


def content(project: Project) -> str:
    """Build and return the content of the only post."""
    done = project.run("build")
    assert done.returncode == 0, done.stderr
    [item] = json.loads((project.output / "feed.json").read_bytes())["items"]
    return str(item["content_html"])


def plain_folder(folder: Path) -> Project:
    """A project whose folder belongs to no generator."""
    (folder / "texts").mkdir()
    return Project(folder, posts=folder / "texts" / "in")


@pytest.mark.parametrize(
    ("site_config", "is_kramdown"),
    [
        (None, True),
        ("title: T\n", True),
        ("markdown: kramdown\nkramdown:\n  input: GFM\n", True),
        ("markdown: CommonMark\n", False),
        ("markdown: CommonMarkGhPages\ncommonmark:\n  options: [SMART]\n", False),
        ("kramdown: {input: CommonMark}\n", False),
    ],
)
def test_a_jekyll_tree_says_its_dialect(project: Project, site_config: str | None, is_kramdown: bool) -> None:
    project.post("2024-01-02-a.md", body="a | b")
    if site_config is not None:
        (project.posts.parent / "_config.yml").write_text(site_config, "utf-8")
    assert (_TABLE in content(project)) == is_kramdown


def test_any_other_folder_is_commonmark(tmp_path: Path) -> None:
    project = plain_folder(tmp_path)
    project.post("a.md", body="a | b\n\n1) one")
    html = content(project)
    assert _TABLE not in html
    assert "<ol>" in html


def test_a_setting_says_otherwise_and_applies_to_posts_that_are_known(tmp_path: Path) -> None:
    project = plain_folder(tmp_path)
    project.post("a.md", body="a | b")
    assert _TABLE not in content(project)
    project.set('name = "news"\n', 'name = "news"\nmarkdown = "kramdown"\n')
    assert _TABLE in content(project)
    project.set('markdown = "kramdown"', 'markdown = "commonmark"')
    assert _TABLE not in content(project)


def test_a_changed_dialect_of_the_site_applies_to_posts_that_are_known(project: Project) -> None:
    project.post("2024-01-02-a.md", body="a | b")
    assert _TABLE in content(project)
    (project.posts.parent / "_config.yml").write_text("markdown: CommonMark\n", "utf-8")
    assert _TABLE not in content(project)


def test_a_value_that_is_none_is_named_with_the_nearest(project: Project) -> None:
    project.set('name = "news"\n', 'name = "news"\nmarkdown = "common-mark"\n')
    done = project.run("check")
    assert done.returncode != 0
    expected = 'expected "kramdown" or "commonmark"; did you mean `commonmark`?'
    assert f"sources[0].markdown: invalid value 'common-mark': {expected}" in done.stdout + done.stderr


def test_only_folders_have_a_dialect(project: Project) -> None:
    upstream = (
        '[[sources]]\nname = "u"\nkind = "upstream"\nurl = "https://u.example/"\nmarkdown = "kramdown"\n'
    )
    project.config.write_text(project.config.read_text("utf-8") + upstream, "utf-8")
    done = project.run("check")
    assert "sources[1].markdown: belongs to sources of kind folder" in done.stdout + done.stderr
