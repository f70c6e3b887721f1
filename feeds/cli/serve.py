"""``feedd serve``: serve the output folder over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from feeds.cli.arguments import Commands

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.config import Config
    from feeds.protocols import Clock


def add_arguments(commands: Commands) -> None:
    """Add the command and its arguments."""
    serve = commands.add("serve", "serve the output folder over HTTP", report=False)
    serve.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Run the command and print its result; return the exit code."""
    from feeds.config import load_config
    from feeds.session import now

    def announce(address: str) -> None:
        if not options.quiet:
            print(f"serving {address}/ (Ctrl-C stops)", flush=True)

    serve_output(load_config(options.config), announce, now)
    return 0


def serve_output(config: Config, announce: Callable[[str], None], clock: Clock) -> None:
    """Serve the output folder over HTTP until SIGTERM or SIGINT; call ``announce`` with the address. See :func:`feeds.api.serve`."""
    from feeds.daemon.http_service import build_server
    from feeds.server.server import run

    run(build_server(config, clock), announce)
