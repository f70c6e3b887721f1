"""``feedd restore``: restore the database from a backup."""

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
    restore = commands.add("restore", "restore the database from a backup (verified first)")
    restore.add_argument("file", metavar="FILE", help="file written by `feedd backup`")
    restore.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from pathlib import Path

    from feeds.config import load_config

    former = restore_backup(load_config(options.config), Path(options.file))
    kept = f"; the previous database is kept as {former}" if former else ""
    text = f"restored {options.file}{kept}\nnext: run `feedd build` to read what is newer in the sources"
    return print_result(options, {"file": options.file, "former": former}, text)


def restore_backup(config: Config, file: Path) -> Path | None:
    """Verify a backup and replace the database with it. See :func:`feeds.api.restore`."""
    from feeds.storage import backup as copies
    from feeds.storage.sqlite import lock_store

    with lock_store(config.store):
        return copies.restore_backup(file, config.store)
