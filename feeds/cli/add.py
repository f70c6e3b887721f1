"""``feedd add``: add upstream feeds to the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands, decode

if TYPE_CHECKING:
    from argparse import Namespace


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    add = commands.add("add", "add an upstream feed, or the feed of a web page, to the configuration")
    add.add_argument("url", type=decode, nargs="+", metavar="URL", help="URL of a feed or of a web page")
    add.add_argument(
        "--allow", action="append", default=[], metavar="HOST:PORT", help="allow this private address"
    )
    add.add_argument("--backfill", action="store_true", help="also fetch the full history of the feed")
    add.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Add the feeds, fetch their history if that is wanted, and print the result; return the exit code."""
    from feeds.cli import backfill, subscriptions
    from feeds.config import load_config

    done = subscriptions.add_feeds(load_config(options.config), options.url, options.allow)
    code = subscriptions.print_added(done, options)
    if options.backfill:
        for name in done.added:
            backfill.fetch_and_print(name, 1000, options)
    return code
