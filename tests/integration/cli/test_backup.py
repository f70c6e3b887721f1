"""A backup and its restoration, as commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.errors import StoreLocked, UsageError
from feeds.storage.sqlite import lock_store
from tests.rigs.memory_world import World, run_command, save_store


def test_a_backup_is_written_and_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world, file = World(tmp_path), tmp_path / "copy.db"
    with pytest.raises(UsageError, match="nothing to back up"):
        run_command(world, "backup", str(file))
    save_store(world)
    assert run_command(world, "backup", str(file)) == 0
    size = file.stat().st_size
    assert capsys.readouterr().out == f"wrote {file} ({size} bytes); `feedd restore {file}` restores it\n"
    assert run_command(world, "restore", str(file), "--json") == 0
    assert json.loads(capsys.readouterr().out)["former"].endswith("before-restore")
    with lock_store(world.config.store), pytest.raises(StoreLocked):
        run_command(world, "restore", str(file))
