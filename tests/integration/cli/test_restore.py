"""A backup replaces the database, and the previous database is kept."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from feeds.errors import StoreLocked, UsageError
from feeds.storage.sqlite import lock_store
from feeds.storage.store import Store
from tests.rigs.memory_world import World, run_command, save_store


def load_titles(world: World) -> set[str]:
    with closing(Store.open(world.config.store, read_only=True)) as db:
        return {row[0] for row in db._connection.execute("SELECT path FROM file")}


def back_up(folder: Path) -> tuple[World, Path]:
    """Build a site with one post and back it up; return it and the backup."""
    world, file = World(folder), folder / "backup.db"
    world.post("a")
    world.build()
    save_store(world)
    assert run_command(world, "backup", str(file)) == 0
    return world, file


def test_a_backup_replaces_the_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world, file = back_up(tmp_path)
    world.post("b")
    world.build()
    world.config.store.unlink()
    save_store(world)
    assert load_titles(world) == {"a.md", "b.md"}
    capsys.readouterr()
    with lock_store(world.config.store), pytest.raises(StoreLocked):
        run_command(world, "restore", str(file))
    assert run_command(world, "restore", str(file)) == 0
    assert load_titles(world) == {"a.md"}
    first, second = capsys.readouterr().out.splitlines()
    kept = first.removeprefix(f"restored {file}; the previous database is kept as ")
    assert Path(kept).is_file()
    assert second == "next: run `feedd build` to read what is newer in the sources"


def test_without_a_database_none_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world, file = back_up(tmp_path)
    world.config.store.unlink()
    capsys.readouterr()
    assert run_command(world, "restore", str(file), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(file), "former": None}
    with pytest.raises(UsageError):
        run_command(world, "restore", str(tmp_path / "feedd.toml"))
