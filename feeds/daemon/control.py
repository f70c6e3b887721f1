"""Change the store although a daemon may run: at once, or through a request that the daemon applies.

A request that is stored during a build is applied by the next run.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from feeds.commands.lookup import find_post
from feeds.config import Config
from feeds.errors import StoreLocked, UsageError
from feeds.pipeline import load_blocked_keys, read_ledger
from feeds.protocols import Clock
from feeds.publisher.publisher import get_ledger_path, write_ledger
from feeds.run_context import Run
from feeds.sources import expand_sources, register_sources
from feeds.storage import ledger, source_removal, withdrawal
from feeds.storage.ledger_replay import apply_withdrawals
from feeds.storage.serialization import read_shown
from feeds.storage.sqlite import Database, lock_store

_PATIENCE = 60
"""Seconds to wait for a daemon to apply a request that must not be delayed."""


def add_request(config: Config, kind: str, value: str = "") -> int:
    """Store a request for the daemon that has the store; return its number."""
    with closing(Database.open(config.store)) as db, db.transaction():
        return int(db.run("request_add", (kind, value)).lastrowid or 0)


def apply_requests(run: Run) -> list[str]:
    """Apply the requests stored during another run; requests that only a daemon can apply stay.

    The ledger is read first, because the store may be a restored backup. Return what is wrong with the ledger.
    """
    troubles: list[str] = []
    read_ledger(run, troubles)
    for number, kind, value in run.db.rows("requests_all"):
        if kind in ("forget", "withdraw", "restore"):
            apply_request(run, kind, value)
            with run.db.transaction():
                run.db.run("request_drop", (number,))
    return troubles


def apply_request(run: Run, kind: str, value: str) -> int:
    """Remove a source, withdraw or restore a post, in a run that has the store; return the number of removed items."""
    if kind == "forget":
        return _remove_source(run.db, run.config, value, run.clock)
    withdraw(run.db, run.config, value, kind == "restore", run.clock())
    return 0


def accept_removals(config: Config, clock: Clock, patience: float = _PATIENCE) -> int:
    """Make the running daemon accept the removal of many posts; return when it has scanned its folders again.

    Returns:
        By how many posts the sources have shrunk.

    Raises:
        StoreLocked: no daemon applied it in time: a build has the store, or the daemon is busy.
    """
    number = add_request(config, "removals", str(clock().timestamp()))
    end = time.monotonic() + patience
    with closing(Database.open(config.store)) as db:
        before = dict(db.rows("sighting_counts"))
        try:
            while db.value("request_waits", (number,)):
                if time.monotonic() > end:
                    raise StoreLocked(
                        f"{config.store}: another feedd is publishing with this store and has not accepted "
                        "the removals yet; try again when it is done"
                    )
                time.sleep(0.1)
            after = dict(db.rows("sighting_counts"))
            return sum(max(0, count - after.get(source, 0)) for source, count in before.items())
        # A request that nobody waits for any more must not be applied later.
        finally:
            with db.transaction():
                db.run("request_drop", (number,))


def is_current(value: str, clock: Clock) -> bool:
    """Return whether a request of this time is current: applied much later, it could empty the feeds of an unmounted disk."""
    return 0 <= clock().timestamp() - float(value) < 2 * _PATIENCE


def reload_daemon(config: Config) -> bool:
    """Make a running daemon load its configuration again; return whether one is running."""
    try:
        with lock_store(config.store):
            return False
    except StoreLocked:
        add_request(config, "reload")
        return True


def remove_source(config: Config, name: str, clock: Clock) -> int | None:
    """Remove an unconfigured source and its posts from the store; return the number of items, None if a daemon does it.

    Raises:
        UsageError: the source is unknown, or it is still in the configuration.
    """
    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet, so there is nothing to remove")
    with closing(Database.open(config.store, read_only=True)) as db:
        present = {source.name for source in (*expand_sources(config, db)[0], *config.sources)}
        known = {row[1] for row in db.rows("source_all")}
    if name in present:
        raise UsageError(f"{name}: is still in {config.path}; remove it there first")
    if name not in known:
        raise UsageError(f"{name}: no source of this name is known; `feedd status` lists them")
    try:
        with lock_store(config.store), closing(Database.open(config.store)) as db:
            return _remove_source(db, config, name, clock)
    except StoreLocked:
        add_request(config, "forget", name)
        return None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Result of withdrawing or restoring a post; ``left`` if a daemon does it."""

    uid: str
    what: str
    left: bool = False
    title: str = ""


def withdraw_post(config: Config, wanted: str, undo: bool, clock: Clock) -> Withdrawn:
    """Withdraw a post, or restore it with ``undo``.

    Raises:
        UsageError: the post is unknown, was never published, or is in that state already.
    """
    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet, so there is no post to withdraw")
    try:
        with lock_store(config.store), closing(Database.open(config.store)) as db:
            _load_ledger(db, config, clock())
            uid = _check_withdrawable(db, find_post(db, config, wanted), wanted, undo)
            back = withdraw(db, config, uid, undo, clock())
    # A daemon has the store: check the request here, so that errors reach the user.
    except StoreLocked:
        with closing(Database.open(config.store, read_only=True)) as db:
            number = find_post(db, config, wanted)
            uid = _check_withdrawable(db, number, wanted, undo)
            title = _load_title(db, number)
        add_request(config, "restore" if undo else "withdraw", uid)
        return Withdrawn(uid, "", left=True, title=title)
    if not undo:
        return Withdrawn(uid, "withdrawn; `feedd build` takes it out of the feeds")
    later = "`feedd build` brings it back" if back else "it comes back when a source has it again"
    return Withdrawn(uid, f"no longer withdrawn; {later}")


def _load_title(db: Database, number: int) -> str:
    db.scope([number])
    return read_shown(db.rows("posts_by_number")[0][10]).title


def _check_withdrawable(db: Database, number: int, wanted: str, undo: bool) -> str:
    """Return the id of a post; raises UsageError if it cannot be withdrawn or restored."""
    post = withdrawal.load_post_state(db, number)
    if post.uid is None:
        raise UsageError(
            f"{wanted}: was never published, so it cannot be withdrawn; remove it from its source"
        )
    if bool(post.withdrawn) != undo:
        raise UsageError(f"{wanted}: is not withdrawn" if undo else f"{wanted}: is withdrawn already")
    return post.uid


def withdraw(db: Database, config: Config, uid: str, undo: bool, now: datetime) -> bool:
    """Withdraw or restore the post with this id; return whether a source has (or may have) it."""
    _load_ledger(db, config, now)
    number = db.value("post_of_uid", (uid,))
    if number is None or bool(withdrawal.load_post_state(db, number).withdrawn) != undo:
        return False
    with db.transaction():
        back = withdrawal.restore(db, number, now) if undo else True
        if not undo:
            withdrawal.withdraw(db, [number], now)
    # Write the file now, because the next run reads it first.
    write_ledger(db, config)
    return back


def _load_ledger(db: Database, config: Config, now: datetime) -> None:
    """Apply withdrawals that the store does not know: it may be a backup that was just restored."""
    ledger.load_ledger(db, get_ledger_path(config))
    apply_withdrawals(db, now)


def _remove_source(db: Database, config: Config, name: str, clock: Clock) -> int:
    """Remove a source; return the number of its items, 0 if it is unknown or still configured."""
    every = expand_sources(config, db)[0]
    sources = register_sources(db, config, every)
    number = next((n for n, (known, _) in sources.items() if known == name), None)
    if number is None or name in {source.name for source in (*every, *config.sources)}:
        return 0
    return source_removal.remove_source(db, sources, number, clock(), load_blocked_keys(db))
