"""The completion scripts: file names where an argument is a file, folders where it is a folder."""

from __future__ import annotations

import pytest
import shtab

from feeds.cli.arguments import load_commands
from feeds.cli.completion import write_completion
from feeds.cli.options import build_parser, parse_command_line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_in_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = parse_command_line(["completion", shell])
    assert options.run(options) == 0
    script = capsys.readouterr().out
    assert script == write_completion(build_parser(), shell) + "\n"
    assert all(name in script for name in load_commands(build_parser()))


def test_arguments_complete_what_they_are() -> None:
    program = build_parser()
    write_completion(program, "bash")
    commands = load_commands(program)
    found = {
        (name, action.metavar): getattr(action, "complete", None)
        for name, command in {"": program, **commands}.items()
        for action in command._actions
    }
    assert found["", "FILE"] == found["validate", "PATH"] == found["backup", "FILE"] == shtab.FILE
    assert found["lint", "DIR"] == shtab.DIRECTORY
    assert found["withdraw", "POST"] is None
