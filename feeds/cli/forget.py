"""``feedd forget``: remove the posts of a source that was removed from the configuration."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from feeds.cli.arguments import SOURCE, Commands, decode
from feeds.cli.output import format_count, print_result

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.config import Config
    from feeds.protocols import Clock


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    forget = commands.add("forget", "remove the posts of a source that is no longer configured")
    forget.add_argument("source", type=decode, metavar="SOURCE", help=SOURCE)
    forget.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from feeds.config import load_config
    from feeds.session import now

    count = remove_source(load_config(options.config), options.source, now)
    if count is None:
        text = "the running daemon removes its posts"
    elif count:
        text = (
            f"removed {format_count(count, 'post')} from the database; run `feedd build` to update the feeds"
        )
    else:
        text = "nothing to remove"
    values = {"source": options.source, "items": count, "left_to_daemon": count is None}
    return print_result(options, values, f"{options.source}: {text}")


def remove_source(config: Config, name: str, clock: Clock) -> int | None:
    """Remove an unconfigured source and its posts from the store; return the number of items, None if a daemon does it.

    Raises:
        UsageError: the source is unknown, or it is still in the configuration.
    """
    from feeds.cli.daemon_requests import add_request
    from feeds.daemon import control
    from feeds.errors import StoreLocked, UsageError
    from feeds.sources import expand_sources
    from feeds.storage.sqlite import lock_store
    from feeds.storage.store import Store

    if not config.store.exists():
        raise UsageError(f"{config.store}: no build yet, so there is nothing to remove")
    with closing(Store.open(config.store, read_only=True)) as db:
        # The sources of a list count too: they would come back with the next poll of the list.
        present = {source.name for source in (*expand_sources(config.sources, db)[0], *config.sources)}
        known = db.load_sources()
    if name in present:
        raise UsageError(f"{name}: is still in {config.path}; remove it there first")
    if name not in known:
        raise UsageError(f"{name}: no source of this name is known; `feedd status` lists them")
    try:
        # At once if no daemon runs; otherwise the daemon has to do it, as the store has one writer.
        with lock_store(config.store), closing(Store.open(config.store)) as db:
            return control.remove_source(db, config.sources, name, clock)
    except StoreLocked:
        add_request(config, "forget", name)
        return None
