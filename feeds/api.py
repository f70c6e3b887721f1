"""The Python interface of feedd: a function for each command of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.builder import build
from feeds.config import Config, load_config
from feeds.errors import FeeddError, UsageError
from feeds.protocols import Clock
from feeds.reports import BuildReport
from feeds.session import now, open_session

if TYPE_CHECKING:
    from feeds.cli.subscriptions import AddResult
    from feeds.cli.withdraw import Withdrawn
    from feeds.config.effective import Setting
    from feeds.ingest.backfill import HistoryReport
    from feeds.output.validator import Finding

__all__ = [
    "BuildReport",
    "Config",
    "FeeddError",
    "accept_removals",
    "add",
    "backfill",
    "backup",
    "believe_removals",
    "build",
    "build_config_schema",
    "check",
    "explain",
    "export_opml",
    "forget",
    "give_list",
    "import_opml",
    "init",
    "lint",
    "load_config",
    "now",
    "open_run",
    "open_session",
    "restore",
    "serve",
    "show_config",
    "status",
    "take_list",
    "validate",
    "withdraw",
]


def check(path: str | Path | None = None) -> list[str]:
    """Validate a configuration, its paths and the database.

    Args:
        path: The configuration file; the default is that of the program.

    Returns:
        A message for each problem; empty if there is none.
    """
    from feeds.cli.check import find_mistakes

    return find_mistakes(path)


def show_config(path: str | Path | None = None) -> tuple[Path, list[Setting]]:
    """Return the path of a configuration, and every value with where it comes from; secrets are hidden.

    Raises:
        ConfigError: the configuration cannot be read or is wrong.
    """
    from feeds.config.effective import load_effective

    return load_effective(path)


def build_config_schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration, with which editors complete its keys."""
    from feeds.config.json_schema import build_schema

    return build_schema()


def lint(config: Config, folders: list[Path] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the problems in posts, with the repair of each, as dictionaries.

    The keys are ``path``, ``line``, ``rule``, ``old``, ``new``, ``note`` and ``message``.

    Args:
        config: From :func:`load_config`.
        folders: Folders or files to check; all source folders if none are given.

    Raises:
        UsageError: a path of ``folders`` does not exist or is not in a source folder.
    """
    from feeds.cli.lint import lint_posts

    return lint_posts(config, folders or [])


def validate(config: Config | None, paths: list[Path]) -> list[tuple[Path, Finding]]:
    """Validate published documents: those in ``paths``, or all of the output folder.

    Raises:
        UsageError: a path does not exist, or none is given and no configuration exists.
    """
    from feeds.cli.validate import validate_documents

    if not paths:
        if config is None:
            raise UsageError("no path and no configuration given; name the documents or folders to validate")
        paths = [config.output.dir]
    return validate_documents(paths)


def explain(config: Config, post: str) -> dict[str, Any]:
    """Return where a post came from, its identity keys, its history and its feeds.

    Raises:
        UsageError: no post has this path, URL or id.
    """
    from feeds.cli.explain import explain_post

    return explain_post(config, post)


def status(config: Config) -> dict[str, Any]:
    """Return the health of every source, counts and feeds.

    Raises:
        UsageError: nothing was built yet.
    """
    from feeds.cli.status import load_status

    return load_status(config)


def add(config: Config, urls: Sequence[str], allow: Sequence[str] = ()) -> AddResult:
    """Add upstream feeds to the configuration and reload a running daemon.

    Args:
        config: From :func:`load_config`; its file is changed, comments are kept.
        urls: URLs of feeds, or of web pages that link to a feed.
        allow: Private addresses that may be fetched, as ``HOST:PORT``.

    Raises:
        UsageError: the configuration cannot be changed.
    """
    from feeds.cli.subscriptions import add_feeds

    return add_feeds(config, urls, allow)


def import_opml(config: Config, file: Path) -> AddResult:
    """Add the upstream feeds of an OPML file to the configuration and reload a running daemon.

    Raises:
        UsageError: the file cannot be read, or the configuration cannot be changed.
    """
    from feeds.cli import subscriptions

    return subscriptions.import_opml(config, file)


def export_opml(config: Config) -> bytes:
    """Return the upstream feeds of the configuration as an OPML 2.0 document."""
    from feeds.cli import subscriptions

    return subscriptions.export_opml(config)


def forget(config: Config, source: str, clock: Clock = now) -> int | None:
    """Remove the posts of a source that was removed from the configuration.

    Returns:
        The number of removed items; None if a running daemon removes them.

    Raises:
        UsageError: the source is unknown, or it is still configured.
    """
    from feeds.cli.forget import remove_source

    return remove_source(config, source, clock)


def accept_removals(config: Config, clock: Clock = now) -> int:
    """Make a running daemon accept the removal of many posts at once; return their number once they are removed.

    Raises:
        StoreLocked: the process that has locked the store did not do it in time.
    """
    from feeds.cli import build as command

    return command.accept_removals(config, clock)


def backup(config: Config, file: Path) -> int:
    """Back up the database to a file, also while a daemon runs; return the size in bytes.

    The file is complete or not written at all.

    Raises:
        UsageError: nothing was built yet, or ``file`` exists and is not a backup.
        StoreError: the database is damaged, or ``file`` cannot be written.
    """
    from feeds.cli.backup import save_backup

    return save_backup(config, file)


def restore(config: Config, file: Path) -> Path | None:
    """Verify a backup and replace the database with it.

    Returns:
        Where the previous database is kept; None if there was none.

    Raises:
        UsageError: ``file`` is not a backup.
        StoreError: it is damaged or written by a newer feedd.
        StoreLocked: a daemon or a build is running.
    """
    from feeds.cli.restore import restore_backup

    return restore_backup(config, file)


def backfill(config: Config, source: str, pages: int = 1000, clock: Clock = now) -> HistoryReport | None:
    """Fetch the full history of an upstream feed.

    Returns:
        What was fetched; None if a running daemon does it.

    Args:
        config: From :func:`load_config`.
        source: Name of the source.
        pages: Maximum number of pages to fetch; another call continues from there.
        clock: Returns the current time.

    Raises:
        UsageError: no upstream feed has this name.
    """
    from feeds.cli.backfill import fetch_history

    return fetch_history(config, source, pages, clock)


def withdraw(config: Config, post: str, undo: bool = False, clock: Clock = now) -> Withdrawn:
    """Unpublish a post from all feeds and archives, or publish it again.

    If a daemon is running, it does the work.

    Args:
        config: From :func:`load_config`.
        post: Its path, URL or id.
        undo: Publish a withdrawn post again.
        clock: Returns the current time.

    Raises:
        UsageError: no such post is known, it was never published, or it is already in the requested state.
    """
    from feeds.cli.withdraw import withdraw_post

    return withdraw_post(config, post, undo, clock)


def serve(config: Config, announce: Callable[[str], None] = lambda address: None, clock: Clock = now) -> None:
    """Serve the output folder over HTTP until SIGTERM or SIGINT; call ``announce`` with the address.

    Raises:
        ConfigError: an environment variable with a secret is not set.
        UsageError: the address is in use.
        OutputError: no output exists yet.
    """
    from feeds.cli.serve import serve_output

    serve_output(config, announce, clock)


def init(folder: Path, source: Path | None = None) -> tuple[list[Path], tuple[str, ...]]:
    """Write a commented starter configuration and its folders.

    Returns:
        The files that were written, and notes for the user.

    Args:
        folder: Folder of the project; a Jekyll site is detected.
        source: A Planet Venus ``config.ini`` or an OPML file to import feeds from.

    Raises:
        UsageError: a file exists already, ``source`` cannot be read or ``folder`` cannot be written.
    """
    from feeds.cli.init import write_project

    return write_project(folder, source)


# The names of earlier versions, kept for programs that use them.
believe_removals = accept_removals
open_run = open_session
give_list = export_opml
take_list = import_opml
