"""What changes something although a daemon may run: done at once, or left for the daemon to take up.

What is left while a build has the store is taken up by the next run.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from feeds.commands.lookup import find_post
from feeds.config import Config
from feeds.errors import StoreLocked, UsageError
from feeds.pipeline import burnt_keys, read_ledger
from feeds.protocols import Clock
from feeds.publisher.publisher import get_ledger_path, write_ledger
from feeds.run_context import Run
from feeds.sources import expand, register
from feeds.storage import ledger, withdrawal
from feeds.storage.ledger_replay import apply_withdrawals
from feeds.storage.source_removal import remove_source
from feeds.storage.sqlite import Database, lock_store

_PATIENCE = 60
"""Seconds for a daemon to take up what cannot be left for later."""


def leave(config: Config, kind: str, value: str = "") -> int:
    """Leave a request for the daemon that has the store; its number."""
    with closing(Database.open(config.store)) as db, db.transaction():
        return int(db.run("request_add", (kind, value)).lastrowid or 0)


def take_left(run: Run) -> list[str]:
    """Take up what was left while another run had the store; what only a daemon can do stays for one.

    The ledger comes first, for the store may be a backup that was restored; what is wrong with it is returned.
    """
    troubles: list[str] = []
    read_ledger(run, troubles)
    for number, kind, value in run.db.rows("requests_all"):
        if kind in ("forget", "withdraw", "restore"):
            take_up(run, kind, value)
            with run.db.transaction():
                run.db.run("request_drop", (number,))
    return troubles


def take_up(run: Run, kind: str, value: str) -> int:
    """Forget, withdraw or bring back, in a run that has the store; how many items were forgotten."""
    if kind == "forget":
        return _forget(run.db, run.config, value, run.clock)
    withdraw(run.db, run.config, value, kind == "restore", run.clock())
    return 0


def believe_removals(config: Config, clock: Clock, patience: float = _PATIENCE) -> None:
    """Have the daemon that has the store believe that many posts are gone at once; returns when it has read again.

    Raises:
        StoreLocked: nobody took it up in time: a build has the store, or the daemon is busy.
    """
    number = leave(config, "removals", str(clock().timestamp()))
    end = time.monotonic() + patience
    with closing(Database.open(config.store)) as db:
        try:
            while db.value("request_waits", (number,)):
                if time.monotonic() > end:
                    raise StoreLocked(
                        f"{config.store}: another feedd is publishing with this store and has not taken up "
                        "that removals are allowed; try again when it is done"
                    )
                time.sleep(0.1)
        finally:
            with db.transaction():
                db.run("request_drop", (number,))


def still_meant(value: str, clock: Clock) -> bool:
    """Whether a wish of this time still waits: believed much later, it would empty the feeds of a missing disk."""
    return 0 <= clock().timestamp() - float(value) < 2 * _PATIENCE


def reload_daemon(config: Config) -> bool:
    """Have a running daemon read its configuration again; whether there is one."""
    try:
        with lock_store(config.store):
            return False
    except StoreLocked:
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
        with lock_store(config.store), closing(Database.open(config.store)) as db:
            return _forget(db, config, name, clock)
    except StoreLocked:
        leave(config, "forget", name)
        return None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of a wish to withdraw a post or to bring it back; ``left`` if a daemon does it."""

    uid: str
    what: str
    left: bool = False


def withdraw_post(config: Config, wanted: str, undo: bool, clock: Clock) -> Withdrawn:
    """Withdraw a post or bring it back.

    Raises:
        UsageError: there is no such post, it was never published, or it is not as it would have to be.
    """
    if not config.store.exists():
        raise UsageError(f"{config.store}: nothing was built yet, so there is no post to withdraw")
    try:
        with lock_store(config.store), closing(Database.open(config.store)) as db:
            _take_up_ledger(db, config, clock())
            uid = _withdrawable(db, find_post(db, config, wanted), wanted, undo)
            back = withdraw(db, config, uid, undo, clock())
    except StoreLocked:
        with closing(Database.open(config.store, read_only=True)) as db:
            uid = _withdrawable(db, find_post(db, config, wanted), wanted, undo)
        leave(config, "restore" if undo else "withdraw", uid)
        return Withdrawn(uid, "", left=True)
    if not undo:
        return Withdrawn(uid, "withdrawn; `feedd build` takes it out of the feeds")
    later = "`feedd build` brings it back" if back else "it comes back when a source has it again"
    return Withdrawn(uid, f"no longer withdrawn; {later}")


def _withdrawable(db: Database, number: int, wanted: str, undo: bool) -> str:
    post = withdrawal.load_post_state(db, number)
    if post.uid is None:
        raise UsageError(
            f"{wanted}: was never published, so it cannot be withdrawn; remove it from its source"
        )
    if bool(post.withdrawn) != undo:
        raise UsageError(f"{wanted}: is not withdrawn" if undo else f"{wanted}: is withdrawn already")
    return post.uid


def withdraw(db: Database, config: Config, uid: str, undo: bool, now: datetime) -> bool:
    """The same for the post with this id; whether it is (or may be) somewhere to come back from."""
    _take_up_ledger(db, config, now)
    number = db.value("post_of_uid", (uid,))
    if number is None or bool(withdrawal.load_post_state(db, number).withdrawn) != undo:
        return False
    with db.transaction():
        back = withdrawal.restore(db, number, now) if undo else True
        if not undo:
            withdrawal.withdraw(db, [number], now)
    write_ledger(db, config)  # at once: the next run reads the file
    return back


def _take_up_ledger(db: Database, config: Config, now: datetime) -> None:
    """Learn of withdrawals that the store does not know: it may be a backup that was restored just now."""
    ledger.load_ledger(db, get_ledger_path(config))
    apply_withdrawals(db, now)


def _forget(db: Database, config: Config, name: str, clock: Clock) -> int:
    """How many items of a source went; 0 if it is not known or not removed."""
    every = expand(config, db)[0]
    sources = register(db, config, every)
    number = next((n for n, (known, _) in sources.items() if known == name), None)
    if number is None or name in {one.name for one in (*every, *config.sources)}:
        return 0
    return remove_source(db, sources, number, clock(), burnt_keys(db))
