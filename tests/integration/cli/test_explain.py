"""Everything that is known of a post, for people and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.cli.explain import explain_post
from feeds.storage.withdrawal import withdraw_post
from tests.rigs.memory_world import NOON, World, run_command, save_store


def test_a_published_post(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path, entries=1, output="archive = []")
    world.post("a", link="https://old.example/a", tags="[x]")
    world.post("b", date="2024-04-02 10:00:00 +0000")
    world.build()
    save_store(world)
    found = explain_post(world.config, "a.md")
    assert (found["title"], found["state"], found["published"]) == ("a", "live", "2024-04-01T10:00:00+00:00")
    assert found["sightings"] == [
        {"source": "news", "path": "a.md", "guid": "", "address": "https://old.example/a", "shown_body": True}
    ]
    feeds = {feed["feed"]: feed for feed in found["feeds"]}
    assert feeds["tag/x/"] == {"feed": "tag/x/", "label": "x", "in_document": True}
    assert feeds["/"]["why_not"] == "1 newer posts fill it"
    assert run_command(world, "explain", "a.md") == 0
    out = capsys.readouterr().out
    assert "state      published" in out
    assert "source     news: a.md <https://old.example/a>  (its text is published)" in out
    assert "feed       / (Test site)  not in the document: 1 newer posts fill it" in out
    assert run_command(world, "explain", "b.md", "--json") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "b"


def test_why_a_post_is_in_no_feed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a")
    world.post("later", date="2030-01-01")
    world.post("draft", published="false")
    world.build()
    withdraw_post(world.db, world.rows("SELECT uid FROM post WHERE state = 'live'")[0][0], NOON)
    save_store(world)
    assert explain_post(world.config, "a.md")["why_not"].startswith("withdrawn since 2024-05-01T12:00:00Z; ")
    assert explain_post(world.config, "later.md")["why_not"] == "scheduled: its date is in the future"
    draft = explain_post(world.config, "draft.md")
    assert (draft["id"], draft["state"], bool(draft["why_not"])) == (None, "unpublished", True)
