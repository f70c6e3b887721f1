"""``feedd import``: add the upstream feeds of an OPML file to the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands

if TYPE_CHECKING:
    from argparse import Namespace


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    imported = commands.add("import", "add the upstream feeds of an OPML file to the configuration")
    imported.add_argument("file", metavar="FILE", help="OPML file")
    imported.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Add the feeds and print the result; return the exit code."""
    from pathlib import Path

    from feeds.cli import subscriptions
    from feeds.config import load_config

    done = subscriptions.import_opml(load_config(options.config), Path(options.file))
    return subscriptions.print_added(done, options)
