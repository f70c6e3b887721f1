"""``feedd check``: validate the configuration, its paths and the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands
from feeds.cli.output import format_count, print_json

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    check = commands.add("check", "validate the configuration, its paths and the database")
    check.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    mistakes = find_mistakes(options.config)
    if options.json:
        print_json({"mistakes": mistakes})
        return int(bool(mistakes))
    for mistake in mistakes:
        print(mistake)
    if not mistakes and not options.quiet:
        from feeds.config import load_config

        config = load_config(options.config)
        folders = len(config.folders)
        counts = (
            format_count(folders, "folder"),
            format_count(len(config.sources) - folders, "upstream feed"),
        )
        print(f"{config.path}: OK ({', '.join(counts)})")
    return int(bool(mistakes))


def find_mistakes(path: str | Path | None = None) -> list[str]:
    """Validate a configuration, its paths and the database. See :func:`feeds.api.check`."""
    import os

    from feeds.cli import integrity_check
    from feeds.config.reading import build_config, read_file, read_tables
    from feeds.config.review import Surroundings, review
    from feeds.errors import ConfigError
    from feeds.fetcher.folder import is_jekyll
    from feeds.session import build_worker_settings

    try:
        file = read_file(path)
    except ConfigError as error:
        return error.mistakes
    reading = read_tables(file)
    sound = not reading.mistakes
    review(reading, Surroundings(os.environ, is_jekyll))
    found = reading.mistakes.report(file.path, file.text)
    if sound and "store.url" not in reading.mistakes:
        config = build_config(file)
        if config.store.exists():
            found += integrity_check.find_faults(config.store, build_worker_settings(config))
    return found
