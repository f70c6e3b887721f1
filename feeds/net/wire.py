"""One TCP connection, plain or under TLS, and the addresses that a name has.

A lean byte stream over asyncio's protocols: it reads no further ahead than two pieces, and it knows
whether it may carry another request.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a host name, for a port; raises ``OSError`` if there are none."""

_AHEAD = 128 * 1024
_MOST_ADDRESSES = 4
_PER_ADDRESS = 4.0


class Wire(asyncio.Protocol):
    """A connection as a stream of bytes; one reader and one writer at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._paused = False
        self._over = False
        self._error: Exception | None = None

    @property
    def fresh(self) -> bool:
        """Whether another request may be sent: still open, and nothing came that nobody asked for."""
        return not self._over and not self._buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes, at least one and at most ``max_bytes``; none at the end.

        The caller's deadline counts; ``timeout`` is part of the interface and has no effect.

        Raises:
            OSError: the connection broke.
        """
        while not self._buffer:
            if self._over:
                if self._error is not None:
                    raise self._error
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        piece = bytes(self._buffer[:max_bytes])
        del self._buffer[:max_bytes]
        if self._paused and len(self._buffer) < _AHEAD and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes; waits while the other side does not take them.

        Raises:
            OSError: the connection is closed.
        """
        if self._over or self._transport is None:
            raise self._error or ConnectionResetError("the connection was closed")
        if buffer:
            self._transport.write(buffer)
        if self._drained is not None:
            await self._drained

    async def aclose(self) -> None:
        """Close at once, without waiting for the other side."""
        self.abort()

    def abort(self) -> None:
        """Close at once."""
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

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Keep the bytes; stop reading if nobody takes them."""
        self._buffer += data
        if len(self._buffer) > _AHEAD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake(self._waiter)

    def eof_received(self) -> None:
        """Nothing more comes."""
        self._over = True
        self._wake(self._waiter)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is closed, by whomever."""
        self._over = True
        self._error = exc
        self._wake(self._waiter)
        self.resume_writing()

    def pause_writing(self) -> None:
        """The other side is slow."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The other side has caught up."""
        drained, self._drained = self._drained, None
        self._wake(drained)

    @staticmethod
    def _wake(waiter: asyncio.Future[None] | None) -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


async def connect(
    make: Callable[[], Wire],
    addresses: Sequence[str],
    port: int,
    context: ssl.SSLContext | None = None,
    server_hostname: str | None = None,
) -> Wire:
    """Connect to the first of the IP addresses (at least one) that answers, under TLS if there is a ``context``.

    The certificate is checked against ``server_hostname``, not against the address.

    Raises:
        OSError: none of them could be connected to.
    """
    hostname = server_hostname if context is not None else None

    async def one(address: str) -> Wire:
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(make, address, port, ssl=context, server_hostname=hostname)
        return wire

    *others, last = addresses[:_MOST_ADDRESSES]
    for address in others:
        # A dead address must not use up the time of those after it.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_PER_ADDRESS):
                return await one(address)
    return await one(last)


async def system_resolve(host: str, port: int) -> list[str]:
    """The addresses that the system knows for ``host``, in its order of preference.

    Each question has a thread of its own, which nobody waits for at the end: a name server that does
    not answer holds up neither other names nor the exit of the program.

    Raises:
        OSError: the name is not known.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(result: list[str] | OSError) -> None:
        if answer.done():
            return
        if isinstance(result, OSError):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def ask() -> None:
        result: list[str] | OSError
        try:
            found: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result = list(dict.fromkeys(str(one[4][0]) for one in found))
        except OSError as error:
            result = error
        except UnicodeError:
            result = OSError(f"{host[:100]!r} is no host name")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=ask, name="feedd-resolve", daemon=True).start()
    return await answer
