"""A source is forgotten once it is out of the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.errors import UsageError
from feeds.storage.sqlite import lock_store
from tests.rigs.memory_world import World, run_command, save_store


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("a")
    made.build()
    save_store(made)
    text = made.config.path.read_text()
    made.config.path.write_text(text.replace('name = "news"', 'name = "other"'))
    return made


def test_posts_of_a_forgotten_source_are_removed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(world, "forget", "news") == 0
    assert (
        capsys.readouterr().out
        == "news: removed 1 post from the database; run `feedd build` to update the feeds\n"
    )
    with pytest.raises(UsageError, match="no source of this name is known"):
        run_command(world, "forget", "news")


def test_a_running_daemon_does_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_store(world.config.store):
        assert run_command(world, "forget", "news", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"source": "news", "items": None, "left_to_daemon": True}


def test_what_cannot_be_forgotten(world: World) -> None:
    with pytest.raises(UsageError, match="other: is still in "):
        run_command(world, "forget", "other")
    world.config.store.unlink()
    with pytest.raises(UsageError, match="no build yet"):
        run_command(world, "forget", "news")
