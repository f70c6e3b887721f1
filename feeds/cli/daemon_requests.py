"""Leave requests in the store for a running daemon."""

from __future__ import annotations

from contextlib import closing

from feeds.config import Config
from feeds.errors import StoreLocked
from feeds.storage.sqlite import lock_store
from feeds.storage.store import Store


def add_request(config: Config, kind: str, value: str = "") -> int:
    """Store a request for the daemon that has the store; return its number."""
    with closing(Store.open(config.store)) as db:
        return db.add_request(kind, value)


def reload_daemon(config: Config) -> bool:
    """Make a running daemon load its configuration again; return whether one is running."""
    try:
        # Only a running process has the lock, so a free lock means that no daemon runs.
        with lock_store(config.store):
            return False
    except StoreLocked:
        add_request(config, "reload")
        return True
