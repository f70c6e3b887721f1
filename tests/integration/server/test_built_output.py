"""What the program built, as its server hands it out: validators, deltas and archives of real documents."""

from __future__ import annotations

import io

import feedparser

from tests.conftest import Project
from tests.rigs.serve_rig import serving


def test_a_post_in_one_category_leaves_the_validators_of_another(project: Project) -> None:
    project.post("2024-01-01-a.md", "In A", categories="a", tags="x")
    project.post("2024-01-02-b.md", "In B", categories="b", tags="y")
    assert project.run("build").returncode == 0
    paths = [f"/category/{name}/{file}" for name in "ab" for file in ("atom.xml", "rss.xml", "feed.json", "")]
    with serving(project.output) as client:

        def validators(coding: str) -> dict[str, str]:
            return {path: client.ask(path, {"Accept-Encoding": coding}).headers["etag"] for path in paths}

        before = {coding: validators(coding) for coding in ("identity", "gzip", "br")}
        project.post("2024-01-03-c.md", "Another in A", categories="a", tags="z")
        assert project.run("build").returncode == 0
        for coding, known in before.items():
            for path, tag in known.items():
                answer = client.ask(path, {"If-None-Match": tag, "Accept-Encoding": coding})
                assert answer.status == (200 if "/a/" in path else 304), (path, coding)


def test_a_delta_of_a_built_feed_has_the_new_post_alone(project: Project) -> None:
    for day in range(1, 6):
        project.post(f"2024-01-0{day}-p.md", f"Post {day}", date=f"2024-01-0{day} 00:00:00")
    project.run("build")
    with serving(project.output) as client:
        old = client.ask("/category/news/atom.xml").headers["etag"]
        project.post("2024-01-09-p.md", "Post 9", date="2024-01-09 00:00:00")
        project.run("build")
        whole = client.ask("/category/news/atom.xml")
        answer = client.ask("/category/news/atom.xml", {"A-IM": "feed", "If-None-Match": old})
        assert (answer.status, answer.headers["im"], answer.headers["etag"]) == (
            226,
            "feed",
            whole.headers["etag"],
        )
        assert "no-store" in answer.headers["cache-control"]
        assert [one.title for one in feedparser.parse(io.BytesIO(answer.body)).entries] == ["Post 9"]
        assert len(answer.body) < len(whole.body)
        assert (
            client.ask("/category/news/atom.xml", {"A-IM": "feed", "If-None-Match": '"unknown"'}).status
            == 200
        )


def test_archives_are_served_once_and_for_all(project: Project) -> None:
    project.set("entries = 50", 'entries = 2\narchive = ["atom"]')
    for day in range(1, 8):
        project.post(f"2024-01-0{day}-p.md", f"Post {day}", date=f"2024-01-0{day} 00:00:00")
    assert project.run("build").returncode == 0
    with serving(project.output) as client:
        answer = client.ask("/category/news/archive/1.atom.xml")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/atom+xml")
        assert "immutable" in answer.headers["cache-control"]
        page = client.ask("/category/news/").body.decode()
        assert "/category/news/archive/" in page, "the way to the history"
        front = client.ask("/").body.decode()
        assert 'href="https://site.example/feeds/archive/' in front
