"""Posts that go: removed files, withdrawn posts, upstreams that take back; never by accident, and never back by accident."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from feeds import api, load_config
from feeds.cli.build import accept_removals
from feeds.cli.withdraw import Withdrawn
from feeds.daemon import control
from feeds.errors import StoreLocked
from feeds.storage.removal_guard import check_removals
from feeds.storage.sqlite import Database, lock_store
from tests.conftest import Project
from tests.integration.daemon.test_daemon import Running
from tests.integration.ingest.test_upstreams import subscribe
from tests.integration.publisher.test_archives import Site
from tests.rigs.chain import archives, chain, read
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    one = Site(tmp_path, archive='["atom", "rss", "json"]')
    for number in range(40):
        one.write(number)
    one.build()
    return one


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def uid_of(site: Site, number: int) -> str:
    return str(api.explain(load_config(site.config), f"_posts/2020-01-01-p{number}.md")["id"])


def withdraw(site: Site, uid: str, undo: bool = False) -> Withdrawn:
    return api.withdraw(load_config(site.config), uid, undo, lambda: site.now)


def places(site: Site, uid: str) -> list[str]:
    """The documents and pages that speak of a post in an entry."""
    marks = (f"<id>{uid}</id>", f'isPermaLink="false">{uid}<', f'"id":"{uid}"')
    return sorted(name for name, data in site.bytes().items() if any(mark in data.decode() for mark in marks))


def test_a_withdrawn_post_is_out_of_every_document_and_sealed_ones_keep_their_other_bytes(site: Site) -> None:
    uid, before = uid_of(site, 3), archives(site.output)
    assert any("archive/" in path for path in places(site, uid))
    withdraw(site, uid)
    site.build()
    assert places(site, uid) == []
    for path, data in archives(site.output).items():
        if uid.encode() not in before[path]:
            assert data == before[path]
        elif path.endswith(".xml"):
            mark = b"<entry>" if path.endswith("atom.xml") else b"<item>"
            kept = [piece for piece in before[path].split(mark) if uid.encode() not in piece]
            assert all(piece in data for piece in kept[:-1])
            assert len(data.split(mark)) == len(kept)
        else:
            items = [one for one in json.loads(before[path])["items"] if one["id"] != uid]
            assert json.loads(data) == json.loads(before[path]) | {"items": items}
    assert uid in read(site.output, "atom.xml").deleted
    assert uid in read(site.output, "category/c0/atom.xml").deleted
    assert uid not in read(site.output, "category/c1/atom.xml").deleted
    assert site.run("validate").returncode == 0
    assert site.build().written == []


def test_a_withdrawn_post_stays_out_when_it_is_seen_again_and_comes_back_when_somebody_says_so(
    site: Site,
) -> None:
    uid = uid_of(site, 7)
    withdraw(site, uid)
    site.build()
    site.write(7, "Edited.")
    site.build()
    (site.posts / "2020-01-01-p7.md").unlink()
    site.build()
    site.write(7, "Edited again.")
    site.build()
    assert places(site, uid) == []
    assert api.explain(load_config(site.config), uid)["state"] == "withdrawn"
    assert withdraw(site, uid, undo=True).uid == uid
    site.build()
    assert uid in [one for one, _ in read(site.output, "atom.xml").entries]
    assert uid not in read(site.output, "atom.xml").deleted
    assert uid in [
        one for document in chain(site.output, "category/c1/atom.xml") for one, _ in document.entries
    ]


def test_the_ledger_keeps_a_withdrawal_over_a_lost_store(site: Site) -> None:
    uid = uid_of(site, 7)
    withdraw(site, uid)
    site.build()
    assert json.dumps({"withdrawn": uid})[:-1] in site.ledger()
    for file in (site.folder / "state").glob("feedd.db*"):
        file.unlink()
    site.build()
    assert places(site, uid) == []
    withdraw(site, uid, undo=True)
    site.build()
    assert "withdrawn" not in site.ledger()


def test_the_file_of_a_post_is_removed_and_comes_back(site: Site) -> None:
    uid = uid_of(site, 39)
    (site.posts / "2020-01-01-p39.md").unlink()
    assert site.build().gone == 1
    assert places(site, uid) == []
    assert uid in read(site.output, "atom.xml").deleted
    site.write(39)
    site.build()
    assert uid in [one for one, _ in read(site.output, "atom.xml").entries]
    assert uid not in read(site.output, "atom.xml").deleted


def test_a_post_that_another_source_has_stays(site: Site) -> None:
    address = "https://a.example/one"
    site.write(50, source_url=address)
    other = site.folder / "other"
    other.mkdir()
    (other / "x.md").write_text(
        f"---\ntitle: X\ndate: 2020-01-01\nsource_url: {address}\ncategories: extra\n---\nText.\n"
    )
    site.set("[[identity]]", f'[[sources]]\nname = "other"\npath = "{other}"\n[[identity]]')
    site.build()
    uid = uid_of(site, 50)
    assert "category/extra/atom.xml" in places(site, uid)
    (site.posts / "2020-01-01-p50.md").unlink()
    site.build()
    assert "atom.xml" in places(site, uid)
    assert uid not in read(site.output, "atom.xml").deleted


def test_a_post_that_is_unpublished_by_wish_goes(site: Site) -> None:
    uid = uid_of(site, 39)
    site.write(39, published="false")
    site.build()
    assert places(site, uid) == []
    site.write(39)
    site.build()
    assert "atom.xml" in places(site, uid)


def test_a_renamed_file_is_not_a_removed_one(site: Site) -> None:
    uid = uid_of(site, 39)
    (site.posts / "2020-01-01-p39.md").rename(site.posts / "2020-01-01-q.md")
    assert site.build().gone == 0
    assert "atom.xml" in places(site, uid)
    assert read(site.output, "atom.xml").deleted == ()


def test_when_the_absence_of_many_is_not_believed() -> None:
    assert check_removals(100, 0, 10) == ""
    assert check_removals(100, 20, 10) == ""
    assert "21 of 100" in check_removals(100, 21, 10)
    assert check_removals(1000, 100, 10) == ""
    assert "all 3 posts" in check_removals(3, 3, 100)


def test_mass_removal_is_refused_and_named_until_it_is_allowed(site: Site) -> None:
    before = site.bytes()
    for number in range(25):
        (site.posts / f"2020-01-01-p{number}.md").unlink()
    report = site.build()
    assert any("25 of 40 posts are gone at once" in one for one in report.troubles)
    assert site.bytes() == before
    assert site.run("build", "--strict").returncode == 1
    assert site.build(allow_removals=True).gone == 25
    assert len({one for document in chain(site.output, "atom.xml") for one, _ in document.entries}) == 15


def test_an_emptied_folder_does_not_empty_the_feeds_and_its_return_changes_nothing(project: Project) -> None:
    path = project.post("2024-01-01-a.md")
    project.run("build")
    before = project.bytes()
    text = path.read_text("utf-8")
    path.unlink()
    told = project.run("build")
    assert "all 1 posts are gone at once" in told.stderr
    assert project.bytes() == before
    path.write_text(text, "utf-8")
    assert "trouble" not in project.run("build").stderr
    assert project.bytes() == before


def test_the_commands_tell_what_they_did_and_what_is_wrong(site: Site) -> None:
    assert "nobody" in site.run("withdraw", "nobody").stderr
    assert site.run("withdraw", "nobody").returncode == 2
    done = site.run("withdraw", "_posts/2020-01-01-p1.md")
    assert done.returncode == 0, done.stderr
    assert "withdrawn" in done.stdout
    assert "already" in site.run("withdraw", "_posts/2020-01-01-p1.md").stderr
    assert "withdrawn since" in site.run("explain", "_posts/2020-01-01-p1.md").stdout
    assert json.loads(site.run("withdraw", "--undo", "_posts/2020-01-01-p1.md", "--json").stdout)["undo"]
    assert "is not withdrawn" in site.run("withdraw", "--undo", "_posts/2020-01-01-p1.md").stderr


def test_tombstones_are_well_formed_atom(site: Site) -> None:
    withdraw(site, uid_of(site, 38))
    site.build()
    root = etree.fromstring((site.output / "atom.xml").read_bytes())
    stone = root.find("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert stone.get("when").startswith("2026-01-01T")
    assert "deleted-entry" not in (site.output / "rss.xml").read_text("utf-8")


def atom(entries: str, tombstones: str = "") -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">'
        f"<id>urn:feed</id><title>Up</title><updated>2024-01-01T00:00:00Z</updated>{tombstones}{entries}</feed>"
    ).encode()


def entry(name: str, text: str = "Text", link: str = "") -> str:
    return (
        f"<entry><id>urn:up:{name}</id><title>{name}</title><updated>2024-01-01T00:00:00Z</updated>"
        f'<link href="{link or "https://up.example/" + name}"/><content>{text}</content></entry>'
    )


@pytest.mark.parametrize("name", ["a", "a" * 1100])
def test_a_tombstone_removes_every_entry_that_shared_its_id(
    project: Project, upstream: UpstreamServer, name: str
) -> None:
    subscribe(project, upstream)
    shared = [entry(name, f"Text {n}", f"https://up.example/{n}") for n in range(2)]
    say(upstream, "".join(shared) + entry("b"))
    api.build(load_config(project.config), jobs=1)
    assert len(ids_in(project, "atom.xml")) == 3
    stone = f'<at:deleted-entry ref="urn:up:{name}" when="2024-02-01T00:00:00Z"/>'
    # An entry that the document still has is not removed, and neither are the others with its id.
    say(upstream, shared[0] + entry("b"), stone)
    api.build(load_config(project.config), jobs=1)
    assert len(ids_in(project, "atom.xml")) == 3
    say(upstream, entry("b"), stone)
    assert api.build(load_config(project.config), jobs=1).gone == 2
    assert ids_in(project, "atom.xml") == {"urn:up:b"}
    say(upstream, "".join(shared) + entry("b"))
    api.build(load_config(project.config), jobs=1)
    assert ids_in(project, "atom.xml") == {"urn:up:b"}


def test_an_upstream_takes_an_entry_back_and_it_stays_out(project: Project, upstream: UpstreamServer) -> None:
    project.post("2024-01-01-a.md", source_url="https://up.example/b", categories="own")
    subscribe(project, upstream, more='categories = ["planet"]\nterms = "merge"')
    say(upstream, entry("a") + entry("b") + entry("c"))
    project.run("build")
    assert ids_in(project, "category/planet/atom.xml") == {"urn:up:a", "urn:up:c", shared_id(project)}
    stones = "".join(f'<at:deleted-entry ref="urn:up:{name}" when="2024-02-01T00:00:00Z"/>' for name in "ab")
    say(upstream, entry("c"), stones)
    assert json.loads(project.run("build", "--json").stdout)["gone"] == 2
    assert ids_in(project, "category/planet/atom.xml") == {"urn:up:c"}
    assert shared_id(project) in ids_in(project, "atom.xml")
    assert "urn:up:a" in read(project.output, "atom.xml").deleted
    say(upstream, entry("a") + entry("b", "Newer text") + entry("c"))
    project.run("build")
    assert ids_in(project, "category/planet/atom.xml") == {"urn:up:c"}
    assert "urn:up:a" not in ids_in(project, "atom.xml")
    assert "taken back by blog" in project.run("explain", "urn:up:a").stdout
    assert project.run("withdraw", "--undo", "urn:up:a").returncode == 0
    project.run("build")
    assert "urn:up:a" in ids_in(project, "category/planet/atom.xml")


def say(upstream: UpstreamServer, entries: str, tombstones: str = "") -> None:
    upstream.routes["/feed"] = Answer(
        body=atom(entries, tombstones), headers={"Content-Type": "application/atom+xml"}
    )


def ids_in(project: Project, path: str) -> set[str]:
    return {uid for uid, _ in read(project.output, path).entries}


def shared_id(project: Project) -> str:
    return str(json.loads(project.run("explain", "https://up.example/b", "--json").stdout)["id"])


def test_a_running_daemon_believes_removals_when_it_is_told_to(project: Project) -> None:
    for number in range(30):
        project.post(f"2024-01-01-p{number}.md", f"Post {number}")
    daemon = Running(project, {})
    try:
        daemon.until(lambda: bool(daemon.events("ready")))
        for number in range(25):
            (project.posts / f"2024-01-01-p{number}.md").unlink()
        daemon.until(lambda: any("stay published" in str(one["error"]) for one in daemon.events("warning")))
        assert project.run("build").returncode == 75
        done = project.run("build", "--allow-removals", "--json")
        assert (done.returncode, json.loads(done.stdout)) == (0, {"left_to_daemon": True, "removed": 25}), (
            done.stderr
        )
        daemon.until(lambda: b"Post 3<" not in project.bytes()["atom.xml"])
        assert b"Post 29<" in project.bytes()["atom.xml"]
        assert daemon.stop() == 0
    finally:
        daemon.process.kill()
        daemon.process.wait(10)


def test_removals_that_nobody_believes_in_time_are_no_longer_allowed(site: Site) -> None:
    config = load_config(site.config)
    with lock_store(config.store), pytest.raises(StoreLocked, match="try again"):
        accept_removals(config, lambda: site.now, patience=0.2)
    with closing(Database.open(config.store, read_only=True)) as db:
        assert db.rows("requests_all") == []
    assert control.is_current(str(site.now.timestamp()), lambda: site.now + timedelta(seconds=90))
    assert not control.is_current(str(site.now.timestamp()), lambda: site.now + timedelta(hours=1))


def test_what_was_left_while_a_build_had_the_store_is_done_by_the_next_one(site: Site) -> None:
    uid = uid_of(site, 3)
    with lock_store(load_config(site.config).store):
        assert withdraw(site, uid).left
    assert places(site, uid)
    site.build()
    assert places(site, uid) == []
