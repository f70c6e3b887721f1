"""The Python interface of feedd: a function for each command of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.builder import build
from feeds.config import Config, load_config
from feeds.errors import FeeddError, StoreLocked, UsageError
from feeds.protocols import Clock, ignore_progress
from feeds.reports import BuildReport
from feeds.session import build_worker_settings, now, open_session, read_site

if TYPE_CHECKING:
    from feeds.commands.subscriptions import AddResult
    from feeds.config.effective import Setting
    from feeds.daemon.control import Withdrawn
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
    from feeds.commands import integrity_check
    from feeds.commands.reports import check_paths
    from feeds.errors import ConfigError

    try:
        config = load_config(path)
    except ConfigError as error:
        return error.mistakes
    mistakes = check_paths(config) + config.find_slow_patterns()
    if config.store.exists():
        mistakes += integrity_check.find_faults(config.store, build_worker_settings(config))
    return mistakes


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
    from feeds.commands.reports import lint_posts

    return lint_posts(config, build_worker_settings(config), folders or [])


def validate(config: Config | None, paths: list[Path]) -> list[tuple[Path, Finding]]:
    """Validate published documents: those in ``paths``, or all of the output folder.

    Raises:
        UsageError: a path does not exist, or none is given and no configuration exists.
    """
    from feeds.commands.reports import validate_documents

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
    from feeds.commands.reports import explain_post
    from feeds.storage.sqlite import Database

    with closing(Database.open(_require_store(config), read_only=True)) as db:
        return explain_post(db, config, build_worker_settings(config), post)


def status(config: Config) -> dict[str, Any]:
    """Return the health of every source, counts and feeds.

    Raises:
        UsageError: nothing was built yet.
    """
    from feeds.commands.reports import load_status
    from feeds.storage.sqlite import Database

    with closing(Database.open(_require_store(config), read_only=True)) as db:
        return load_status(db, config)


def _require_store(config: Config) -> Path:
    """Return the path of the database.

    Raises:
        UsageError: nothing was built yet.
    """
    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet; run `feedd build`")
    return config.store


def add(config: Config, urls: Sequence[str], allow: Sequence[str] = ()) -> AddResult:
    """Add upstream feeds to the configuration and reload a running daemon.

    Args:
        config: From :func:`load_config`; its file is changed, comments are kept.
        urls: URLs of feeds, or of web pages that link to a feed.
        allow: Private addresses that may be fetched, as ``HOST:PORT``.

    Raises:
        UsageError: the configuration cannot be changed.
    """
    from feeds.commands import subscriptions
    from feeds.daemon import control

    done = subscriptions.add(config, urls, allow)
    if done.added:
        control.reload_daemon(config)
    return done


def import_opml(config: Config, file: Path) -> AddResult:
    """Add the upstream feeds of an OPML file to the configuration and reload a running daemon.

    Raises:
        UsageError: the file cannot be read, or the configuration cannot be changed.
    """
    from feeds.commands import subscriptions
    from feeds.daemon import control

    done = subscriptions.import_opml(config, file)
    if done.added:
        control.reload_daemon(config)
    return done


def export_opml(config: Config) -> bytes:
    """Return the upstream feeds of the configuration as an OPML 2.0 document."""
    from feeds.commands.subscriptions import export_opml as write_list

    return write_list(config)


def forget(config: Config, source: str, clock: Clock = now) -> int | None:
    """Remove the posts of a source that is no longer configured.

    Returns:
        The number of removed items; None if a running daemon removes them.

    Raises:
        UsageError: the source is unknown, or it is still configured.
    """
    from feeds.daemon.control import remove_source

    return remove_source(config, source, clock)


def accept_removals(config: Config, clock: Clock = now) -> int:
    """Make a running daemon accept the removal of many posts at once; return their number once they are removed.

    Raises:
        StoreLocked: the process that has locked the store did not do it in time.
    """
    from feeds.daemon import control

    return control.accept_removals(config, clock)


def backup(config: Config, file: Path) -> int:
    """Back up the database to a file, also while a daemon runs; return the size in bytes.

    The file is complete or not written at all.

    Raises:
        UsageError: nothing was built yet, or ``file`` exists and is not a backup.
        StoreError: the database is damaged, or ``file`` cannot be written.
    """
    from feeds.storage import backup as copies

    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet, so there is nothing to back up")
    return copies.save_backup(config.store, file)


def restore(config: Config, file: Path) -> Path | None:
    """Verify a backup and replace the database with it.

    Returns:
        Where the previous database is kept; None if there was none.

    Raises:
        UsageError: ``file`` is not a backup.
        StoreError: it is damaged or written by a newer feedd.
        StoreLocked: a daemon or a build is running.
    """
    from feeds.storage import backup as copies
    from feeds.storage.sqlite import lock_store

    with lock_store(config.store):
        return copies.restore_backup(file, config.store)


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
        UsageError: there is no upstream feed of this name.
    """
    from feeds.daemon import control
    from feeds.ingest import backfill as reading
    from feeds.storage.sqlite import lock_store

    try:
        with (
            lock_store(config.store),
            open_session(config, config.store, 1, clock, ignore_progress) as session,
        ):
            return reading.fetch_history_once(session, source, pages)
    except StoreLocked:
        control.add_request(config, "backfill", source)
        return None


def withdraw(config: Config, post: str, undo: bool = False, clock: Clock = now) -> Withdrawn:
    """Unpublish a post from all feeds and archives, or publish it again.

    If a daemon is running, it does the work.

    Args:
        config: From :func:`load_config`.
        post: Its path, URL or id.
        undo: Publish a withdrawn post again.
        clock: Returns the current time.

    Raises:
        UsageError: there is no such post, it was never published, or it is already in the requested state.
    """
    from feeds.daemon.control import withdraw_post

    return withdraw_post(config, post, undo, clock)


def serve(config: Config, announce: Callable[[str], None] = lambda address: None, clock: Clock = now) -> None:
    """Serve the output folder over HTTP until SIGTERM or SIGINT; call ``announce`` with the address.

    Raises:
        ConfigError: an environment variable with a secret is not set.
        UsageError: the address is in use.
        OutputError: no output exists yet.
    """
    from feeds.daemon.http_service import build_server
    from feeds.server.server import run

    run(build_server(config, clock), announce)


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
    from feeds.commands.init import plan_files, suggest_next_steps
    from feeds.fetcher.folder import is_jekyll

    if source is not None:
        from feeds.commands.subscriptions import convert_list

        text, notes = convert_list(source)
        files = [(folder / "config" / "feedd.toml", text)]
    else:
        jekyll = read_site(folder) if is_jekyll(folder) else None
        files = plan_files(folder, jekyll)
        notes = suggest_next_steps(folder, jekyll) if jekyll else ()
    for path, _ in files:
        if path.exists():
            raise UsageError(f"{path}: already exists; remove it first or choose another folder")
    try:
        for path, text in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; choose another folder") from error
    return [path for path, _ in files], notes


# The names of earlier versions, kept for programs that use them.
believe_removals = accept_removals
open_run = open_session
give_list = export_opml
take_list = import_opml
