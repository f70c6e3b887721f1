"""What `feedd check` finds wrong with folders, and `feedd explain` with names, each with what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from feeds import load_config
from feeds.cli.check import find_mistakes
from feeds.errors import ConfigError
from tests.conftest import Project


def found(project: Project) -> list[str]:
    return find_mistakes(project.config)


def source(project: Project, path: str) -> None:
    project.set("[[identity]]", f'[[sources]]\nname = "other"\npath = "{path}"\n[[identity]]')


def _missing(project: Project) -> None:
    source(project, "nowhere")


def _same(project: Project) -> None:
    source(project, str(project.posts.parent))


def _output_in_posts(project: Project) -> None:
    (project.folder / "plain").mkdir()
    source(project, "plain")
    project.set('dir = "output"', 'dir = "plain/output"')


def _posts_in_output(project: Project) -> None:
    (project.output / "posts").mkdir(parents=True)
    source(project, "output/posts")


def _store_in_output(project: Project) -> None:
    project.set('url = "state/feedd.db"', 'url = "output/feedd.db"')


def _file_in_the_way(project: Project) -> None:
    (project.folder / "state").write_text("a file")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_missing, ["sources[1].path", "no such folder"]),
        (_same, ["sources[1].path", "the same as in source 'news'"]),
        (_output_in_posts, ["output.dir", "is inside the posts of 'other'"]),
        (_posts_in_output, ["sources[1].path", "is inside the output folder"]),
        (_store_in_output, ["store.url", "would be published"]),
        (_file_in_the_way, ["store.url", "is a file"]),
    ],
)
def test_a_folder_in_the_wrong_place_is_named_with_its_key(
    project: Project, spoil: Callable[[Project], None], words: list[str]
) -> None:
    assert found(project) == []
    spoil(project)
    (wrong,) = found(project)
    assert str(project.config) in wrong
    for word in words:
        assert word in wrong
    done = project.run("check")
    assert done.returncode == 1
    assert wrong in done.stdout + done.stderr


def test_the_output_may_lie_in_a_jekyll_tree(project: Project) -> None:
    project.set('dir = "output"', 'dir = "site/feeds"')
    assert found(project) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('private = "x"', "must be an array of tables"),
        ('private = ["x"]', "must be a table"),
        ('[[serve.private]]\nfeed = "tag/x"', "needs `auth` or `secret`"),
        ('[[serve.private]]\nfeed = "tag/x"\nauht = "env:X"', "auth"),
    ],
)
def test_a_private_feed_is_written_as_a_table_with_a_key(project: Project, text: str, word: str) -> None:
    config = project.config.read_text("utf-8")
    project.config.write_text(f'{config}\n[serve]\nlisten = "127.0.0.1:0"\n{text}\n', "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(project.config)
    assert "serve.private" in str(caught.value)
    assert word in str(caught.value)


def test_a_post_is_found_by_what_people_know_of_it(project: Project) -> None:
    code = "202401020304050607"
    project.post("2024-01-02-a.md", "A", source_url=f"https://a.example/news/1,{code}.html")
    project.post("2024-01-03-b.md", "B", source_url="https://b.example/page?q=1")
    project.post("2024-01-04-c.md", "C", published="false")
    (project.posts / "2024-01-05-d.md").write_text("no header", "utf-8")
    project.run("build")

    def title(name: str | Path) -> str:
        return str(json.loads(project.run("explain", str(name), "--json").stdout)["title"])

    items = json.loads((project.output / "feed.json").read_text("utf-8"))["items"]
    uid = next(one["id"] for one in items if one["title"] == "B")
    for name in (
        code,
        f"NW{code}",
        f"http://other.example/x?infoCode=NW{code}",
        project.posts / "2024-01-02-a.md",
    ):
        assert title(name) == "A"
    for name in ("http://B.example:80/page?q=1&utm_source=x", "_posts/2024-01-03-b.md", uid):
        assert title(name) == "B"
    for name, word in (
        (project.posts / "2024-01-04-c.md", "unpublished"),
        ("_posts/2024-01-05-d.md", "ignored"),
    ):
        done = project.run("explain", str(name))
        assert done.returncode == 0
        assert word in done.stdout
    for name, word in (
        ("https://nobody.example/", "no post has this path, URL or id"),
        ("infoCode", "no post has this path, URL or id"),
    ):
        done = project.run("explain", str(name))
        assert done.returncode == 2
        assert word in done.stderr
