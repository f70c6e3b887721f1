"""The history of a feed: fetched here, or left to the running daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.errors import UsageError
from feeds.ingest import backfill
from feeds.ingest.backfill import HistoryReport
from feeds.storage.sqlite import lock_store
from tests.rigs.memory_world import UPSTREAM, World, run_command, save_store


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, more=UPSTREAM)
    save_store(made)
    return made


def test_what_was_fetched_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = HistoryReport("up", pages=2, new=1, done=True, reason="x", troubles=["source up: bad entry"])
    monkeypatch.setattr(backfill, "fetch_history_once", lambda session, name, pages: found)
    assert run_command(world, "backfill", "up", "--pages", "3") == 0
    done = capsys.readouterr()
    assert done.out == "up: 1 older post (2 pages fetched, reached the beginning)\n"
    assert done.err == "warning: up: bad entry\n"
    found.new, found.done = 0, False
    run_command(world, "backfill", "up")
    assert capsys.readouterr().out == "up: no older posts (2 pages fetched, x)\n"


def test_a_running_daemon_fetches_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_store(world.config.store):
        assert run_command(world, "backfill", "up") == 0
    assert capsys.readouterr().out == "up: the running daemon fetches its history\n"


def test_an_unknown_source_is_an_error(world: World) -> None:
    with pytest.raises(UsageError, match="no upstream feed of this name"):
        run_command(world, "backfill", "news")
