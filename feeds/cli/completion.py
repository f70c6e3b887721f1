"""``feedd completion``: print the completion script of a shell, which shtab writes."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from feeds.cli.arguments import Commands, load_commands

_FILES = ("FILE", "PATH")


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    completion = commands.add("completion", "print the completion script of a shell", report=False)
    completion.add_argument(
        "shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish"
    )
    completion.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the script; return the exit code."""
    print(write_completion(options.program, options.shell))
    return 0


def write_completion(program: argparse.ArgumentParser, shell: str) -> str:
    """Return the script that completes commands, options and file names of feedd in ``bash``, ``zsh`` or ``fish``."""
    import shtab

    for command in (program, *load_commands(program).values()):
        for action in command._actions:
            if action.metavar in _FILES:
                _set_completion(action, shtab.FILE)
            elif action.metavar == "DIR":
                _set_completion(action, shtab.DIRECTORY)
    return shtab.complete(program, shell)


def _set_completion(action: argparse.Action, kind: Mapping[str, object]) -> None:
    # shtab reads this attribute; argparse does not define it.
    action.complete = kind  # type: ignore[attr-defined]
