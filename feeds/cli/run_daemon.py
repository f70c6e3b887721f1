"""``feedd`` without a command: run the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace


def run(options: Namespace) -> int:
    """Run the daemon until it is stopped; return the exit code."""
    import asyncio

    from feeds.daemon import daemon
    from feeds.daemon.event_log import EventLog
    from feeds.session import now

    asyncio.run(daemon.serve(options.config, now, EventLog(now, options.log_format), options.jobs))
    return 0
