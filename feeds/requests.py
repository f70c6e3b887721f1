"""What changes something although a daemon may run: done at once, or left for the daemon to take up."""

from __future__ import annotations

from contextlib import closing

from feeds.config import Config
from feeds.errors import RoleTaken, UsageError
from feeds.pipeline import burnt_keys
from feeds.ports import Clock
from feeds.run import Run
from feeds.sources import expand, register
from feeds.store.database import Database, lease
from feeds.store.forgetting import forget_source


def leave(config: Config, kind: str, value: str = "") -> None:
    """Leave a request for the daemon that has the store."""
    with closing(Database.open(config.store)) as db, db.transaction():
        db.run("request_add", (kind, value))


def reload_daemon(config: Config) -> bool:
    """Have a running daemon read its configuration again; whether there is one."""
    try:
        with lease(config.store):
            return False
    except RoleTaken:
        leave(config, "reload")
        return True


def forget_removed(config: Config, name: str, clock: Clock) -> int | None:
    """Take a removed source and its posts out of the store; how many items went, None if a daemon does it.

    Raises:
        UsageError: there is no such source, or it is still in the configuration.
    """
    if not config.store.exists():
        raise UsageError(f"{config.store}: nothing was built yet, so there is nothing to forget")
    with closing(Database.open(config.store, read_only=True)) as db:
        present = {one.name for one in (*expand(config, db)[0], *config.sources)}
        known = {row[1] for row in db.rows("source_all")}
    if name in present:
        raise UsageError(f"{name}: is still in {config.path}; remove it there first")
    if name not in known:
        raise UsageError(f"{name}: no source of this name is known; `feedd status` lists them")
    try:
        with lease(config.store), closing(Database.open(config.store)) as db:
            return _forget(db, config, name, clock)
    except RoleTaken:
        leave(config, "forget", name)
        return None


def forget(run: Run, name: str) -> int:
    """The same in a run that has the store; 0 for a source that is not known or not removed."""
    return _forget(run.db, run.config, name, run.clock)


def _forget(db: Database, config: Config, name: str, clock: Clock) -> int:
    present = [one.name for one in expand(config, db)[0]]
    sources = register(db, present)
    number = next((n for n, (known, _) in sources.items() if known == name), None)
    if number is None or name in present:
        return 0
    return forget_source(db, sources, number, clock(), burnt_keys(db))
