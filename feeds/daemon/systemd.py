"""Notify systemd of the daemon's state (``sd_notify(3)``); without systemd nothing is sent."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable


class Supervisor:
    """The service manager that started the daemon, if it wants notifications: ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC``."""

    def __init__(
        self,
        environment: dict[str, str] | None = None,
        create_socket: Callable[[int, int], socket.socket] = socket.socket,
    ) -> None:
        self._create_socket = create_socket
        given = dict(os.environ) if environment is None else environment
        self._address = given.get("NOTIFY_SOCKET", "")
        microseconds = given.get("WATCHDOG_USEC", "")
        # A child inherits the environment, but the watchdog expects messages of one process only.
        mine = given.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        # sd_watchdog_enabled(3) recommends half of the limit.
        self.watchdog = int(microseconds) / 2_000_000 if microseconds.isdigit() and mine else 0.0
        """Seconds between two watchdog messages, half of the limit; 0 for none."""

    def notify(self, *lines: str) -> None:
        """Send lines such as ``READY=1``; errors are ignored, because the daemon runs without a supervisor too."""
        if not self._address:
            return
        # A leading @ means a null byte: the abstract namespace of Linux.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with self._create_socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            try:
                channel.sendto("\n".join(lines).encode(), address)
            except OSError:
                return
