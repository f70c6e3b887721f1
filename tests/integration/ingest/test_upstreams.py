"""Upstreams in a build: the program asks a real server and publishes what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest

from tests.conftest import Project
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

Entry = tuple[str, str, str]
"""Guid, address and title."""


def rss(items: Sequence[Entry], title: str = "Somebody's blog", extra: str = "") -> bytes:
    parts = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><link>{link}</link><title>{name}</title>"
        f"<pubDate>Tue, {day:02} Oct 2024 08:00:00 GMT</pubDate><description>Text of {name}.</description>"
        f"<category>science</category>{extra}</item>"
        for day, (guid, link, name) in enumerate(items, 1)
    )
    return (
        "<?xml version='1.0'?><rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' "
        "xmlns:podcast='https://podcastindex.org/namespace/1.0' xmlns:media='http://search.yahoo.com/mrss/'>"
        f"<channel><title>{title}</title><link>https://blog.example/</link>"
        f"<description>d</description>{parts}</channel></rss>"
    ).encode()


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def subscribe(
    project: Project, server: UpstreamServer, path: str = "/feed", name: str = "blog", more: str = ""
) -> None:
    text = project.config.read_text("utf-8")
    block = (
        f'[[sources]]\nname = "{name}"\nkind = "upstream"\nurl = "{server.url(path)}"\n'
        f'allow = ["{server.authority}"]\ngroup = "{name}"\n{more}\n'
    )
    project.config.write_text(text.replace("[[identity]]", block + "[[identity]]", 1), "utf-8")


def build(project: Project, *arguments: str) -> dict[str, object]:
    run = project.run("build", "--json", *arguments)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def titles(project: Project, path: str = "atom.xml") -> list[str]:
    """The titles of a feed; a feed that is not published yet has none, so a test may wait for the first."""
    if not (project.output / path).exists():
        return []
    return sorted(str(entry["title"]) for entry in entries(project.output / path))


def test_entries_of_an_upstream_are_published_once(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(
        body=rss([("1", "https://blog.example/1", "One"), ("2", "https://blog.example/2", "Two")]),
        headers={"ETag": '"v1"', "Content-Type": "application/rss+xml"},
    )
    subscribe(project, upstream)
    report = build(project)
    assert (report["asked"], report["new"], report["troubles"]) == (1, 2, [])
    assert titles(project) == ["One", "Two"]
    assert titles(project, "tag/science/atom.xml") == ["One", "Two"]
    before = project.snapshot()
    upstream.routes["/feed"] = Answer(304)
    assert build(project)["written"] == []
    assert project.snapshot() == before
    assert upstream.log[-1].headers["if-none-match"] == '"v1"'
    assert project.run("validate").returncode == 0


def test_the_source_of_an_entry_is_named_and_media_are_carried_through(
    project: Project, upstream: UpstreamServer
) -> None:
    extra = (
        "<enclosure url='https://blog.example/a.mp3' length='1234' type='audio/mpeg'/>"
        "<itunes:duration>12:30</itunes:duration><itunes:image href='https://blog.example/i.png'/>"
        "<podcast:person role='host'>Jane</podcast:person>"
        "<podcast:transcript url='/t.vtt' type='text/vtt'/><media:content url='/a.mp4' fileSize='7'/>"
    )
    upstream.routes["/feed"] = Answer(body=rss([("1", "https://blog.example/1", "One")], extra=extra))
    subscribe(project, upstream)
    build(project)
    atom = (project.output / "atom.xml").read_text("utf-8")
    assert "<source><id>" in atom
    assert "<title>Somebody's blog</title>" in atom
    assert 'href="https://blog.example/a.mp3" rel="enclosure" type="audio/mpeg" length="1234"' in atom
    rss_document = (project.output / "rss.xml").read_text("utf-8")
    assert '<enclosure url="https://blog.example/a.mp3" length="1234" type="audio/mpeg"/>' in rss_document
    for said in (
        "<itunes:duration>12:30</itunes:duration>",
        '<itunes:image href="https://blog.example/i.png"/>',
        '<podcast:person role="host">Jane</podcast:person>',
        '<podcast:transcript url="https://blog.example/t.vtt" type="text/vtt"/>',
        '<media:content url="https://blog.example/a.mp4" type="video/mp4" fileSize="7"/>',
    ):
        assert said in rss_document
    entry = json.loads((project.output / "feed.json").read_text("utf-8"))["items"][0]
    assert entry["image"] == "https://blog.example/i.png"
    assert [one["url"][-3:] for one in entry["attachments"]] == ["mp3", "mp4"]
    assert entry["attachments"][0]["size_in_bytes"] == 1234
    assert entry["attachments"][0]["duration_in_seconds"] == 750
    assert project.run("validate").returncode == 0


def test_the_same_article_from_a_folder_and_two_upstreams_is_one_entry(
    project: Project, upstream: UpstreamServer
) -> None:
    address = "http://a.example/news/1351,202401017654321.html"
    project.post("2024-01-01-a.md", "From the folder", body=f"Text.\n\n<{address}>")
    upstream.routes["/one"] = Answer(
        body=rss([("x", "https://b.example/?infoCode=202401017654321", "Other")])
    )
    upstream.routes["/two"] = Answer(body=rss([("y", address + "?utm_source=z", "Third")]))
    subscribe(project, upstream, "/one", "one")
    subscribe(project, upstream, "/two", "two", 'terms = "merge"')
    build(project)
    assert titles(project) == ["From the folder"]
    assert titles(project, "tag/science/atom.xml") == ["From the folder"]


def test_changed_guids_edits_and_entries_that_roll_off_do_no_harm(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(
        body=rss([("a", "https://blog.example/1", "One"), ("b", "https://blog.example/2", "Two")])
    )
    build(project)
    first = {entry["link"]: entry["id"] for entry in entries(project.output / "atom.xml")}
    upstream.routes["/feed"] = Answer(body=rss([("c", "https://blog.example/1", "One, edited")]))
    build(project)
    assert titles(project) == ["One, edited", "Two"]
    assert {entry["link"]: entry["id"] for entry in entries(project.output / "atom.xml")} == first
    for empty in (rss([]), b"<html><body>Domain for sale</body></html>", b""):
        upstream.routes["/feed"] = Answer(body=empty)
        project.run("build")
        assert titles(project) == ["One, edited", "Two"]


def test_a_site_that_links_every_item_to_one_page_keeps_its_items_apart(
    project: Project, upstream: UpstreamServer
) -> None:
    shared = "https://blog.example/news"
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(body=rss([("a", shared, "One")]))
    build(project)
    upstream.routes["/feed"] = Answer(body=rss([("a", shared, "One"), ("b", shared, "Two")]))
    build(project)
    assert titles(project) == ["One", "Two"]
    assert '"burnt"' in project.ledger()


def test_entries_that_have_but_a_title_are_told_apart(project: Project, upstream: UpstreamServer) -> None:
    items = "<item><title>One</title></item><item><title>Two</title></item>"
    body = f"<rss version='2.0'><channel><title>Bare</title>{items}</channel></rss>".encode()
    upstream.routes["/feed"] = Answer(body=body)
    subscribe(project, upstream)
    build(project)
    assert titles(project) == ["One", "Two"]


def test_an_id_that_another_feed_claims_does_no_harm(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream, "/own", "own")
    upstream.routes["/own"] = Answer(
        body=rss([("tag:own.example,2024:1", "https://own.example/1", "Own text")])
    )
    build(project)
    (first,) = entries(project.output / "atom.xml")
    # It stands behind in the configuration, as a source that was added later does.
    subscribe(project, upstream, "/other", "other")
    upstream.routes["/other"] = Answer(
        body=rss([("tag:own.example,2024:1", "https://other.example/x", "Claimed, and a longer text")])
    )
    build(project)
    (second,) = entries(project.output / "atom.xml")
    assert (second["id"], second["title"], second["link"]) == (first["id"], "Own text", first["link"])


def test_a_date_in_the_future_is_held_at_the_first_sight(project: Project, upstream: UpstreamServer) -> None:
    body = rss([("1", "https://blog.example/1", "One")]).replace(b"Oct 2024", b"Oct 2094")
    upstream.routes["/feed"] = Answer(body=body)
    subscribe(project, upstream)
    build(project)
    (first,) = entries(project.output / "atom.xml")
    assert "2094" not in (project.output / "atom.xml").read_text("utf-8")
    upstream.routes["/feed"] = Answer(body=body + b" ")
    assert build(project)["written"] == []
    assert entries(project.output / "atom.xml") == [first]


def test_a_failing_upstream_is_a_trouble_and_not_an_error(project: Project, upstream: UpstreamServer) -> None:
    project.post("2024-01-01-a.md", "From the folder")
    upstream.routes["/feed"] = Answer(500)
    subscribe(project, upstream)
    report = build(project)
    assert len(report["troubles"]) == 1  # type: ignore[arg-type]
    assert "500" in report["troubles"][0]  # type: ignore[index]
    assert titles(project) == ["From the folder"]
    assert project.run("build", "--strict").returncode in (0, 1)


def test_a_changed_setting_acts_on_kept_entries_without_asking(
    project: Project, upstream: UpstreamServer
) -> None:
    upstream.routes["/feed"] = Answer(body=rss([("a", "https://blog.example/1", "One")]))
    subscribe(project, upstream)
    build(project)
    asked = len(upstream.log)
    project.set('group = "blog"', 'group = "blog"\ncategories = ["planet"]\nterms = "none"')
    build(project, "--offline")
    assert len(upstream.log) == asked
    assert titles(project, "category/planet/atom.xml") == ["One"]
    assert not (project.output / "tag" / "science").exists()


def test_credentials_come_from_the_environment_only(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(body=rss([("a", "https://blog.example/1", "One")]))
    subscribe(project, upstream, more='auth = "env:FEEDD_TEST_AUTH"')
    report = build(project)
    assert "FEEDD_TEST_AUTH" in report["troubles"][0]  # type: ignore[index]
    assert upstream.log == []


def test_a_list_of_upstreams_is_a_source(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(body=rss([("a", "https://blog.example/1", "One")]))
    outline = f'<outline type="rss" text="Blog" xmlUrl="{upstream.url("/feed")}"/>'
    (project.folder / "list.opml").write_text(
        f'<opml version="2.0"><head/><body><outline text="science">{outline}</outline></body></opml>', "utf-8"
    )
    text = project.config.read_text("utf-8")
    block = (
        f'[[sources]]\nname = "planet"\nkind = "opml"\npath = "list.opml"\nallow = ["{upstream.authority}"]\n'
    )
    project.config.write_text(text.replace("[[identity]]", block + "[[identity]]", 1), "utf-8")
    build(project)
    assert titles(project, "category/science/atom.xml") == ["One"]


def test_an_address_that_is_not_public_is_refused(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(body=rss([("a", "https://blog.example/1", "One")]))
    subscribe(project, upstream)
    project.set(f'allow = ["{upstream.authority}"]', "allow = []")
    report = build(project)
    assert "allow" in report["troubles"][0]  # type: ignore[index]
    assert upstream.log == []


def test_an_entry_of_megabytes_is_left_out_and_named(project: Project, upstream: UpstreamServer) -> None:
    items = [("a", "https://blog.example/1", "long " * 500_000), ("b", "https://blog.example/2", "Short")]
    upstream.routes["/feed"] = Answer(body=rss(items))
    subscribe(project, upstream)
    report = build(project)
    assert "left out" in report["troubles"][0]  # type: ignore[index]
    assert titles(project) == ["Short"]


def test_megabytes_of_title_do_not_get_into_documents(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(body=rss([("a", "https://blog.example/1", "long " * 100_000)]))
    subscribe(project, upstream)
    build(project)
    (title,) = titles(project)
    assert title.startswith("long long")
    assert title.endswith("…")
    assert len(title) < 5000
