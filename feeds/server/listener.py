"""All connections of one server: room for new ones, deadlines, stopping."""

from __future__ import annotations

import asyncio
import time

from feeds.server.app import Application
from feeds.server.connection import Connection
from feeds.server.negotiation import http_date

_TICK = 1.0


class Listener:
    """Owns the connections of one event loop; ``now`` is its clock, good to a second."""

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.stopping = False
        self.now = time.monotonic()
        self._limit = limit
        self._connections: set[Connection] = set()
        self._second = 0
        self._date = b""
        self._sweeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch the deadlines."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep())

    def date(self) -> bytes:
        """The ``Date`` line of now, made once a second (RFC 9110, 6.6.1)."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._date = b"Date: " + http_date(second) + b"\r\n"
        return self._date

    def admit(self, connection: Connection) -> bool:
        """Take a connection in; the one idle the longest makes room. False if all are busy."""
        if len(self._connections) >= self._limit and not self._make_room():
            self.application.metrics.connections_refused_total += 1
            return False
        self._connections.add(connection)
        self.application.metrics.connections = len(self._connections)
        return True

    def _make_room(self) -> bool:
        idle = [one for one in self._connections if not one.busy]
        if not idle:
            return False
        # A good part at once: looking for the oldest costs time for each newcomer.
        idle.sort(key=lambda one: one.deadline)
        for one in idle[: max(1, self._limit // 20)]:
            self._drop(one)
        return True

    def _drop(self, connection: Connection) -> None:
        self.application.metrics.connections_dropped_total += 1
        self._connections.discard(connection)
        connection.drop()

    def leave(self, connection: Connection) -> None:
        """A connection has ended."""
        self._connections.discard(connection)
        self.application.metrics.connections = len(self._connections)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self.now = time.monotonic()
            for one in [one for one in self._connections if one.deadline < self.now]:
                self._drop(one)

    async def stop(self, seconds: float) -> None:
        """Let what is under way finish, for ``seconds`` at most, then end every connection."""
        self.stopping = True
        for one in list(self._connections):
            one.end()
        end = time.monotonic() + seconds
        while self._connections and time.monotonic() < end:
            await asyncio.sleep(0.02)
        for one in list(self._connections):
            one.drop()
        if self._sweeper is not None:
            self._sweeper.cancel()
