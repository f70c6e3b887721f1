"""A private feed: nothing that everybody can read says that there is one, and no hub hears of it."""

from __future__ import annotations

import pytest

from feeds.storage import subscriptions
from feeds.storage.store import Store
from feeds.websub.protocol import Topics
from tests.conftest import Project
from tests.rigs.serve_rig import serving

SECRET = "0123456789abcdef"
PUSH = '[push]\nhub = true\nhubs = ["https://hub.example/"]\n'
PRIVATE = '[serve]\nlisten = "127.0.0.1:0"\n[[serve.private]]\nfeed = "category/inside"\nsecret = "env:FEEDD_INSIDE"\n'


def configure(project: Project, text: str) -> None:
    project.config.write_text(project.config.read_text("utf-8") + text, "utf-8")


def pings(project: Project) -> list[str]:
    db = Store.open(project.folder / "state" / "feedd.db")
    tasks = [
        subscriptions.load_task(db, one.number, 10**10)
        for one in subscriptions.load_due(db, 10**10, 999, 999)
        if not one.to_subscriber
    ]
    db.close()
    return [one.data["topic"] for one in tasks if one]


@pytest.fixture
def mixed(project: Project) -> Project:
    project.post("2024-01-01-a.md", "Within", categories='["inside", "outside"]', tags="x")
    project.post("2024-01-02-b.md", "Without", categories="outside", tags="x")
    configure(project, PUSH + PRIVATE)
    assert project.run("build").returncode == 0
    return project


def test_nothing_public_names_a_private_feed(mixed: Project) -> None:
    for path, data in mixed.bytes().items():
        if not path.startswith("category/inside/") and path != ".feedd":
            assert b"category/inside" not in data, path
    topics = pings(mixed)
    assert "https://site.example/feeds/category/outside/atom.xml" in topics
    assert not any("inside" in one for one in topics)
    inside = {name: (mixed.output / "category/inside" / name).read_text("utf-8") for name in
              ("atom.xml", "rss.xml", "feed.json", "index.html")}  # fmt: skip
    assert not any("hub.example" in text for text in inside.values())
    assert "hub.example" in (mixed.output / "category/outside/atom.xml").read_text("utf-8")
    page = inside["index.html"]
    assert 'value="atom.xml"' in page, "each who may read it has an address of his own"
    assert "noindex" in page
    assert "site.example/feeds/category/inside" not in page


def test_making_a_feed_private_takes_it_out_of_everything(project: Project) -> None:
    project.post("2024-01-01-a.md", categories="inside")
    configure(project, PUSH)
    project.run("build")
    assert b"category/inside/" in project.bytes()["index.html"]
    configure(project, PRIVATE)
    project.post("2024-01-02-b.md", "Another", categories="inside")
    before = len([one for one in pings(project) if "inside" in one])
    assert project.run("build").returncode == 0
    assert len([one for one in pings(project) if "inside" in one]) == before
    assert all(b"category/inside" not in project.bytes()[name] for name in ("index.html", "feeds.opml"))


def test_the_secret_address_has_a_page_that_leads_back_to_itself(mixed: Project, monkeypatch) -> None:
    from feeds.config import load_config

    monkeypatch.setenv("FEEDD_INSIDE", SECRET)
    with serving(mixed.output, load_config(mixed.config).serve) as client:
        moved = client.ask(f"/private/{SECRET}")
        assert (moved.status, moved.headers["location"]) == (301, f"/feeds/private/{SECRET}/")
        page = client.ask(f"/private/{SECRET}/")
        assert (page.status, page.headers["cache-control"]) == (200, "no-store")
        assert b'href="atom.xml"' in page.body
        assert client.ask(f"/private/{SECRET}/atom.xml").status == 200
        for path in (
            "/category/inside",
            "/category/inside/",
            "/category/inside/atom.xml",
            "/feeds/category/inside/",
        ):
            assert client.ask(path).status == 404
        wrong = client.ask(f"/private/{SECRET[:-1]}x/atom.xml")
        assert (wrong.status, wrong.headers["cache-control"]) == (404, "no-store")


def test_a_private_feed_that_is_none_is_named(project: Project) -> None:
    project.post("2024-01-01-a.md", categories="内部")
    configure(project, PRIVATE.replace("category/inside", "category/内部"))
    done = project.run("build")
    assert done.returncode == 0
    assert "there is no feed category/内部" in done.stdout + done.stderr
    project.set("category/内部", "category/neibu")
    assert "there is no feed" not in project.run("build").stderr
    assert b"neibu" not in project.bytes()["index.html"]


def test_an_alias_must_not_open_a_private_feed(project: Project) -> None:
    project.post("2024-01-01-a.md", categories="inside")
    configure(project, PRIVATE + '[aliases]\n"old.xml" = "category/inside/atom.xml"\n')
    done = project.run("check")
    assert done.returncode == 1
    assert "aliases.old.xml: would open a private feed to everybody; remove it" in done.stdout + done.stderr


def test_a_private_server_tells_no_hub_and_has_no_topics(project: Project) -> None:
    project.post("2024-01-01-a.md")
    configure(project, PUSH + '[serve]\nauth = "env:FEEDD_LOGIN"\n')
    assert project.run("build").returncode == 0
    assert pings(project) == []
    assert b"hub.example" not in project.bytes()["atom.xml"]
    assert b"tag/tag/" in project.bytes()["index.html"], "who has the password sees every feed"
    topics = Topics("https://s.example/", "https://s.example/hub", {}, ("/",))
    assert topics.path("https://s.example/atom.xml") == ""
