"""An entry of an upstream feed that is a copy of a folder's post."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.api import load_config
from feeds.builder import build
from tests.conftest import Project
from tests.integration.ingest.test_upstreams import subscribe
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

PAGE = "https://site.example/posts/p.html"


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def prepare(project: Project, upstream: UpstreamServer, more: str = "") -> None:
    """Configure a folder with permalinks and an upstream feed that has its post."""
    project.set(
        'name = "news"\n', 'name = "news"\nbase = "https://site.example/"\npermalink = "/posts/:title.html"\n'
    )
    subscribe(project, upstream, more=more)
    item = (
        f"<item><guid>https://site.example/posts/p.html</guid><link>{PAGE}</link><title>Copy</title>"
        "<pubDate>Mon, 06 May 2024 10:00:00 GMT</pubDate><category>theirs</category><description>Their text</description></item>"
    )
    upstream.routes["/feed"] = Answer(body=f"<rss><channel><title>F</title>{item}</channel></rss>".encode())


def publish(project: Project) -> dict[str, object]:
    build(load_config(Path(project.config)), jobs=1)
    (entry,) = entries(project.output / "atom.xml")
    return entry


@pytest.mark.parametrize("folder_first", [True, False])
@pytest.mark.parametrize("more", ["", 'terms = "merge"'])
def test_the_copy_of_a_page_adds_nothing_but_terms_on_request(
    project: Project, upstream: UpstreamServer, folder_first: bool, more: str
) -> None:
    prepare(project, upstream, more)
    if not folder_first:
        assert publish(project)["title"] == "Copy"
    project.post("2024-01-01-p.md", title="", body="Our text")
    if folder_first:
        upstream.routes["/other"] = upstream.routes.pop("/feed")
        publish(project)
        upstream.routes["/feed"] = upstream.routes.pop("/other")
    entry = publish(project)
    assert entry["title"] == "Our text"
    assert "Our text" in (project.output / "atom.xml").read_text("utf-8")
    assert "Their text" not in (project.output / "atom.xml").read_text("utf-8")
    assert str(entry["published"]).startswith("2024-01-02")
    assert (project.output / "tag" / "theirs").exists() == bool(more)
    theirs = entries(project.output / "tag" / "theirs" / "atom.xml") if more else []
    assert len(theirs) == (1 if more else 0)
    assert len(entries(project.output / "tag" / "tag" / "atom.xml")) == 1


def test_a_post_that_quotes_the_page_is_a_post_of_its_own(project: Project, upstream: UpstreamServer) -> None:
    prepare(project, upstream)
    project.post("2024-01-01-p.md", title="Ours")
    project.post("2024-01-02-q.md", title="Quote", link=PAGE)
    build(load_config(Path(project.config)), jobs=1)
    assert sorted(str(e["title"]) for e in entries(project.output / "atom.xml")) == ["Ours", "Quote"]


def test_two_files_with_one_page_stay_two_posts(project: Project, upstream: UpstreamServer) -> None:
    prepare(project, upstream)
    for name in ("a", "b"):
        project.post(f"2024-01-01-{name}.md", title=name, permalink="/posts/p.html")
    for _ in range(2):
        build(load_config(Path(project.config)), jobs=1)
        assert sorted(str(e["title"]) for e in entries(project.output / "atom.xml")) == ["a", "b"]
