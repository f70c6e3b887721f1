"""What feedd can do, as functions: the commands of the program are these and nothing else."""

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
from feeds.session import now, open_run, site_of, step_settings

if TYPE_CHECKING:
    from feeds.commands.subscriptions import Added
    from feeds.daemon.control import Withdrawn
    from feeds.ingest.backfill import Past
    from feeds.output.validator import Finding
    from feeds.storage.records import Context

__all__ = [
    "BuildReport",
    "Config",
    "FeeddError",
    "add",
    "backfill",
    "backup",
    "believe_removals",
    "build",
    "check",
    "explain",
    "forget",
    "give_list",
    "init",
    "lint",
    "load_config",
    "now",
    "open_run",
    "restore",
    "serve",
    "status",
    "take_list",
    "validate",
    "withdraw",
]


def check(path: str | Path | None = None) -> list[str]:
    """Every mistake in a configuration and its paths, and what is damaged in the store; empty if there is none."""
    from feeds.commands import integrity_check
    from feeds.commands.reports import check_paths
    from feeds.config.checks import slow_patterns
    from feeds.errors import ConfigError

    try:
        config = load_config(path)
    except ConfigError as error:
        return error.mistakes
    mistakes = check_paths(config) + slow_patterns(config)
    if config.store.exists():
        mistakes += integrity_check.faults(config.store, step_settings(config))
    return mistakes


def lint(config: Config, folders: list[Path] | None = None) -> Iterator[dict[str, Any]]:
    """What is wrong in the posts and how it is repaired, one finding at a time."""
    from feeds.commands.reports import lint_posts

    return lint_posts(config, step_settings(config), folders or [])


def validate(config: Config | None, paths: list[Path]) -> list[tuple[Path, Finding]]:
    """Findings in published documents: those given, or all of the output folder.

    Raises:
        UsageError: a path does not exist, or none is given and there is no configuration.
    """
    from feeds.commands.reports import validate_documents

    if not paths:
        if config is None:
            raise UsageError(
                "no path given and no configuration found; name the documents or folders to validate"
            )
        paths = [config.output.dir]
    return validate_documents(paths)


def explain(config: Config, post: str) -> dict[str, Any]:
    """Where a post came from, its keys, what it was merged with, and its feeds.

    Raises:
        UsageError: nothing is known by this id, address, infoCode or path.
    """
    from feeds.commands.reports import explain_post
    from feeds.storage.sqlite import Database

    with closing(Database.open(_built(config), read_only=True)) as db:
        return explain_post(db, config, step_settings(config), post)


def status(config: Config) -> dict[str, Any]:
    """Sources, counts and feeds."""
    from feeds.commands.reports import status_of
    from feeds.storage.sqlite import Database

    with closing(Database.open(_built(config), read_only=True)) as db:
        return status_of(db, config)


def _built(config: Config) -> Path:
    """The store, which a build has made.

    Raises:
        UsageError: there is none yet.
    """
    if not config.store.exists():
        raise UsageError(f"{config.store}: nothing was built yet; run `feedd build` first")
    return config.store


def add(config: Config, urls: Sequence[str], allow: Sequence[str] = ()) -> Added:
    """Add upstreams to the configuration; a web page's feed is looked for. A running daemon is told.

    Args:
        config: From :func:`load_config`; its file is changed, comments stay.
        urls: Addresses of feeds or of pages that have some.
        allow: Hosts with ports that may be asked though they are not globally reachable.

    Raises:
        UsageError: the configuration cannot be changed.
    """
    from feeds.commands import subscriptions
    from feeds.daemon import control

    done = subscriptions.add(config, urls, allow)
    if done.added:
        control.reload_daemon(config)
    return done


def take_list(config: Config, file: Path) -> Added:
    """Add the upstreams of an OPML file to the configuration. A running daemon is told.

    Raises:
        UsageError: the file cannot be read, or the configuration cannot be changed.
    """
    from feeds.commands import subscriptions
    from feeds.daemon import control

    done = subscriptions.take_list(config, file)
    if done.added:
        control.reload_daemon(config)
    return done


def give_list(config: Config) -> bytes:
    """The upstreams of the configuration as OPML 2.0."""
    from feeds.commands.subscriptions import give_list as give

    return give(config)


def forget(config: Config, source: str, clock: Clock = now) -> int | None:
    """Take a removed source and its posts out; how many items went, None if a running daemon does it.

    Raises:
        UsageError: there is no such source, or it is still in the configuration.
    """
    from feeds.daemon.control import forget_removed

    return forget_removed(config, source, clock)


def believe_removals(config: Config, clock: Clock = now) -> None:
    """Have a running daemon believe that many posts are gone at once; returns when it has taken them out.

    Raises:
        StoreLocked: who has the store did not take it up.
    """
    from feeds.daemon import control

    control.believe_removals(config, clock)


def backup(config: Config, file: Path) -> int:
    """Save the store to a file, whole or not at all, also beside a running daemon; the size in bytes.

    Raises:
        UsageError: nothing was built yet, or ``file`` is something else.
        StoreError: the store is damaged, or ``file`` cannot be written.
    """
    from feeds.storage import backup as copies

    if not config.store.exists():
        raise UsageError(f"{config.store}: nothing was built yet, so there is nothing to save")
    return copies.save_backup(config.store, file)


def restore(config: Config, file: Path) -> Path | None:
    """Put a verified backup in the place of the store; where the former store is kept, if there was one.

    Raises:
        UsageError: ``file`` is no backup.
        StoreError: it is damaged or of a newer feedd.
        StoreLocked: a daemon or a build has the store.
    """
    from feeds.storage import backup as copies
    from feeds.storage.sqlite import lock_store

    with lock_store(config.store):
        return copies.restore_backup(file, config.store)


def backfill(config: Config, source: str, pages: int = 1000, clock: Clock = now) -> Past | None:
    """Read the past of an upstream, back to its beginning; None if a running daemon does it.

    Args:
        config: From :func:`load_config`.
        source: Name of the upstream.
        pages: Documents to read at most; another call goes on from there.
        clock: The time now.

    Raises:
        UsageError: there is no such upstream.
    """
    from feeds import pipeline
    from feeds.daemon import control
    from feeds.ingest import backfill as reading
    from feeds.storage.sqlite import lock_store

    try:
        with lock_store(config.store), open_run(config, config.store, 1, clock, ignore_progress) as run:

            def context(number: int, complete: bool) -> Context:
                return pipeline.context_of(run, number, early=not complete)

            return reading.read_once(run, context, source, pages)
    except StoreLocked:
        control.leave(config, "backfill", source)
        return None


def withdraw(config: Config, post: str, undo: bool = False, clock: Clock = now) -> Withdrawn:
    """Take a post out of every document, or bring it back; a running daemon does it if there is one.

    Args:
        config: From :func:`load_config`.
        post: Its id, address, infoCode or path.
        undo: Bring back what was withdrawn.
        clock: The time now.

    Raises:
        UsageError: there is no such post, or it is not as it would have to be.
    """
    from feeds.daemon.control import withdraw_post

    return withdraw_post(config, post, undo, clock)


def serve(config: Config, announce: Callable[[str], None] = lambda address: None, clock: Clock = now) -> None:
    """Serve the output folder until SIGTERM or SIGINT; ``announce`` is told the address.

    Raises:
        ConfigError: a variable with a secret is not set.
        UsageError: the address is taken.
        OutputError: there is no output yet.
    """
    from feeds.daemon.http_service import server_of
    from feeds.server.server import run

    run(server_of(config, clock), announce)


def init(folder: Path, source: Path | None = None) -> tuple[list[Path], tuple[str, ...]]:
    """Write a commented starter configuration and folders; the files made, and notes.

    Args:
        folder: Of the project; a Jekyll site is recognised.
        source: A Planet Venus ``config.ini`` or an OPML file to begin from.

    Raises:
        UsageError: there is a configuration already, ``source`` cannot be read or ``folder`` not be written.
    """
    from feeds.commands.init import advice, plan_files
    from feeds.fetcher.folder import is_jekyll

    if source is not None:
        from feeds.commands.subscriptions import begin_from

        text, notes = begin_from(source)
        files = [(folder / "config" / "feedd.toml", text)]
    else:
        jekyll = site_of(folder) if is_jekyll(folder) else None
        files = plan_files(folder, jekyll)
        notes = advice(folder, jekyll) if jekyll else ()
    for path, _ in files:
        if path.exists():
            raise UsageError(f"{path}: exists already; remove it first or choose another folder")
    try:
        for path, text in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; choose another folder") from error
    return [path for path, _ in files], notes
