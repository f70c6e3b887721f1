"""The address of a post: what its author states, if it is one; else its page. No post is lost for its address."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.parser.feeds.feed import parse_upstream
from tests.conftest import Project

PAGE = "https://site.example/news/2024/01/02/a.html"
SCRIPTS = ["javascript:alert(1)", "vbscript:x", "data:text/html,x", "mailto:a@site.example", "http://a>b/"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    text = project.config.read_text("utf-8")
    project.config.write_text(
        text.replace('name = "news"', 'name = "news"\nbase = "https://site.example/"'), "utf-8"
    )
    return project


def link(project: Project) -> str:
    built = project.run("build")
    assert built.returncode == 0, built.stderr
    (item,) = json.loads((project.output / "feed.json").read_bytes())["items"]
    return str(item["url"])


@pytest.mark.parametrize("stated", SCRIPTS)
@pytest.mark.parametrize("key", ["link", "source_url", "canonical_url"])
def test_a_stated_address_that_is_none_is_named_and_the_post_is_under_its_page(
    project: Project, key: str, stated: str
) -> None:
    project.post("2024-01-02-a.md", **{key: f"'{stated}'"})
    assert link(project) == PAGE
    lines = project.run("lint").stdout.splitlines()
    expected = (
        f"2024-01-02-a.md:6: bad-address: `{key}: {stated}` is not valid; using the address of its page"
    )
    assert [line for line in lines if line.endswith(expected)], lines


def test_the_next_address_that_is_one_counts(project: Project) -> None:
    project.post("2024-01-02-a.md", source_url="javascript:x", link="https://other.example/1")
    assert link(project) == "https://other.example/1"


def test_an_address_with_spaces_is_one(project: Project) -> None:
    project.post("2024-01-02-a.md", link="https://other.example/a b")
    assert link(project) == "https://other.example/a%20b"
    assert "bad-address" not in project.run("lint").stdout


def test_the_last_line_counts_where_the_stated_address_is_none(project: Project) -> None:
    project.set('name = "news"', 'name = "news"\nsource_line = true')
    project.post("2024-01-02-a.md", body="Text.\n\n<https://other.example/1>", link="javascript:x")
    assert link(project) == "https://other.example/1"


@pytest.mark.parametrize("stated", [r"/a\b/", r"\\evil.example\x"])
def test_a_page_address_that_is_none_gives_way_to_the_pattern(project: Project, stated: str) -> None:
    project.post("2024-01-02-a.md", permalink=f"'{stated}'")
    assert link(project) == PAGE
    assert (
        f"bad-permalink: `permalink: {stated}` is not valid; using the pattern of its source"
        in project.run("lint").stdout
    )


def test_a_page_address_never_leads_elsewhere(project: Project) -> None:
    project.post("2024-01-02-a.md", permalink="javascript:alert(1)")
    assert link(project) == "https://site.example/javascript:alert(1)"


@pytest.mark.parametrize("stated", SCRIPTS)
def test_an_entry_of_an_upstream_whose_link_is_none_is_kept_without_it(stated: str) -> None:
    escaped = stated.replace(">", "&gt;")
    rss = f"<rss version='2.0'><channel><item><title>t</title><link>{escaped}</link><guid>1</guid></item></channel></rss>"
    feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": stated}]})
    for document in (rss, feed):
        (item,) = parse_upstream(document, "https://up.example/feed", "UTC").items
        assert (item.guid, item.address) == ("1", "")


def test_an_id_stays_when_the_day_in_the_address_becomes_another(project: Project) -> None:
    project.set('name = "news"', 'name = "news"\nids = "jekyll-feed"')
    project.set("Asia/Shanghai", "America/Los_Angeles")
    (project.posts / "_config.yml").write_text("url: https://site.example\n", "utf-8")

    def build(date: str) -> tuple[str, str]:
        project.post("2024-02-06-a.md", date=date)
        assert project.run("build").returncode == 0
        (item,) = json.loads((project.output / "feed.json").read_bytes())["items"]
        return str(item["id"]), str(item["url"])

    quoted = build("'2024-02-06 00:00:00'")
    # To YAML this is UTC, where it is still the day before in California.
    unquoted = build("2024-02-06 00:00:00")
    assert "/2024/02/06/" in quoted[1]
    assert "/2024/02/05/" in unquoted[1]
    assert quoted[0] == unquoted[0]
