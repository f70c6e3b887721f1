"""``feedd check``: validate the configuration, its paths and the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands
from feeds.cli.output import format_count, print_json

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from feeds.config import Config


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
    from feeds.cli import integrity_check
    from feeds.config import load_config
    from feeds.errors import ConfigError
    from feeds.session import build_worker_settings

    try:
        config = load_config(path)
    except ConfigError as error:
        return error.mistakes
    mistakes = check_paths(config) + config.find_slow_patterns()
    if config.store.exists():
        mistakes += integrity_check.find_faults(config.store, build_worker_settings(config))
    return mistakes


def check_paths(config: Config) -> list[str]:
    """Return a message for each problem with the folders and templates of a configuration."""
    import os

    from feeds.fetcher import folder

    wrong = []
    output, store = config.output.dir, config.store
    seen: dict[Path, str] = {}
    for source in config.folders:
        name = f"{config.path}: sources.{source.name}.path"
        if not source.path.is_dir():
            wrong.append(f"{name}: {source.path}: no such folder; correct the path or create the folder")
        elif not os.access(source.path, os.R_OK | os.X_OK):
            wrong.append(f"{name}: {source.path}: is not readable; check its permissions")
        if source.path in seen:
            wrong.append(f"{name}: the same folder as source {seen[source.path]!r}; remove one of them")
        seen[source.path] = source.name
        # feedd would read its own output as posts; Jekyll trees have folders that are skipped.
        if output == source.path or (
            output.is_relative_to(source.path) and not folder.is_jekyll(source.path)
        ):
            wrong.append(
                f"{config.path}: output.dir: {output} is inside the posts of {source.name!r}; choose another folder"
            )
        if source.path.is_relative_to(output):
            wrong.append(f"{name}: {source.path} is inside the output folder; choose another folder")
    if store.is_relative_to(output):
        wrong.append(
            f"{config.path}: store.url: {store} is inside the output folder and would be published; choose another place"
        )
    for key, place in (("output.dir", output), ("store.url", store.parent)):
        parent = next(p for p in (place, *place.parents) if p.exists())
        if not os.access(parent, os.W_OK) or not parent.is_dir():
            wrong.append(f"{config.path}: {key}: {parent} is not writable; check its permissions")
    return wrong + _check_templates(config)


def _check_templates(config: Config) -> list[str]:
    from feeds.config.page_style import build_page_style
    from feeds.errors import UsageError
    from feeds.renderer import page_fragments

    try:
        page_fragments.check_templates(build_page_style(config))
    except UsageError as error:
        return [f"{config.path}: output.templates: {error}"]
    return []
