"""``feedd export``: print the upstream feeds of the configuration as OPML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands

if TYPE_CHECKING:
    from argparse import Namespace


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    export = commands.add("export", "print the upstream feeds of the configuration as OPML", report=False)
    export.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Print the document; return the exit code."""
    import sys

    from feeds.cli import subscriptions
    from feeds.config import load_config

    sys.stdout.buffer.write(subscriptions.export_opml(load_config(options.config)))
    return 0
