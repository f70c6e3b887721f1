"""Ids of files come from source and path, and ids that an older version derived from texts stay."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from feeds.api import build, load_config
from feeds.post_ids import derive_post_urn
from feeds.storage.ledger_lines import FILE_IDS
from tests.conftest import ROOT
from tests.integration.storage.test_migrations import older_store

STORE = ROOT / "tests" / "cases" / "stores" / "text_ids.sql"
MARK = {"form": FILE_IDS.name, "value": FILE_IDS.value}
OLD_LINES = [
    {"id": "item:posts:path:c2.md", "value": "urn:uuid:f050bef9-99b4-531c-909b-af325745ac70"},
    {"keys": "posts/g.md", "value": "page:https://site.example/2024/01/05/f.html"},
]
OLD_IDS = {
    "a": "urn:uuid:0f56ce22-68b7-5db3-900e-4d8dc98bd4ce",
    "b": "urn:uuid:1b825f16-9342-5b10-9610-fdb073ec4435",
    "c1": "urn:uuid:212d49b3-d0be-5460-bd77-5a41650cb41f",
    "c2": "urn:uuid:f050bef9-99b4-531c-909b-af325745ac70",
    "d": "urn:uuid:550d7966-e44b-5c9f-8277-e4fd908ea8c1",
    "g": "urn:uuid:aae91638-6cd1-56f0-a990-53a6015d61da",
}
"""Ids that the older version published; the file of `g` was renamed from `f.md`."""


class Site:
    """A folder of files that the older version has published, without its memory."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.posts, self.state = folder, folder / "posts", folder / "state"
        self.posts.mkdir()
        self.write("a", "Text of A.")
        self.write("b", "Text of B.\n\n<https://elsewhere.example/b>")
        self.write("c1", "We are closed.", day=3, title="Notice")
        self.write("c2", "We are closed.", day=4, title="Notice")
        self.write("d", "Text of D.", more="source_url: https://a.example/d\n")
        self.write("g", "Text of F.", day=5, title="F")
        self.config = folder / "feedd.toml"
        self.config.write_text(
            '[site]\ntitle = "T"\nurl = "https://site.example/"\n[output]\ndir = "output"\n'
            '[store]\nurl = "state/feedd.db"\n[[sources]]\nname = "posts"\npath = "posts"\n',
            "utf-8",
        )

    def write(self, name: str, text: str, day: int = 2, title: str = "", more: str = "") -> None:
        head = f"title: {title or name.upper()}\ndate: 2024-01-{day:02} 03:04:05\n{more}"
        (self.posts / f"{name}.md").write_text(f"---\n{head}---\n{text}\n", "utf-8")

    def build(self) -> dict[str, str]:
        """Build, and return the id of each file."""
        report = build(load_config(self.config), jobs=1)
        assert report.troubles == []
        return self.find_ids()

    def find_ids(self) -> dict[str, str]:
        entries = json.loads((self.folder / "output" / "feed.json").read_text("utf-8"))["items"]
        names = {entry["id"]: re.sub(r".*/|\.html$", "", entry.get("url", "")) for entry in entries}
        return {names[uid]: uid for uid in names}

    def add_store(self) -> None:
        older_store(self.state / "feedd.db", 15).executescript(STORE.read_text("utf-8"))

    def add_ledger(self) -> None:
        self.state.mkdir(exist_ok=True)
        text = "".join(json.dumps(line) + "\n" for line in OLD_LINES)
        (self.state / "ledger.jsonl").write_text(text, "utf-8")

    def lose(self, *names: str) -> None:
        """Lose the store and these other things."""
        (self.state / "feedd.db").unlink()
        for name in names:
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def list_lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in (self.state / "ledger.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def derive(name: str) -> str:
    return derive_post_urn(f"item:posts:path:{name}.md")


def test_a_fresh_site_derives_ids_from_source_and_path(site: Site) -> None:
    ids = site.build()
    assert ids == {name: derive(name) for name in ["a", "b", "c1", "c2", "g"]} | {"d": OLD_IDS["d"]}
    assert site.list_lines() == [MARK]
    site.write("a", "Another text of A.")
    assert site.build() == ids
    for lost in (["output"], ["state/ledger.jsonl"], ["output", "state/ledger.jsonl"]):
        site.lose(*lost)
        assert site.build() == ids, lost


@pytest.mark.parametrize("has_ledger", [False, True])
def test_the_ids_of_an_older_store_stay_and_get_lines(site: Site, has_ledger: bool) -> None:
    site.add_store()
    if has_ledger:
        site.add_ledger()
    site.write("n", "A new file.")
    ids = site.build()
    assert ids == OLD_IDS | {"n": derive("n")}
    lines = site.list_lines()
    recorded = {line["id"]: line["value"] for line in lines if "id" in line}
    expected = {f"item:posts:path:{name}.md": OLD_IDS[name] for name in ["a", "b", "c1", "c2", "g"]}
    # The file that was removed gets its id again when it comes back.
    assert expected.items() <= recorded.items()
    assert recorded.keys() - expected.keys() == {"item:posts:path:e.md"}
    site.lose("output")
    assert site.build() == ids
    assert site.list_lines() == lines
    site.write("e", "Text of E, again.")
    assert site.build()["e"] == recorded["item:posts:path:e.md"]


def test_a_ledger_of_an_older_version_keeps_the_ids_that_it_has_no_line_for(site: Site) -> None:
    site.add_ledger()
    assert site.build() == OLD_IDS
    lines = site.list_lines()
    assert MARK in lines
    site.write("n", "A new file.")
    # Whatever the texts become, the lines have the ids now.
    site.write("a", "Another text of A.")
    site.lose("output")
    assert site.build() == OLD_IDS | {"n": derive("n")}


def test_a_ledger_keeps_the_rule_until_every_folder_was_read(site: Site) -> None:
    site.add_ledger()
    with site.config.open("a", encoding="utf-8") as file:
        file.write('[[sources]]\nname = "other"\npath = "other"\n')
    report = build(load_config(site.config), jobs=1)
    assert "other" in report.troubles[0]
    assert MARK not in site.list_lines()
    (site.folder / "other").mkdir()
    assert site.build() == OLD_IDS
    assert MARK in site.list_lines()


def test_an_output_without_any_memory_shows_by_which_rule_its_ids_were_derived(site: Site) -> None:
    site.add_ledger()
    site.build()
    site.lose("state/ledger.jsonl")
    site.write("n", "A new file.")
    ids = site.build()
    # Of two equal texts only the ledger knows which had which id.
    assert {name: ids[name] for name in ["a", "b", "d", "g"]} == {
        name: OLD_IDS[name] for name in ["a", "b", "d", "g"]
    }
    assert MARK in site.list_lines()


def test_two_files_that_exchange_their_paths_keep_their_ids(site: Site) -> None:
    ids = site.build()
    first, second = site.posts / "a.md", site.posts / "b.md"
    first.rename(site.posts / "x.md")
    second.rename(first)
    (site.posts / "x.md").rename(second)
    after = site.build()
    assert {after["a"], after["b"]} == {ids["a"], ids["b"]}
    site.lose("output")
    assert site.build() == after


def test_a_new_file_does_not_get_the_recorded_id_of_a_renamed_file(site: Site) -> None:
    site.add_store()
    site.build()
    (site.posts / "a.md").rename(site.posts / "z.md")
    assert site.build()["z"] == OLD_IDS["a"]
    # Its date is earlier, so a rebuild assigns its id first.
    site.write("a", "A new file.", day=1, title="New")
    ids = site.build()
    assert ids["z"] == OLD_IDS["a"]
    site.lose("output")
    assert site.build() == ids
