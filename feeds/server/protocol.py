"""Limits for uvicorn's HTTP/1.1 protocol, which has none of its own.

No connection can harm others: a head has ten seconds and 16 KB, a body has 30 seconds. A client that does not
read is dropped, pipelined requests wait in a short queue, and idle connections make room for new connections.
The application answers what is refused here, with the status in the state of the request.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from feeds.server.metrics import Metrics

# Many readers poll at the full hour, so connections may wait in the system for a moment.
_BACKLOG = 1024

REFUSED = "refused"
"""Key in the state of a request: the status to refuse it with."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one connection."""

    connections: int = 1000
    header_seconds: float = 10.0
    """From the first byte of a request, or from connecting, to the end of its head."""
    body_seconds: float = 30.0
    answer_seconds: float = 120.0
    """For an endpoint to answer."""
    idle_seconds: float = 60.0
    """Between requests, and for a response besides the time for its size."""
    slowest_reader: int = 4096
    """Bytes a second that a client must read on the average."""
    header_bytes: int = 16 * 1024
    fields: int = 100
    target_bytes: int = 8 * 1024
    pipeline: int = 16
    """Requests that may wait for the response to an earlier one."""


def add_root_path(target: bytes) -> bytes:
    """Add the path ``/`` to an absolute request target without one (RFC 9112, 3.2.2); uvicorn fails on those.

    Raises:
        ValueError: it is not an address.
    """
    parts = urlsplit(target)
    return urlunsplit(parts._replace(path=b"/")) if parts.netloc and not parts.path else target


class BoundedConfig(uvicorn.Config):
    """uvicorn's configuration for :class:`BoundedProtocol`: HTTP/1.1 alone, no log of its own, no proxy fields."""

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics) -> None:
        super().__init__(
            app,
            http=BoundedProtocol,
            # Everything that feedd does not use is switched off, so that it cannot be attacked.
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            # Anyone can send these fields, and nothing in feedd depends on the client's address.
            proxy_headers=False,
            # The name of the software is of no use to clients, only to scanners.
            server_header=False,
            backlog=_BACKLOG,
            # Longer than the deadlines of BoundedProtocol, so that these decide.
            timeout_keep_alive=int(limits.idle_seconds) + 60,
        )
        self.limits = limits
        self.metrics = metrics


class BoundedProtocol(HttpToolsProtocol):
    """One connection; ``deadline`` is the time of the loop at which it will have been too slow."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        bounded = cast(BoundedConfig, config)
        self._limits, self._metrics = bounded.limits, bounded.metrics
        self.url = b""
        self._unparsed = 0
        """Bytes since the last head or piece of a body was whole: the parser keeps a field until it is."""
        self._arrived = 0
        """Bytes that the head under way can have at most."""
        self._ended = False
        """Whether what the client still sends is dropped."""
        # The clock starts with the connection, because a client that sends nothing holds a place too.
        self.deadline = self.loop.time() + self._limits.header_seconds

    @property
    def is_busy(self) -> bool:
        """Whether a response is made or sent."""
        # A response that is complete may still wait in the buffer of the system.
        return self.flow.write_paused or not self._is_answered

    @property
    def _is_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        """Close the connection now, whatever is under way."""
        self._metrics.connections_dropped += 1
        self.connections.discard(self)
        # `close` would first wait until a client that does not read has read everything.
        self.transport.abort()

    def _set_deadline(self) -> None:
        """Set the deadline of what is under way: idle time, a body that arrives, or an answer."""
        limits = self._limits
        # The deadline of a slow reader depends on the bytes that wait, and was set when writing paused.
        if self.flow.write_paused:
            return
        if self._is_answered:
            seconds = limits.idle_seconds
        else:
            seconds = limits.body_seconds if self.cycle.more_body else limits.answer_seconds
        self.deadline = self.loop.time() + seconds

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a client; if all connections are used, close those that were idle the longest."""
        super().connection_made(transport)
        # The client gets an answer even then: a silent close looks like a failure of the network.
        if len(self.connections) > self._limits.connections and not self._make_room():
            self._metrics.connections_refused += 1
            self.connections.discard(self)
            self._refuse(503)
        self._metrics.connections = len(self.connections)

    def _make_room(self) -> bool:
        others = cast("set[BoundedProtocol]", self.connections) - {self}
        # Only connections without a request may be dropped: closing a busy connection would lose its
        # response.
        idle = sorted((other for other in others if not other.is_busy), key=lambda other: other.deadline)
        # A good part at once: the search for the oldest costs time for each new connection.
        for other in idle[: max(1, self._limits.connections // 20)]:
            other.drop()
        return bool(idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remove a client that is gone."""
        super().connection_lost(exc)
        self._metrics.connections = len(self.connections)

    def pause_writing(self) -> None:
        """Give the client time to read, in proportion to the bytes that wait for it."""
        super().pause_writing()
        # A large document needs longer over a slow line, so the time grows with what is left.
        waiting = self.transport.get_write_buffer_size()
        seconds = self._limits.idle_seconds + waiting // self._limits.slowest_reader
        self.deadline = self.loop.time() + seconds

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        super().resume_writing()
        self._set_deadline()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer the requests of a client that closed its side, then close."""
        # Nothing was requested, so nothing has to be answered.
        if self._is_answered:
            return False
        self._refuse(400)
        self.cycle.more_body = False
        # Wakes a handler that waits for the rest of a body that will not come.
        self.cycle.message_event.set()
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, and refuse a head or a trailer that does not end."""
        if self._ended:
            return
        self._unparsed += len(data)
        self._arrived = self._unparsed
        super().data_received(data)
        # The parser keeps an unfinished field in memory and has no limit of its own.
        if self._unparsed > self._limits.header_bytes and not self._ended:
            self._refuse(414 if len(self.url) > self._limits.target_bytes else 431)

    def on_message_begin(self) -> None:
        """Start the deadline of a head with its first byte."""
        super().on_message_begin()
        # A pipelined head arrives while an earlier request is answered; that deadline must not be replaced.
        if not self.is_busy:
            self.deadline = self.loop.time() + self._limits.header_seconds

    def on_headers_complete(self) -> None:
        """Check the size of the head, then have the request answered."""
        limits = self._limits
        self._unparsed = 0
        if len(self.pipeline) >= limits.pipeline:
            # A client may repeat requests that were not answered (RFC 9112, 9.3.2).
            raise ValueError("too many pipelined requests")
        # RFC 9112, 3.2.2: a server has to accept absolute targets, which proxies send.
        if not self.url.startswith(b"/"):
            self.url = add_root_path(self.url)
        # The state carries the refusal to the application, so that it is counted and answered like any other.
        if len(self.url) > limits.target_bytes:
            self.scope["state"][REFUSED] = 414
        elif len(self.headers) > limits.fields or self._measure_head() > limits.header_bytes:
            self.scope["state"][REFUSED] = 431
        super().on_headers_complete()
        self.headers = []  # trailers do not belong to the header fields of the request
        if not self.pipeline:
            self._set_deadline()

    def _measure_head(self) -> int:
        """Return the bytes of the head's fields, or a bound that is small enough."""
        # Usually the whole head arrives at once, and summing its fields is needless.
        if self._arrived <= self._limits.header_bytes:
            return self._arrived
        return sum(len(name) + len(value) for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        """Hand over a piece of a body."""
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._unparsed = 0
        super().on_message_complete()
        if not self.pipeline:
            self._set_deadline()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        super().on_response_complete()
        self._set_deadline()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed (called by uvicorn)."""
        self._refuse(400)

    def _unsupported_upgrade_warning(self) -> None:
        """Answer as if no upgrade was wanted (RFC 9110, 7.8); what follows is not HTTP/1.1 any more."""
        # Bytes of another protocol would otherwise be parsed as the next request.
        self._ended = True
        self.cycle.keep_alive = False

    def _refuse(self, status: int) -> None:
        """Read no more: answer a request that is not whole with ``status``, after all before it, and close."""
        self._ended = True
        # A made-up request goes through the application, so that the refusal passes the usual checks and
        # counts.
        if self._is_answered:
            super().on_message_begin()
            self.url = b"/"
            self.scope["state"][REFUSED] = status
            super().on_headers_complete()
        elif self.cycle.more_body:
            self.cycle.scope["state"].setdefault(REFUSED, status)
            self.cycle.message_event.set()
        self.cycle.keep_alive = False
        self._set_deadline()
