"""Notifications to systemd: to the named socket, and a watchdog at half of its limit."""

from __future__ import annotations

import os
from typing import Any

import pytest

from feeds.daemon import systemd
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
    sent: list[tuple[bytes, str]] = []  # noqa: RUF012 - shared by the sockets of a test
    error: OSError | None = None

    def __init__(self, *_: Any) -> None: ...

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None: ...

    def sendto(self, data: bytes, address: str) -> None:
        if self.error:
            raise self.error
        self.sent.append((data, address))


def test_lines_go_to_the_named_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd.socket, "socket", Channel)
    Channel.sent.clear()
    Supervisor({}).notify("READY=1")
    assert Channel.sent == []
    Supervisor({"NOTIFY_SOCKET": "/run/x"}).notify("READY=1", "STATUS=ok")
    Supervisor({"NOTIFY_SOCKET": "@abstract"}).notify("STOPPING=1")
    assert Channel.sent == [(b"READY=1\nSTATUS=ok", "/run/x"), (b"STOPPING=1", "\0abstract")]
    monkeypatch.setattr(Channel, "error", OSError("gone"))
    Supervisor({"NOTIFY_SOCKET": "/run/x"}).notify("READY=1")
