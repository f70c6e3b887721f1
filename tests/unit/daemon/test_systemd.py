"""Notifications to systemd: to the named socket, and a watchdog at half of its limit."""

from __future__ import annotations

import os
from typing import Any

import pytest

from feeds.daemon.systemd import Supervisor


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "4000000"}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}, 2.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "x"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog(environment: dict[str, str], seconds: float) -> None:
    assert Supervisor(environment).watchdog == seconds


class Channel:
    """Keeps what is sent; it is its own factory."""

    def __init__(self, error: OSError | None = None) -> None:
        self.sent: list[tuple[bytes, str]] = []
        self.error = error

    def __call__(self, *_: int) -> Any:
        return self

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None: ...

    def sendto(self, data: bytes, address: str) -> None:
        if self.error:
            raise self.error
        self.sent.append((data, address))


def test_lines_go_to_the_named_socket() -> None:
    channel = Channel()
    Supervisor({}, channel).notify("READY=1")
    assert channel.sent == []
    Supervisor({"NOTIFY_SOCKET": "/run/x"}, channel).notify("READY=1", "STATUS=ok")
    Supervisor({"NOTIFY_SOCKET": "@abstract"}, channel).notify("STOPPING=1")
    assert channel.sent == [(b"READY=1\nSTATUS=ok", "/run/x"), (b"STOPPING=1", "\0abstract")]
    Supervisor({"NOTIFY_SOCKET": "/run/x"}, Channel(OSError("gone"))).notify("READY=1")
