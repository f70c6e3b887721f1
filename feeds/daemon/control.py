"""Apply the requests of other commands, in the process that has locked the store.

A request that is stored during a build is applied by the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from feeds.config import Source
from feeds.protocols import Clock
from feeds.publisher.publisher import write_ledger
from feeds.session import Session
from feeds.sources import expand_sources, register_sources
from feeds.storage.interface import Sources, Storage
from feeds.workers.workers import Workers

# A scan of large folders takes a while, but a user waits in front of a terminal.
_PATIENCE = 60
"""Seconds to wait for a daemon to apply a request that must not be delayed."""


def apply_requests(session: Session) -> list[str]:
    """Apply the requests stored during another run; requests that only a daemon can apply stay.

    The ledger is read first, because the store may be a restored backup. Return what is wrong with the ledger.
    """
    ledger, folders = session.publishing.ledger, bool(session.folders)
    troubles = session.db.read_ledger(ledger, session.sources, session.clock(), folders)
    for number, kind, value in session.db.load_requests():
        # The other kinds concern the memory of a daemon, and mean nothing without it.
        if kind in ("forget", "withdraw", "restore"):
            apply_request(session, kind, value)
            session.db.remove_request(number)
    return troubles


def apply_request(session: Session, kind: str, value: str) -> int:
    """Remove a source, withdraw or restore a post, in a session that has the store; return the number of removed items."""
    if kind == "forget":
        return remove_source(session.db, session.configured, value, session.clock, session.workers)
    withdraw(session.db, session.publishing.ledger, value, kind == "restore", session.clock())
    return 0


def is_current(value: str, clock: Clock) -> bool:
    """Return whether a request of this time is current: applied much later, it could empty the feeds of an unmounted disk."""
    return 0 <= clock().timestamp() - float(value) < 2 * _PATIENCE


def withdraw(db: Storage, path: Path, uid: str, undo: bool, now: datetime) -> bool:
    """Withdraw or restore the post with this id; ``path`` is that of the ledger. Return whether a source has (or may have) it."""
    # The withdrawal may be known already, to a store that is a backup.
    db.read_withdrawals(path, now)
    back = db.set_withdrawn(uid, not undo, now)
    if back is None:
        return False
    # Write the file now, because the next run reads it first.
    write_ledger(db, path)
    return back


def remove_source(
    db: Sources, configured: Sequence[Source], name: str, clock: Clock, workers: Workers | None = None
) -> int:
    """Remove a source; return the number of its items, 0 if it is unknown or still configured."""
    every = expand_sources(configured, db, workers)[0]
    ranked = register_sources(db, configured, every)
    # Checked again, because the configuration may have changed since the request was made.
    number = next((n for n, (known, _) in ranked.items() if known == name), None)
    if number is None or name in {source.name for source in (*every, *configured)}:
        return 0
    return db.remove_source(ranked, number, clock())
