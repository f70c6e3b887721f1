"""``feedd backfill``: fetch the full history of an upstream feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import SOURCE, Commands, decode, parse_pages
from feeds.cli.output import format_count, print_message, print_result

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.config import Config
    from feeds.ingest.backfill import HistoryReport
    from feeds.protocols import Clock


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    backfill = commands.add("backfill", "fetch the full history of an upstream feed")
    backfill.add_argument("source", type=decode, metavar="SOURCE", help=SOURCE)
    backfill.add_argument(
        "--pages", type=parse_pages, default=1000, metavar="N", help="fetch at most N pages (default: 1000)"
    )
    backfill.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Fetch the history and print the result; return the exit code."""
    return fetch_and_print(options.source, options.pages, options)


def fetch_and_print(source: str, pages: int, options: Namespace) -> int:
    """Fetch the history of a source and print the result; return the exit code."""
    from feeds.config import load_config
    from feeds.session import now

    past = fetch_history(load_config(options.config), source, pages, now)
    if past is None:
        values = {"source": source, "left_to_daemon": True}
        return print_result(options, values, f"{source}: the running daemon fetches its history")
    from dataclasses import asdict

    found = format_count(past.new, "older post") if past.new else "no older posts"
    reason = "reached the beginning" if past.done and past.pages else past.reason
    for trouble in past.troubles:
        print_message(f"warning: {trouble.removeprefix('source ')}")
    text = f"{source}: {found} ({format_count(past.pages, 'page')} fetched, {reason})"
    return print_result(options, asdict(past), text)


def fetch_history(config: Config, source: str, pages: int, clock: Clock) -> HistoryReport | None:
    """Fetch the full history of an upstream feed. See :func:`feeds.api.backfill`."""
    from feeds.cli.daemon_requests import add_request
    from feeds.errors import StoreLocked
    from feeds.ingest import backfill as reading
    from feeds.protocols import ignore_progress
    from feeds.session import open_session
    from feeds.storage.sqlite import lock_store

    try:
        with (
            lock_store(config.store),
            open_session(config, config.store, 1, clock, ignore_progress) as session,
        ):
            return reading.fetch_history_once(session, source, pages)
    except StoreLocked:
        add_request(config, "backfill", source)
        return None
