"""``feedd backup``: back up the database to a file, also while the daemon runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands
from feeds.cli.output import print_result

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from feeds.config import Config


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    backup = commands.add("backup", "back up the database to a file, also while the daemon runs")
    backup.add_argument("file", metavar="FILE", help="backup file; an older backup of this name is replaced")
    backup.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from pathlib import Path

    from feeds.config import load_config

    size = save_backup(load_config(options.config), Path(options.file))
    text = f"wrote {options.file} ({size} bytes); `feedd restore {options.file}` restores it"
    return print_result(options, {"file": options.file, "bytes": size}, text)


def save_backup(config: Config, file: Path) -> int:
    """Back up the database to a file, also while a daemon runs; return the size in bytes. See :func:`feeds.api.backup`."""
    from feeds.errors import UsageError
    from feeds.storage import backup as copies

    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet, so there is nothing to back up")
    return copies.save_backup(config.store, file)
