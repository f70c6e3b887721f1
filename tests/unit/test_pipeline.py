"""The steps of a run: what is read offline, what is due, and which errors stop no other source."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from feeds import pipeline
from tests.rigs.memory_world import NOON, UPSTREAM, World, build_rss


def test_a_missing_folder_stops_no_other_step(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.ingest_feed(build_rss("a"))
    shutil.rmtree(world.posts)
    report = world.ingest()
    assert len(report.troubles) == 1
    assert report.troubles[0].startswith("source news: ")
    assert world.rows("SELECT count(*) FROM post") == [(1,)]


def test_due_and_expired_posts_are_counted(tmp_path: Path) -> None:
    world = World(tmp_path)
    due = NOON + timedelta(hours=1)
    world.post("later", date=f"{due:%Y-%m-%d %H:%M:%S} +0000")
    world.post("old", expiryDate=f"{due:%Y-%m-%d %H:%M:%S} +0000")
    world.ingest()
    assert pipeline.update_due_posts(world.session) == 0
    world.now = due
    assert pipeline.update_due_posts(world.session) == 2


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
