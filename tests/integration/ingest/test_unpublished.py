"""What an author has not published is in no document: the program over folders of posts in every dialect."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds import build, load_config
from feeds.reports import BuildReport
from tests.conftest import Project

HIDDEN = {
    "draft": "---\ntitle: T\nDraft: true\n---\n",
    "capitals": "---\ntitle: T\nDRAFT: TRUE\n---\n",
    "yes": "---\ntitle: T\ndraft: yes\n---\n",
    "quoted": "---\ntitle: T\ndraft: 'True'\n---\n",
    "one": "---\ntitle: T\ndraft: 1\n---\n",
    "in words": "---\ntitle: T\ndraft: not yet\n---\n",
    "two spellings": "---\ntitle: T\ndraft: false\nDraft: true\n---\n",
    "published": "---\ntitle: T\nPublished: False\n---\n",
    "published no": "---\ntitle: T\npublished: 'no'\n---\n",
    "publish": "---\ntitle: T\npublish: false\n---\n",
    "status": "---\ntitle: T\nStatus: Private\n---\n",
    "status of a list": "---\ntitle: T\nstatus: [hidden]\n---\n",
    "unlisted": "---\ntitle: T\nunlisted: true\n---\n",
    "private": "---\ntitle: T\nprivate: true\n---\n",
    "headless": "---\ntitle: T\nheadless: true\n---\n",
    "eleventy": "---\ntitle: T\neleventyExcludeFromCollections: true\n---\n",
    "eleventy list": "---\ntitle: T\neleventyExcludeFromCollections: [posts]\n---\n",
    "no page": "---\ntitle: T\npermalink: false\n---\n",
    "build": "---\ntitle: T\nbuild:\n  list: never\n---\n",
    "build case": "---\ntitle: T\nBuild: {Render: Never}\n---\n",
    "old build": "---\ntitle: T\n_build:\n  list: false\n---\n",
    "expired": "---\ntitle: T\ndate: 2020-01-01\nexpiryDate: 2020-02-01\n---\n",
    "unpublished": "---\ntitle: T\nunpublish_date: 2020-02-01 10:00:00 +0100\n---\n",
    "embargo": "---\ntitle: T\ndate: 2020-01-01\npublishDate: 2199-01-01\n---\n",
    "embargo case": "---\ntitle: T\nDate: 2199-01-01\n---\n",
    "embargo alias": "---\ntitle: T\ndate: 2020-01-01\npubDate: 2199-01-01\n---\n",
    "embargo published": "---\ntitle: T\ndate: 2020-01-01\npublished: 2199-01-01T00:00:00Z\n---\n",
    "broken header": '---\ntitle: "T "quoted" T"\ndraft: true\n---\n',
    "broken build": '---\ntitle: "T "quoted" T"\nbuild:\n  list: never\n---\n',
    "toml": "+++\ntitle = 'T'\nDraft = true\n+++\n",
    "toml number": "+++\ntitle = 'T'\ndraft = 1\n+++\n",
    "toml build": '+++\ntitle = "T"\n[build]\nlist = "never"\n+++\n',
    "toml old build": '+++\ntitle = "T"\n[_build]\nrender = "never"\n+++\n',
    "toml dots": '+++\ntitle = "T"\nbuild.List = "never"\n+++\n',
    "toml broken": '+++\ntitle = "T "x" T"\n[build]\nlist = "never"\n+++\n',
    "toml expired": "+++\ntitle = 'T'\nexpiryDate = 2020-02-01\n+++\n",
    "toml embargo": "+++\ntitle = 'T'\ndate = 2020-01-01\nPublishDate = 2199-01-01T00:00:00Z\n+++\n",
    "json": '{"title": "T", "Draft": true}\n',
    "json text": '{"title": "T", "draft": "yes"}\n',
    "json build": '{"title": "T", "build": {"list": "never"}}\n',
    "json expired": '{"title": "T", "unpublishDate": "2020-02-01"}\n',
    "json embargo": '{"title": "T", "publishDate": "2199-01-01T00:00:00Z"}\n',
    "json page": '{"title": "T", "permalink": false}\n',
    "pelican": "Title: T\nStatus: draft\n\n",
    "pelican case": "Title: T\nDate: 2020-01-01\nSTATUS: Hidden\n\n",
    "pelican skip": "Title: T\nStatus: skip\n\n",
    "pelican draft": "Title: T\nDraft: True\n\n",
    "pelican expired": "Title: T\nExpiryDate: 2020-02-01\n\n",
    "pelican embargo": "Title: T\nDate: 2020-01-01\nPublishDate: 2199-01-01\n\n",
    "pelican page": '<html><head><title>T</title><meta name="status" content="draft"></head><body>SECRET</body></html>',
    "pelican bare": "<html><head><title>T</title><meta name=Status content=draft></head><body>SECRET</body></html>",
}
SHOWN = {
    "draft": "---\ntitle: T\nDraft: false\n---\n",
    "draft no": "---\ntitle: T\ndraft: 'No'\n---\n",
    "draft empty": "---\ntitle: T\ndraft:\n---\n",
    "published": "---\ntitle: T\npublished: true\n---\n",
    "published at": "---\ntitle: T\npublished: 2020-01-01\n---\n",
    "status": "---\ntitle: T\nstatus: evergreen\n---\n",
    "embargo over": "---\ntitle: T\ndate: 2020-01-01\npublishDate: 2020-01-02\n---\n",
    "embargo over, the event is not": "---\ntitle: T\ndate: 2199-01-01\npublishDate: 2020-01-02\n---\n",
    "not expired": "---\ntitle: T\nexpiryDate: 2199-01-01\n---\n",
    "no expiry": "---\ntitle: T\nexpiryDate: 0001-01-01T00:00:00Z\npublishDate: 0001-01-01T00:00:00Z\n---\n",
    "build": "---\ntitle: T\nbuild: {list: always, render: link}\n---\n",
    "another build": "---\ntitle: T\nbuild: docker\n---\n",
    "eleventy": "---\ntitle: T\neleventyExcludeFromCollections: false\npermalink: /a/\n---\n",
    "zola": "+++\ntitle = 'T'\ndraft = false\n+++\n",
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A folder that is no Jekyll tree, built once."""
    project = Project(tmp_path_factory.mktemp("wishes"))
    project.posts.rmdir()
    for kind, posts, body in (("hidden", HIDDEN, "SECRET"), ("shown", SHOWN, "SEEN")):
        for name, header in posts.items():
            ending = "html" if header.startswith("<") else "md"
            place = project.folder / "site" / f"{kind} {name}.{ending}"
            place.write_text(header + ("" if ending == "html" else f"{body} {name}.\n"), "utf-8")
    project.set("entries = 50", "entries = 500")
    done = project.run("build", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["unpublished"], report["published"]) == (len(HIDDEN), len(SHOWN))
    return project


def body_text(project: Project) -> str:
    return (project.output / "feed.json").read_text("utf-8")


def test_what_is_not_to_be_published_is_in_no_document(plain: Project) -> None:
    assert [name for name, data in plain.bytes().items() if b"SECRET" in data] == []


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_to_be_published_is_there(plain: Project, name: str) -> None:
    assert f"SEEN {name}." in body_text(plain)


def test_keys_count_in_any_case(project: Project) -> None:
    (project.posts / "a.md").write_text('+++\nTitle = "Upper"\nDate = 2024-05-01\nTags = ["a"]\n+++\none\n')
    (project.posts / "c.md").write_text("---\ntitle: Astro\npubDate: 'Jul 08 2022'\n---\nthree\n")
    (project.posts / "d.md").write_text(
        "---\ntitle: Hugo\npublishDate: 2024-05-04\nlastMod: 2024-05-05\n---\nfour\n"
    )
    project.run("build")
    items = {one["title"]: one for one in json.loads(body_text(project))["items"]}
    dates = {title: one["date_published"][:10] for title, one in items.items()}
    assert dates == {"Upper": "2024-05-01", "Astro": "2022-07-08", "Hugo": "2024-05-04"}
    assert items["Upper"]["tags"] == ["a"]
    assert items["Hugo"]["date_modified"].startswith("2024-05-05")


def test_a_date_of_publication_that_cannot_be_read_publishes_nothing(project: Project) -> None:
    project.post("2024-01-02-a.md", body="SECRET", publishDate="when it is ready")
    project.post("2024-01-02-b.md", body="SECRET", expiryDate="next week")
    done = project.run("build")
    assert done.returncode == 1
    assert "a.md: publishdate is 'when it is ready', which is no date" in done.stdout + done.stderr
    assert "b.md: expirydate is 'next week', which is no date" in done.stdout + done.stderr
    assert not [name for name, data in project.bytes().items() if b"SECRET" in data]


class Timed(Project):
    """A project that is built in this process at times of the test's choice."""

    now = datetime(2025, 1, 1, tzinfo=UTC)

    def build(self) -> BuildReport:
        return build(load_config(self.config), jobs=1, clock=lambda: self.now)

    def ids(self) -> dict[str, str]:
        """The ids of all posts by their titles."""
        if not (self.output / "feed.json").exists():
            return {}
        return {one["title"]: one["id"] for one in json.loads(body_text(self))["items"]}


@pytest.fixture
def timed(tmp_path: Path) -> Timed:
    return Timed(tmp_path)


def test_a_post_appears_at_its_date_of_publication_and_goes_when_it_expires(timed: Timed) -> None:
    timed.post("2024-01-01-a.md", "Old", date="2024-01-01 00:00:00 +0000")
    timed.post(
        "2024-01-02-b.md",
        "Offer",
        date="2024-06-01",
        publishDate="2025-01-02",
        ExpiryDate="2025-01-04 00:00 +0000",
    )
    assert timed.build().unpublished == 1
    assert list(timed.ids()) == ["Old"]
    timed.now += timedelta(days=2)
    assert timed.build().changed == 0
    first = timed.ids()
    assert list(first) == ["Offer", "Old"]
    timed.now += timedelta(days=2)
    report = timed.build()
    assert (report.changed, report.gone, report.unpublished, report.published) == (0, 1, 1, 1)
    assert list(timed.ids()) == ["Old"]
    assert first["Offer"] in (timed.output / "atom.xml").read_text("utf-8")  # its tombstone
    assert "Offer" not in (timed.output / "atom.xml").read_text("utf-8")
    assert timed.build().written == []
    timed.post("2024-01-02-b.md", "Offer", date="2024-06-01", expiryDate="2026-01-04")
    timed.build()
    assert timed.ids() == first


def test_a_post_expires_though_its_folder_is_gone(timed: Timed) -> None:
    timed.post("2024-01-01-a.md", "Old")
    timed.post("2024-01-02-b.md", "Offer", expiryDate="2025-01-02")
    timed.build()
    (timed.folder / "site").rename(timed.folder / "elsewhere")
    timed.now += timedelta(days=2)
    assert timed.build().troubles
    assert list(timed.ids()) == ["Old"]


@pytest.mark.parametrize("count", [1, 40])
def test_that_files_say_they_are_drafts_is_never_doubted(timed: Timed, count: int) -> None:
    for number in range(count):
        timed.post(f"2024-01-02-p{number}.md", f"T{number}")
    timed.build()
    assert len(timed.ids()) == count
    for number in range(count):
        timed.post(f"2024-01-02-p{number}.md", f"T{number}", Draft="true")
    report = timed.build()
    assert (report.troubles, report.gone) == ([], count)
    assert timed.ids() == {}


def test_a_section_that_becomes_a_draft_takes_its_posts_with_it(tmp_path: Path) -> None:
    project = Project(tmp_path, posts=tmp_path / "content" / "blog")
    old = project.posts / "old"
    old.mkdir()
    project.post("old/a.md")
    project.post("b.md", title="Another")
    assert build(load_config(project.config)).posts == 2
    (old / "_index.md").write_text("---\ntitle: Old\ncascade:\n  draft: true\n---\n", "utf-8")
    report = build(load_config(project.config), allow_removals=True)
    assert (report.posts, report.unpublished) == (1, 1)
    assert "its section has draft: true" in report.reasons
