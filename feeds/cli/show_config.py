"""``feedd config``: show the effective configuration, or print its JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands
from feeds.cli.output import print_json

if TYPE_CHECKING:
    from argparse import Namespace


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    config = commands.add("config", "show the effective configuration, or print its JSON Schema")
    config.add_argument(
        "action",
        choices=("show", "schema"),
        metavar="ACTION",
        help="show: every value and where it comes from, secrets hidden; schema: the JSON Schema for editors",
    )
    config.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from feeds.config.effective import load_effective, write_effective

    if options.action == "schema":
        from feeds.config.json_schema import build_schema

        print_json(build_schema())
        return 0
    path, settings = load_effective(options.config)
    if options.json:
        print_json({"path": path, "settings": [setting.as_dict() for setting in settings]})
    else:
        print(write_effective(path, settings), end="")
    return 0
