"""Change the store although a daemon may run: at once, or through a request that the daemon applies.

A request that is stored during a build is applied by the next run.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from feeds.commands.lookup import find_post
from feeds.config import Config, Source
from feeds.errors import StoreLocked, UsageError
from feeds.pipeline import read_ledger
from feeds.protocols import Clock
from feeds.publisher.publisher import write_ledger
from feeds.session import Session
from feeds.sources import expand_sources, register_sources
from feeds.storage import control as requests
from feeds.storage import ledger, sources, withdrawal
from feeds.storage.ledger_replay import apply_withdrawals
from feeds.storage.reports import load_title
from feeds.storage.sqlite import Database, lock_store
from feeds.storage.upstreams import count_entries

_PATIENCE = 60
"""Seconds to wait for a daemon to apply a request that must not be delayed."""


def add_request(config: Config, kind: str, value: str = "") -> int:
    """Store a request for the daemon that has the store; return its number."""
    with closing(Database.open(config.store)) as db:
        return requests.add_request(db, kind, value)


def apply_requests(session: Session) -> list[str]:
    """Apply the requests stored during another run; requests that only a daemon can apply stay.

    The ledger is read first, because the store may be a restored backup. Return what is wrong with the ledger.
    """
    troubles: list[str] = []
    read_ledger(session, troubles)
    for number, kind, value in requests.load_requests(session.db):
        if kind in ("forget", "withdraw", "restore"):
            apply_request(session, kind, value)
            requests.remove_request(session.db, number)
    return troubles


def apply_request(session: Session, kind: str, value: str) -> int:
    """Remove a source, withdraw or restore a post, in a session that has the store; return the number of removed items."""
    if kind == "forget":
        return _remove_source(session.db, session.configured, value, session.clock)
    withdraw(session.db, session.publishing.ledger, value, kind == "restore", session.clock())
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
        before = count_entries(db)
        try:
            while requests.is_waiting(db, number):
                if time.monotonic() > end:
                    raise StoreLocked(
                        f"{config.store}: another feedd is publishing with this store and has not accepted "
                        "the removals yet; try again when it is done"
                    )
                time.sleep(0.1)
            after = count_entries(db)
            return sum(max(0, count - after.get(source, 0)) for source, count in before.items())
        # A request that nobody waits for any more must not be applied later.
        finally:
            requests.remove_request(db, number)


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
        present = {source.name for source in (*expand_sources(config.sources, db)[0], *config.sources)}
        known = sources.load_sources(db)
    if name in present:
        raise UsageError(f"{name}: is still in {config.path}; remove it there first")
    if name not in known:
        raise UsageError(f"{name}: no source of this name is known; `feedd status` lists them")
    try:
        with lock_store(config.store), closing(Database.open(config.store)) as db:
            return _remove_source(db, config.sources, name, clock)
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
            path = config.store.with_name(ledger.LEDGER)
            _load_ledger(db, path, clock())
            uid = _check_withdrawable(db, find_post(db, config, wanted), wanted, undo)
            back = withdraw(db, path, uid, undo, clock())
    # A daemon has the store: check the request here, so that errors reach the user.
    except StoreLocked:
        with closing(Database.open(config.store, read_only=True)) as db:
            number = find_post(db, config, wanted)
            uid = _check_withdrawable(db, number, wanted, undo)
            title = load_title(db, number)
        add_request(config, "restore" if undo else "withdraw", uid)
        return Withdrawn(uid, "", left=True, title=title)
    if not undo:
        return Withdrawn(uid, "withdrawn; `feedd build` takes it out of the feeds")
    later = "`feedd build` brings it back" if back else "it comes back when a source has it again"
    return Withdrawn(uid, f"no longer withdrawn; {later}")


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


def withdraw(db: Database, path: Path, uid: str, undo: bool, now: datetime) -> bool:
    """Withdraw or restore the post with this id; ``path`` is that of the ledger. Return whether a source has (or may have) it."""
    _load_ledger(db, path, now)
    back = withdrawal.restore_post(db, uid, now) if undo else withdrawal.withdraw_post(db, uid, now)
    if back is None:
        return False
    # Write the file now, because the next run reads it first.
    write_ledger(db, path)
    return back


def _load_ledger(db: Database, path: Path, now: datetime) -> None:
    """Apply withdrawals that the store does not know: it may be a backup that was just restored."""
    ledger.load_ledger(db, path)
    apply_withdrawals(db, now)


def _remove_source(db: Database, configured: Sequence[Source], name: str, clock: Clock) -> int:
    """Remove a source; return the number of its items, 0 if it is unknown or still configured."""
    every = expand_sources(configured, db)[0]
    ranked = register_sources(db, configured, every)
    number = next((n for n, (known, _) in ranked.items() if known == name), None)
    if number is None or name in {source.name for source in (*every, *configured)}:
        return 0
    return sources.remove_source(db, ranked, number, clock())
