"""What `feedd check` prints of a configuration, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.rigs.memory_world import World, run_command


def test_a_sound_project_has_no_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)
    assert run_command(world, "check") == 0
    assert capsys.readouterr().out == f"{world.config.path}: OK (1 folder, 0 upstream feeds)\n"
    assert run_command(world, "check", "-q") == 0
    assert capsys.readouterr().out == ""
    assert run_command(world, "check", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"mistakes": []}


def test_each_mistake_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(
        tmp_path,
        more='[[sources]]\nname = "again"\npath = "posts"\n[[sources]]\nname = "no"\npath = "none"\n',
    )
    assert run_command(world, "check") == 1
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2
    assert "'news'" in "".join(printed)
    assert "OK" not in "".join(printed)
    assert run_command(world, "check", "--json") == 1
    assert json.loads(capsys.readouterr().out)["mistakes"] == printed


def test_a_configuration_that_cannot_be_read_is_its_only_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path)
    world.config.path.write_text("[site\n")
    assert run_command(world, "check") == 1
    assert len(capsys.readouterr().out.splitlines()) == 1
