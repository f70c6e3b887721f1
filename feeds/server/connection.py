"""One connection: HTTP/1.1 (RFC 9112) read by httptools, bounded in time and size; the only importer of it.

A connection costs nobody else anything: a header has ten seconds and 16 KB, a body has a limit, a
reader that does not read is dropped, pipelined requests wait in a short line.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable
from typing import Protocol, cast

import httptools

from feeds.server.app import ALLOWED, Application
from feeds.server.messages import Answer, Request, reason, refuse

HEADER_SECONDS = 10.0
"""From the first byte of a request, or from connecting, to the end of its header."""
BODY_SECONDS = 30.0
IDLE_SECONDS = 60.0
"""Between requests, and for a response before its size is reckoned."""
ANSWER_SECONDS = 120.0
"""For a handler of a mounted route."""
LINGER_SECONDS = 2.0
SLOWEST_READER = 4096
"""Bytes a second that a reader must take on the average."""
MAX_HEADER = 16 * 1024
MAX_FIELDS = 100
MAX_TARGET = 8 * 1024

_PIPELINE = 16
_PIECE = 1024 * 1024
_HIGH_WATER = 64 * 1024
_HOST = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?")
_STATUS = {code: f"HTTP/1.1 {code} {reason(code)}\r\n".encode() for code in range(100, 600)}
_LOG = logging.getLogger("feedd.serve")


class _Refused(Exception):  # noqa: N818 - it ends the parsing, the status says why
    """The request is not worth reading further."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Owner(Protocol):
    """What a connection asks of the server that it belongs to."""

    application: Application
    stopping: bool
    now: float
    """Seconds of a monotonic clock, good to a second."""

    def date(self) -> bytes:
        """The ``Date`` line of now."""

    def admit(self, connection: Connection) -> bool:
        """Whether there is room for it."""

    def leave(self, connection: Connection) -> None:
        """It has ended."""


class Connection(asyncio.Protocol):
    """The protocol of one client; ``deadline`` is when it will have been too slow."""

    __slots__ = (
        "_body",
        "_body_limit",
        "_client",
        "_fed",
        "_head_size",
        "_headers",
        "_hosts",
        "_keep",
        "_last",
        "_parser",
        "_paused",
        "_queue",
        "_reading_head",
        "_rest",
        "_target",
        "_task",
        "_transport",
        "deadline",
        "listener",
    )

    def __init__(self, listener: Owner) -> None:
        self.listener = listener
        self.deadline = listener.now + HEADER_SECONDS
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._rest: memoryview | None = None
        self._paused = self._last = False
        self._fed = 0
        self._body_limit = 0
        self._keep = False
        self._reading_head = True
        self._client = ""
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: bytes | bytearray = b""
        self._head_size = 0
        self._hosts = 0

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected; there may be no room for it."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        if not self.listener.admit(self):
            self._last = True
            self._write(refuse(503, "Too many connections", (("Retry-After", "5"),)), head_only=False)
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        """The client is gone; a handler that still works for it may finish."""
        self.listener.leave(self)
        self._queue.clear()
        self._rest = None
        self._last = True

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self._last:
            return
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # The request is answered as if it had not asked; what follows is not read (RFC 9110, 7.8).
            self._close_after_queue()
        except httptools.HttpParserError as error:
            cause = error.__context__ or error.__cause__
            self._refuse(cause.status if isinstance(cause, _Refused) else 400)
        else:
            # Everything but a body counts, for the parser keeps a field until it is whole.
            if self._fed > MAX_HEADER:
                self._refuse(431)

    def eof_received(self) -> bool:
        """The client has no more to say; what it asked for is still answered."""
        if self.busy:
            self._close_after_queue()
            return True
        return False

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self._paused = True

    def resume_writing(self) -> None:
        """The client has read."""
        self._paused = False
        if self._rest is not None:
            self._write_rest()
        self._next()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._begin()
        if not self.busy:
            self.deadline = self.listener.now + HEADER_SECONDS

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target += url
        if len(self._target) > MAX_TARGET:
            raise _Refused(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer, which is dropped."""
        if not self._reading_head:
            return
        self._head_size += len(name) + len(value)
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        headers = self._headers
        if name in headers:
            headers[name] += b", " + value
        else:
            headers[name] = value
        if self._head_size > MAX_HEADER or len(headers) > MAX_FIELDS:
            raise _Refused(431)

    def on_headers_complete(self) -> None:
        """The header is whole: is it worth an answer?"""
        headers = self._headers
        self._reading_head = False
        self._fed = 0
        self._keep = self._parser.get_http_version() == "1.1"
        if self._hosts != 1 and (self._hosts or self._keep):
            raise _Refused(400)
        if self._hosts and not _HOST.fullmatch(headers[b"host"]):
            raise _Refused(400)
        if b"content-length" in headers or b"transfer-encoding" in headers:
            self._expect_body()
        elif b"expect" in headers and headers[b"expect"].lower() != b"100-continue":
            raise _Refused(417)

    def _expect_body(self) -> None:
        headers = self._headers
        route = self.listener.application.route(self._target)
        if route is None and self._parser.get_method() not in (b"GET", b"HEAD"):
            raise _Refused(405)
        self._body_limit = route.body_limit if route else 0
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 18:
            raise _Refused(400)
        if int(length) > self._body_limit:
            raise _Refused(413)
        self.deadline = self.listener.now + BODY_SECONDS
        if b"expect" in headers:
            if headers[b"expect"].lower() != b"100-continue":
                raise _Refused(417)
            if not self.busy:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._fed = 0
        if len(self._body) + len(body) > self._body_limit:
            raise _Refused(413)
        if not self._body:
            self._body = bytearray()
        self._body += body

    def on_message_complete(self) -> None:
        """A whole request."""
        self._reading_head = True
        self._fed = 0
        parser = self._parser
        keep = self._keep and parser.should_keep_alive()
        request = Request(parser.get_method(), self._target, self._headers, bytes(self._body), self._client)
        if self.busy or self._queue:
            if len(self._queue) >= _PIPELINE:
                # What is not answered may be asked again (RFC 9112, 9.3.2).
                raise _Refused(0)
            self._queue.append((request, keep))
        else:
            self._dispatch(request, keep)

    # Answering.

    @property
    def busy(self) -> bool:
        """An answer is being made or taken."""
        return self._task is not None or self._rest is not None or self._paused

    def _next(self) -> None:
        while self._queue and not self.busy and not self._transport.is_closing():
            self._dispatch(*self._queue.popleft())
        if self._last and not self._queue and not self.busy:
            self._transport.close()

    def _dispatch(self, request: Request, keep: bool) -> None:
        if not keep or self.listener.stopping:
            self._last = True
            self._queue.clear()
        head_only = request.method == b"HEAD"
        try:
            answer = self.listener.application.answer(request)
        except Exception:
            _LOG.exception("a request for %r failed", request.target[:200])
            answer = refuse(500)
        if isinstance(answer, Answer):
            self._write(answer, head_only)
            if self._last and not self.busy:
                self._transport.close()
        else:
            self.deadline = self.listener.now + ANSWER_SECONDS
            self._task = asyncio.get_running_loop().create_task(self._promised(answer, head_only, request))

    async def _promised(self, promise: Awaitable[Answer], head_only: bool, request: Request) -> None:
        try:
            answer = await promise
        except Exception:
            _LOG.exception("a request for %r failed", request.target[:200])
            answer = refuse(500)
        finally:
            self._task = None
        if not self._transport.is_closing():
            self._write(answer, head_only)
            self._next()

    def _write(self, answer: Answer, head_only: bool) -> None:
        listener = self.listener
        body = answer.body
        size = len(body)
        start = _STATUS[answer.status] + listener.date() + answer.head
        end = b"Connection: close\r\n\r\n" if self._last else b"\r\n"
        metrics = listener.application.metrics
        metrics.requests[answer.status] += 1
        if head_only or not size:
            self._transport.write(start + end)
            size = 0
        elif size <= _HIGH_WATER:
            self._transport.write(b"".join((start, end, body)))
        elif size <= _PIECE:
            self._transport.writelines((start + end, body))
        else:
            self._transport.write(start + end)
            self._rest = memoryview(body)
            self._write_rest()
        metrics.sent_bytes_total += len(start) + len(end) + size
        self.deadline = listener.now + IDLE_SECONDS + size // SLOWEST_READER

    def _write_rest(self) -> None:
        while self._rest is not None and not self._paused:
            piece, rest = self._rest[:_PIECE], self._rest[_PIECE:]
            self._rest = rest if len(rest) else None
            self._transport.write(piece)

    def _refuse(self, status: int) -> None:
        """Answer what cannot be read, after what was asked before, and close."""
        if status and not self.busy and not self._queue and not self._last:
            self._last = True
            self._write(refuse(status, fields=ALLOWED if status == 405 else ()), head_only=False)
            # Closing at once would reset the connection under what the client still sends, and the
            # answer with it (RFC 9112, 9.6): it is read and dropped for a moment.
            self._transport.write_eof()
            self.deadline = self.listener.now + LINGER_SECONDS
        else:
            self._close_after_queue()

    def _close_after_queue(self) -> None:
        self._last = True
        self._next()

    # What the listener asks.

    def end(self) -> None:
        """Close as soon as nothing is under way."""
        self._close_after_queue()

    def drop(self) -> None:
        """Close now, whatever is under way."""
        self._transport.abort()
