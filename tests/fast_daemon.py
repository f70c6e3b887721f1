"""The daemon as a program whose days are short: ``python -m tests.fast_daemon CONFIG BEGUN SPEED``.

At ``BEGUN``, in seconds since 1970, its clock was right; since then it runs ``SPEED`` times as fast.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

from feeds import daemon
from feeds.jobs.events import EventLog


def main() -> None:
    begun, speed = float(sys.argv[2]), float(sys.argv[3])

    def clock() -> datetime:
        return datetime.fromtimestamp(begun + (time.time() - begun) * speed, UTC)

    asyncio.run(daemon.serve(sys.argv[1], clock, EventLog(clock, "json"), 1, speed))


if __name__ == "__main__":
    main()
