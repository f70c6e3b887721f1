"""Write the completion scripts of shells with shtab."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from feeds.cli.options import build_parser, load_commands

_FILES = ("FILE", "PATH")


def write_completion(shell: str) -> str:
    """Return the script that completes commands, options and file names of feedd in ``bash``, ``zsh`` or ``fish``."""
    import shtab

    program = build_parser()
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
