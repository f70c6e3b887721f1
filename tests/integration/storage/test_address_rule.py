"""A new rule for addresses is applied to a store of the former rule: what it joined wrongly parts, and ids stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import ROOT, Project
from tests.integration.storage.test_migrations import older_store
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

STORE = ROOT / "tests" / "cases" / "stores" / "rule_2.sql"
IDS = {
    "Alone": "urn:uuid:0a124d5a-bea3-5d00-8bee-0600c2810d09",
    "Plain": "urn:uuid:f48eed32-98b4-5c49-b4ee-abd682058aad",
    "Entry": "urn:uuid:5828bb38-14bc-5a88-a122-3d1f5a1b0288",
}
JOINED = "urn:uuid:cb5381b8-6ac1-576a-86ca-39cd0c298192"
FEED = (
    "<rss version='2.0'><channel><title>U</title><link>https://u.example/</link><description>d</description>"
    "<item><title>Entry</title><link>https://straße.example/u</link><description>Text of the entry.</description>"
    "<pubDate>Tue, 02 Jan 2024 00:00:00 GMT</pubDate></item></channel></rss>"
)


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        server.routes["/feed"] = Answer(200, FEED.encode(), {"Content-Type": "application/rss+xml"})
        yield server


@pytest.fixture
def site(project: Project, upstream: UpstreamServer) -> Project:
    """The files and the upstream that the store knows, as they were when rule 2 read them."""
    source = f'[[sources]]\nname = "planet"\nkind = "upstream"\nurl = "{upstream.url("/feed")}"\n'
    text = project.config.read_text("utf-8")
    source += f'allow = ["{upstream.authority}"]\n\n[[identity]]'
    project.config.write_text(text.replace("[[identity]]", source, 1), "utf-8")
    project.post("a.md", "Alone", "One.", date="2024-01-01 00:00:00", source_url="https://straße.example/1")
    project.post("b.md", "Street", "Two.", date="2024-01-02 00:00:00", source_url="https://strasse.example/2")
    project.post(
        "c.md", "Straße", "Three three.", date="2024-01-03 00:00:00", source_url="https://straße.example/2"
    )
    project.post("d.md", "Plain", "Four.", date="2024-01-04 00:00:00", source_url="https://plain.example/4")
    return project


def build(project: Project) -> dict[str, str]:
    """Title and id of every published post."""
    done = project.run("build")
    assert done.returncode == 0, done.stderr
    return {one["title"]: one["id"] for one in entries(project.output / "atom.xml")}


def load_store(project: Project, more: str = "") -> None:
    old = older_store(project.folder / "state" / "feedd.db", 11)
    old.executescript(STORE.read_text("utf-8") + more)
    old.close()


def test_posts_of_two_sites_part_and_published_ids_stay(site: Project) -> None:
    load_store(site)
    found = build(site)
    assert {title: found.pop(title) for title in IDS} == IDS
    assert found.pop("Street") == JOINED
    assert list(found) == ["Straße"]
    before = site.bytes()
    build(site)
    assert site.bytes() == before


def test_what_has_the_address_that_the_former_rule_made_is_another_post(site: Project) -> None:
    load_store(site)
    build(site)
    site.post("e.md", "Other", "Five.", date="2024-01-05 00:00:00", source_url="https://strasse.example/1")
    site.post(
        "f.md", "Again", "Six.", date="2024-01-06 00:00:00", source_url="https://xn--strae-oqa.example/u"
    )
    found = build(site)
    assert found["Alone"] == IDS["Alone"]
    assert found["Other"] not in IDS.values()
    assert IDS["Entry"] in found.values()
    assert len(found) == 6, "the file joins the entry whose address it has, in another form"


def test_a_machine_that_knows_nothing_gives_the_ids_that_the_former_rule_gave(site: Project) -> None:
    found = build(site)
    assert {title: found[title] for title in IDS} == IDS


def test_the_ledger_of_the_former_rule_is_understood(site: Project) -> None:
    ledger = site.folder / "state" / "ledger.jsonl"
    ledger.parent.mkdir()
    ledger.write_text('{"id": "url:https://strasse.example/1", "value": "urn:x:told"}\n', "utf-8")
    assert build(site)["Alone"] == "urn:x:told"


def test_what_joined_nothing_by_the_former_rule_joins_nothing_by_this_one(site: Project) -> None:
    load_store(site, "INSERT INTO burnt (key) VALUES ('url:https://strasse.example/1');")
    build(site)
    assert '"burnt": "url:https://xn--strae-oqa.example/1"' in site.ledger()
    site.post("e.md", "Other", "Five.", date="2024-01-05 00:00:00", source_url="https://straße.example/1")
    assert {"Alone", "Other"} <= build(site).keys()
