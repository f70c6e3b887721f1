"""Worker processes: they end with their parent, and with nothing else."""

from __future__ import annotations

import os
import signal

from feeds.workers import Workers


def told_to_stop(piece: int) -> int:
    """A supervisor signals the whole group in the middle of the work."""
    if os.getpid() != piece:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    return os.getpid()


def test_a_signal_to_the_whole_group_does_not_break_the_work() -> None:
    with Workers(2, str, "") as workers:
        found = list(workers.map(told_to_stop, [os.getpid()] * 20))
    assert len(found) == 20
    assert os.getpid() not in found
