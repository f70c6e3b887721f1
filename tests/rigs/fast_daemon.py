"""The daemon as a program whose days are short: ``python -m tests.rigs.fast_daemon CONFIG BEGUN SPEED [DEADLINE]``.

At ``BEGUN``, in seconds since 1970, its clock was right; since then it runs ``SPEED`` times as fast.
A post or entry may take ``DEADLINE`` seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

from feeds.daemon import daemon
from feeds.daemon.event_log import EventLog
from feeds.workers import DEADLINE


def main() -> None:
    begun, speed = float(sys.argv[2]), float(sys.argv[3])

    def clock() -> datetime:
        return datetime.fromtimestamp(begun + (time.time() - begun) * speed, UTC)

    deadline = float(sys.argv[4]) if len(sys.argv) > 4 else DEADLINE
    asyncio.run(daemon.serve(sys.argv[1], clock, EventLog(clock, "json"), 1, speed, deadline))


if __name__ == "__main__":
    main()
