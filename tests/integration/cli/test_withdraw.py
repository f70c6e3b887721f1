"""Withdrawing a post: at once, by the running daemon, and only once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.cli.withdraw import withdraw_post
from feeds.errors import UsageError
from feeds.storage.sqlite import lock_store
from tests.rigs.memory_world import NOON, World, run_command, save_store


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("a")
    made.build()
    made.post("b")
    made.ingest()
    save_store(made)
    return made


def get_uid(world: World) -> str:
    return world.rows("SELECT uid FROM post WHERE uid IS NOT NULL")[0][0]


def test_a_post_is_withdrawn_and_restored(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    uid = get_uid(world)
    assert run_command(world, "withdraw", "a.md") == 0
    assert capsys.readouterr().out == f"{uid}: withdrawn; `feedd build` takes it out of the feeds\n"
    assert uid in (world.config.store.parent / "ledger.jsonl").read_text()
    with pytest.raises(UsageError, match=r"a\.md: is withdrawn already"):
        run_command(world, "withdraw", "a.md")
    assert run_command(world, "withdraw", "a.md", "--undo", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"id": uid, "undo": True, "left_to_daemon": False}
    with pytest.raises(UsageError, match=r"a\.md: is not withdrawn"):
        run_command(world, "withdraw", "a.md", "--undo")


def test_a_running_daemon_does_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_store(world.config.store):
        assert run_command(world, "withdraw", "a.md") == 0
        assert capsys.readouterr().out == '"a" will be unpublished by the running daemon within a second\n'
        done = withdraw_post(world.config, "a.md", False, lambda: NOON)
        assert (done.left, done.title, done.uid) == (True, "a", get_uid(world))
        with pytest.raises(UsageError, match="is not withdrawn"):
            run_command(world, "withdraw", "a.md", "--undo")


def test_what_cannot_be_withdrawn(world: World) -> None:
    with pytest.raises(UsageError, match="was never published"):
        run_command(world, "withdraw", "b.md")
    world.config.store.unlink()
    with pytest.raises(UsageError, match="no build yet"):
        run_command(world, "withdraw", "a.md")
