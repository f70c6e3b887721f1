"""When a last line is the source of a post, and that two files are never one by their text: the program over folders."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project, feedd
from tests.integration.ingest.test_upstreams import rss, subscribe
from tests.rigs.servers import Answer, UpstreamThread

GUIDE = "https://manual.example/guide/"


def items(project: Project) -> dict[str, dict[str, Any]]:
    """Published items by title."""
    found = json.loads((project.output / "feed.json").read_bytes())["items"]
    assert len({one["title"] for one in found}) == len(found)
    return {one["title"]: one for one in found}


def published(project: Project) -> int:
    report = json.loads(project.run("build", "--json").stdout)
    assert (report["merged"], report["rejected"]) == (0, [])
    return int(report["published"])


def write_references(project: Project) -> None:
    project.post("2024-01-01-a.md", "A", f"First.\n\n- A manual\n  <{GUIDE}>")
    project.post("2024-01-02-b.md", "B", f"Second.\n\n- The same manual\n  <{GUIDE}>")
    project.post("2024-01-03-c.md", "C", f"Third.\n\nSee\n\n<{GUIDE}>")
    project.post("2024-01-04-d.md", "D", f"Fourth.\n\n<{GUIDE}>\n\n[返回首页](../)")


def test_a_last_reference_belongs_to_the_text(project: Project) -> None:
    write_references(project)
    assert published(project) == 4
    for name, item in items(project).items():
        assert item["url"].startswith("https://site.example/"), name
        assert f'href="{GUIDE}"' in item["content_html"], name
    assert "返回首页" not in items(project)["D"]["content_html"]


def test_a_source_may_say_that_it_is_the_source(project: Project) -> None:
    project.set('name = "news"', 'name = "news"\nsource_line = true')
    project.post("2024-01-01-a.md", "A", f"First.\n\n<{GUIDE}>")
    project.post("2024-01-02-b.md", "B", f"Second.\n\n- A manual\n  <{GUIDE}>")
    assert published(project) == 2
    found = items(project)
    assert (found["A"]["url"], found["A"]["content_html"]) == (GUIDE, "<p>First.</p>")
    assert found["B"]["url"].startswith("https://site.example/")
    assert GUIDE in found["B"]["content_html"]
    project.set("source_line = true", "source_line = false")
    assert published(project) == 2
    assert items(project)["A"]["url"].startswith("https://site.example/")
    assert GUIDE in items(project)["A"]["content_html"]


def test_posts_that_a_source_line_made_one_part_when_it_is_none_any_more(project: Project) -> None:
    project.set('name = "news"', 'name = "news"\nsource_line = true')
    project.post("2024-01-01-a.md", "A", f"First.\n\n<{GUIDE}>")
    project.post("2024-01-02-b.md", "B", f"Second.\n\n<{GUIDE}>")
    assert json.loads(project.run("build", "--json").stdout)["merged"] == 1
    [(title, before)] = items(project).items()
    project.set("source_line = true", "source_line = false")
    assert published(project) == 2
    assert items(project)[title]["id"] == before["id"]


def test_an_identity_pattern_makes_it_the_source(project: Project) -> None:
    address = "https://a.example/x?infoCode=NW202401012234567890"
    project.post("2024-01-01-a.md", "A", f"First.\n\n<{address}>")
    project.run("build")
    found = items(project)["A"]
    assert (found["url"], found["content_html"]) == (address, "<p>First.</p>")


@pytest.mark.parametrize(
    ("endings", "written"), [(("a", "b", "c", ""), True), (("a", "a", "a"), False), ("", False)]
)
def test_init_says_so_where_most_posts_end_with_their_source(
    tmp_path: Path, endings: tuple[str, ...], written: bool
) -> None:
    posts = tmp_path / "_posts"
    posts.mkdir()
    for number, name in enumerate(endings):
        ending = f"\n\n<https://wire.example/{name}>\n\n[返回首页](../)" if name else ""
        (posts / f"2024-01-0{number + 1}-p.md").write_text(
            f"---\ntitle: T{number}\n---\nText {number}.{ending}\n"
        )
    assert feedd("init", str(tmp_path)).returncode == 0
    config = tmp_path / "config/feedd.toml"
    assert ("source_line = true" in config.read_text("utf-8")) is written
    assert feedd("check", "-c", str(config)).returncode == 0
    if endings:
        assert feedd("build", "-c", str(config)).returncode == 0
        found = json.loads((tmp_path / "feeds/feed.json").read_bytes())["items"]
        assert [one["url"].startswith("https://wire.example/") for one in found].count(True) == 3 * written


def test_init_does_not_take_references_for_sources(tmp_path: Path) -> None:
    project = Project(tmp_path)
    write_references(project)
    assert feedd("init", str(tmp_path / "site")).returncode == 0
    assert "source_line" not in (tmp_path / "site/config/feedd.toml").read_text("utf-8")


def test_two_files_with_the_same_text_are_two_posts(project: Project) -> None:
    for day in (1, 2, 3):
        project.post(f"2024-01-0{day}-closed.md", "Closed", "The office is closed.", date=f"2024-01-0{day}")
        (project.posts / f"2024-02-0{day}-hello.md").write_text("---\n---\nGood morning!\n")
    assert published(project) == 6
    ids = {one["id"] for one in json.loads((project.output / "feed.json").read_bytes())["items"]}
    assert len(ids) == 6
    assert published(project) == 6
    project.post("2024-01-02-closed.md", "Open", "It is open.", date="2024-01-02")
    assert published(project) == 6
    assert {one["id"] for one in json.loads((project.output / "feed.json").read_bytes())["items"]} == ids


def test_an_entry_of_an_upstream_is_no_file_by_its_text(project: Project) -> None:
    project.post("2024-01-01-a.md", "Closed", "The office is closed.")
    with UpstreamThread() as upstream:
        body = rss([("", "", "Closed")]).replace(b"<link></link>", b"")
        body = body.replace(b"</item>", b"<description>The office is closed.</description></item>")
        upstream.routes["/feed"] = Answer(body=body)
        subscribe(project, upstream)
        project.run("build")
    assert len(json.loads((project.output / "feed.json").read_bytes())["items"]) == 2


def test_a_renamed_file_keeps_its_id_though_another_takes_its_place(project: Project) -> None:
    place = project.post("a.md", "A", "First.")
    published(project)
    before = items(project)["A"]["id"]
    place.rename(project.posts / "b.md")
    assert published(project) == 1
    project.post("a.md", "New", "Quite another text.")
    assert published(project) == 2
    assert items(project)["A"]["id"] == before
    (project.posts / "b.md").rename(project.posts / "c.md")
    assert published(project) == 2
    project.post("b.md", "Newer", "A third text.")
    assert published(project) == 3
    ids = {name: one["id"] for name, one in items(project).items()}
    assert ids["A"] == before
    assert len(set(ids.values())) == 3
    (project.posts / "a.md").write_text((project.posts / "b.md").read_text("utf-8"), "utf-8")
    assert json.loads(project.run("build", "--json").stdout)["merged"] == 0
    found = json.loads((project.output / "feed.json").read_bytes())["items"]
    assert {one["id"] for one in found} == set(ids.values()), "the copy is another post"


def test_posts_that_an_older_store_joined_part_and_the_published_id_stays(project: Project) -> None:
    project.post("2024-01-01-a.md", "Closed", "The office is closed.", date="2024-01-01")
    project.post("2024-01-02-b.md", "Closed", "The office is closed.", date="2024-01-02")
    assert published(project) == 2
    store = project.folder / "state/feedd.db"
    with closing(sqlite3.connect(store)) as db, db:  # as an older feedd left it
        (_, first), (number, second) = db.execute("SELECT id, post FROM sighting ORDER BY place DESC")
        (uid,) = db.execute("SELECT uid FROM post WHERE id = ?", (first,)).fetchone()
        db.execute("UPDATE sighting SET post = ? WHERE id = ?", (first, number))
        db.execute("DELETE FROM member WHERE post = ?", (second,))
        db.execute("DELETE FROM post WHERE id = ?", (second,))
        db.execute("DELETE FROM sighting_key")
        db.execute("DELETE FROM key")
        db.execute("INSERT INTO sighting_key (key, sighting, own) SELECT 'text:x', id, 1 FROM sighting")
        db.execute("INSERT INTO key (key, post) VALUES ('text:x', ?)", (first,))
        db.execute("UPDATE post SET mint_key = 'text:x'")
        db.execute("DELETE FROM meta WHERE name LIKE 'file_keys_%'")
        db.execute("UPDATE source SET settings = 'older'")
    assert published(project) == 2
    by_date = {
        one["date_published"][:10]: one["id"]
        for one in json.loads((project.output / "feed.json").read_bytes())["items"]
    }
    assert by_date["2024-01-02"] == uid
    assert len(set(by_date.values())) == 2
    before = project.bytes()
    assert published(project) == 2
    assert project.bytes() == before
