"""One TCP connection, plain or under TLS, with HTTP/1.1 (RFC 9112) on it as a client speaks it.

Bytes are parsed as they come, by httptools (Node's parser). It is somewhat lenient, as browsers are: lines that
end in a bare line feed and folded header lines are read. Nothing is read far ahead, and a connection
knows whether it may carry another request: no byte may have come that nobody asked for.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple, cast

import httptools

_AHEAD = 128 * 1024
_LONGEST_HEAD = 100 * 1024


class NoAnswer(Exception):  # noqa: N818 - it says what came instead
    """What came is no HTTP answer, or only half of one."""


class Head(NamedTuple):
    """The beginning of an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; values byte for byte (as ISO 8859-1)."""


class Wire(asyncio.Protocol):
    """A connection; :meth:`ask`, then :meth:`piece` until it is empty, by one task at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = self._over = False
        self._begin(tunnel=False)
        self._complete = True  # nothing is asked yet
        self._anew()

    def _anew(self) -> None:
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
            lenient_chunked_length=True,
        )

    def _begin(self, *, tunnel: bool) -> None:
        self._tunnel = tunnel
        self._head: Head | None = None
        self._headers: list[tuple[str, str]] = []
        self._size = 0
        self._pieces: list[bytes] = []
        self._held = 0
        self._complete = self._lasting = self._framed = False
        self._error: Exception | None = None

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent: the answer was read to its end, and nothing came after it."""
        return self._complete and self._lasting and not self._over

    async def ask(self, request: bytes, *, tunnel: bool = False) -> Head:
        """Send a request; the beginning of its answer.

        With ``tunnel`` what follows is none of HTTP (CONNECT).

        Raises:
            NoAnswer: what comes is no HTTP.
            OSError: the connection is broken.
        """
        if self._over or self._transport is None:
            raise self._error or ConnectionResetError("the connection was closed")
        self._begin(tunnel=tunnel)
        self._transport.write(request)
        while self._head is None:
            await self._news()
        return self._head

    async def piece(self) -> bytes:
        """The next bytes of the body; none at its end.

        Raises:
            NoAnswer: it ends before its end.
            OSError: the connection broke.
        """
        while not self._pieces:
            if self._complete:
                return b""
            await self._news()
        found = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return found

    async def _news(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def abort(self) -> None:
        """Close at once, without waiting for the other side."""
        self._over = True
        if self._transport is not None:
            self._transport.abort()

    async def secure(self, context: ssl.SSLContext, server_hostname: str) -> None:
        """Begin TLS on the open connection (after a proxy has made a tunnel).

        Raises:
            OSError: the handshake failed or the certificate is not the host's.
        """
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        secured = await loop.start_tls(self._transport, self, context, server_hostname=server_hostname)
        if secured is None:
            raise ConnectionResetError("the connection was closed during the handshake")
        self._transport = secured
        self._anew()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Parse what came; stop reading if nobody takes it."""
        if self._complete or self._parser is None:
            return self.abort()  # nobody asked for that
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(NoAnswer("it changes to another protocol"))
        except httptools.HttpParserError as error:
            self._fail(NoAnswer(str(error)))
        if self._head is None:
            self._size += len(data)
            if self._size > _LONGEST_HEAD:
                self._fail(NoAnswer(f"its header is too long, more than {_LONGEST_HEAD} bytes"))
        if self._held > _AHEAD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        return self._wake()

    def eof_received(self) -> None:
        """Nothing more comes: that ends a body without a length."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whomever."""
        self._end(exc)
        self._parser = None  # it knows this connection, which would be freed late

    def _end(self, error: Exception | None) -> None:
        self._over = True
        if self._complete:
            return
        if error is None and self._head is not None and not self._framed:
            self._complete = True
        else:
            self._fail(error or NoAnswer("the connection was closed before the end of the answer"))
        self._wake()

    def _fail(self, error: Exception) -> None:
        """Note what went wrong first; after the end of an answer only that this was its last."""
        self._lasting = False
        if not self._complete:
            self._error = self._error or error

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """An answer begins: the one that is waited for, or one that nobody wants."""
        self._lasting = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those after the body are passed over."""
        if self._head is None:
            self._headers.append((name.decode("ascii").lower(), value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        """The head is there, if it is not that of an interim answer (RFC 9110, 15.2)."""
        assert self._parser is not None
        if self._complete:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = []
            return
        names = {name for name, _ in self._headers}
        self._framed = not names.isdisjoint(("content-length", "transfer-encoding"))
        # Two ways to tell the length: a sender that is that confused is asked anew.
        self._lasting = self._parser.should_keep_alive() and not names.issuperset(
            ("content-length", "transfer-encoding")
        )
        self._head = Head(status, tuple(self._headers))
        self._complete = self._tunnel

    def on_body(self, body: bytes) -> None:
        """Keep the next bytes of the body."""
        if not self._complete:
            self._pieces.append(body)
            self._held += len(body)

    def on_message_complete(self) -> None:
        """The answer is whole, if it was not an interim one."""
        self._complete = self._head is not None
