"""The effective configuration is shown with its sources, or as the schema for editors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.rigs.memory_world import World, run_command


def test_every_value_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)
    assert run_command(world, "config", "show") == 0
    assert 'title = "Test site"' in capsys.readouterr().out
    assert run_command(world, "config", "show", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["path"] == str(world.config.path)
    assert any("Test site" in str(setting.values()) for setting in shown["settings"])


def test_the_schema_needs_no_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path)
    world.config.path.unlink()
    assert run_command(world, "config", "schema") == 0
    assert "properties" in json.loads(capsys.readouterr().out)
