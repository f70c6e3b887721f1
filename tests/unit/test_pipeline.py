"""The steps of a run: what is read offline, what is due, and which errors stop no other source."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from feeds import pipeline
from feeds.ingest import poller
from feeds.ingest.feed import PollReport
from feeds.sources import UpstreamFeed
from tests.rigs.memory_world import UPSTREAM, World, build_rss


def test_a_missing_folder_stops_no_other_step(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.ingest_feed(build_rss("a"))
    shutil.rmtree(world.posts)
    report = world.ingest()
    assert len(report.troubles) == 1
    assert report.troubles[0].startswith("source news: ")
    assert world.rows("SELECT count(*) FROM post") == [(1,)]


def test_the_ledger_is_applied_before_sources_are_read(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a")
    world.build()
    (uid,) = world.rows("SELECT uid FROM post")[0]
    world.session.publishing.ledger.write_text(
        f'{{"withdrawn": "{uid}", "value": "2024-05-01T12:00:00Z"}}\nbad\n'
    )
    report = world.ingest()
    assert len(report.troubles) == 1
    assert world.rows("SELECT state FROM post") == [("withdrawn",)]


def test_changed_settings_are_applied_offline(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.ingest_feed(build_rss("a"))
    world.configure(more=UPSTREAM + 'categories = ["new"]\n')
    assert world.ingest().asked == 0
    assert world.rows("SELECT count(*) FROM feed WHERE name = 'new'") == [(1,)]


def test_lists_are_polled_before_their_feeds_and_never_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def poll_once(session: object, sources: Sequence[UpstreamFeed]) -> PollReport:
        calls.append("lists" if any(source.is_list for source in sources) else "feeds")
        return PollReport()

    monkeypatch.setattr(poller, "poll_once", poll_once)
    listed = '[[sources]]\nname = "list"\nkind = "opml"\nurl = "https://up.example/opml"\n'
    world = World(tmp_path, more=listed)
    pipeline.ingest(world.session, offline=True)
    assert calls == []
    pipeline.ingest(world.session, offline=False)
    assert calls == ["lists", "feeds"]
    world.configure(more=UPSTREAM)
    pipeline.ingest(world.session, offline=False)
    assert calls[2:] == ["feeds"]
