"""``feedd explain`` and ``withdraw`` find the post that was meant, by any of its names, and no other post."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.api import explain, load_config
from feeds.builder import build
from feeds.errors import UsageError
from tests.conftest import Project


@pytest.fixture
def explained(project: Project) -> Project:
    """Return a built project with files whose paths and identity keys are alike."""
    for folder in ("2020", "x", "z"):
        (project.posts / folder).mkdir()
    for path in ("a.md", "2020/a.md", "x/bXc.md", "z/b_c.md"):
        project.post(path, f"Title of {path}", f"Text of {path}.")
    project.post("key.md", "Key", "Text.", source_url="https://a.example/?infoCode=NW202401017654321")
    project.post("first.md", "First copy", "Longer text.", source_url="https://a.example/1")
    project.post("second.md", "Second copy", "Text.", source_url="https://a.example/1", guid="named-guid")
    project.post("long.md", "Long", "Text.", guid="g" * 2000)
    build(load_config(Path(project.config)), jobs=1)
    return project


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        ("a.md", "Title of a.md"),
        ("2020/a.md", "Title of 2020/a.md"),
        ("b_c.md", "Title of z/b_c.md"),
        ("202401017654321", "Key"),
        ("Second copy", "First copy"),
        ("named-guid", "First copy"),
        ("g" * 2000, "Long"),
    ],
)
def test_a_name_finds_its_post(explained: Project, wanted: str, title: str) -> None:
    config = load_config(Path(explained.config))
    assert explain(config, wanted)["title"] == title
    # The shell completes whole paths.
    if (path := explained.posts / wanted[:100]).exists():
        assert explain(config, str(path))["title"] == title


@pytest.mark.parametrize("wanted", ["%", "_", "20240101765432_", "_20240101765432", "x_y" * 20_000])
def test_text_that_no_post_has_finds_nothing(explained: Project, wanted: str) -> None:
    with pytest.raises(UsageError, match="no post has this"):
        explain(load_config(Path(explained.config)), wanted)
