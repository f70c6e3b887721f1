"""Connections to checked addresses, as the network streams that httpcore reads and writes.

:func:`open_stream` resolves a host name, refuses it if one of its addresses is not globally reachable, and
connects to a checked address. A later resolution of the name (DNS rebinding) is never used.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import httpcore

from feeds.errors import AddressRefused, FetchError
from feeds.http.address import Address
from feeds.http.dns import Resolve
from feeds.http.ip_ranges import is_global, is_literal
from feeds.http.messages import build_proxy_headers, explain_error
from feeds.http.response_head import ResponseHead

# A name may have dozens of addresses, and trying all of them would take the whole deadline.
_MOST_ADDRESSES = 4
_SECONDS_PER_ADDRESS = 4.0
_LONGEST_HEAD = 100 * 1024
"""Bytes of a response before the end of its header, interim responses included."""
_MOST_AHEAD = 128 * 1024
"""Bytes that are kept for the reader before the other side has to wait."""


class Route(NamedTuple):
    """The host of a connection, and how to reach it."""

    scheme: str
    host: str
    port: int
    allowed: bool
    """Whether the host need not be globally reachable."""
    proxy: Address | None = None

    @property
    def authority(self) -> str:
        """Host and port as ``allow`` names them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A TCP connection, plain or with TLS.

    :meth:`read` keeps the last byte back until the next call. If the parser needs no further byte because the
    response is complete, any byte that is still there was not requested, and ``is_readable`` reports it.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._ended = False
        """Whether the other side has closed the connection."""
        self._aborted = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False
        self._retired = False
        self._head_bytes: int | None = None
        """Bytes read since the request was sent; None once the header of the response is complete."""
        self._head = ResponseHead()
        self.end_was_read = False
        """Whether :meth:`read` has reported the end of the connection."""

    def retire(self) -> None:
        """Mark the connection so that it is not used for another request."""
        self._retired = True

    def end_head(self) -> None:
        """Note that the header of the response is complete; from now on its length does not count."""
        self._head_bytes = None

    def abort(self) -> None:
        """Close at once, without waiting for the other side."""
        self._aborted = True
        if self._transport is not None:
            self._transport.abort()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes, without malformed header lines; none at the end of the connection.

        Raises:
            RemoteProtocolError: the header is too long.
            OSError: the connection broke.
        """
        while data := await self._read_received(max_bytes):
            if self._head_bytes is None:
                return data
            self._head_bytes += len(data)
            if kept := self._head.filter(data):
                # What was left out may have been meant as the start of another response.
                self._retired |= self._head.is_changed
                return kept
        return b""

    async def _read_received(self, max_bytes: int) -> bytes:
        # The parser of httpcore limits a single event, but not a header that arrives in many pieces.
        if self._head_bytes is not None and self._head_bytes > _LONGEST_HEAD:
            raise httpcore.RemoteProtocolError(f"its header is too long, more than {_LONGEST_HEAD} bytes")
        while not self._received:
            # Bytes that came before the error are read first: the response may be complete.
            if self._error is not None:
                raise self._error
            if self._ended or self._aborted:
                self.end_was_read = True
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = bytes(self._received[: max(1, min(max_bytes, len(self._received) - 1))])
        del self._received[: len(data)]
        # Resumed only below the limit, so that the other side is not stopped and started for each byte.
        if self._paused and self._transport is not None and len(self._received) < _MOST_AHEAD:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send a part of a request.

        Raises:
            WriteError: the connection is closed.
        """
        if self._ended or self._aborted or self._transport is None:
            raise httpcore.WriteError("the connection was closed")
        self._head_bytes = 0
        self._head = ResponseHead()
        # Not drained: requests of feedd are small, and the deadline covers the rest.
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """Close at once."""
        self.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Begin TLS; the certificate is checked against ``server_hostname``, not against the address.

        Raises:
            OSError: the handshake failed, or the certificate is not valid for the host.
        """
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        secured = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        if secured is None:
            raise ConnectionResetError("the connection was closed during the handshake")
        self._transport = secured
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        """Answer httpcore's question whether an idle connection is unfit for another request."""
        # httpcore takes this for a connection that the other side has closed.
        if info == "is_readable":
            return self._retired or self._ended or self._aborted or bool(self._received)
        return None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from it

    def data_received(self, data: bytes) -> None:
        """Keep what has come; stop reading while much of it waits."""
        self._received += data
        # TCP then makes the sender wait, so that a fast server cannot fill the memory.
        if len(self._received) > _MOST_AHEAD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that nothing more comes."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is closed, by whomever."""
        self._ended = True
        self._error = exc
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def open_stream(route: Route, resolve: Resolve, context: ssl.SSLContext | None) -> Stream:
    """Connect to a checked address of the route's host, or by its proxy; with ``context`` under TLS.

    Raises:
        AddressRefused: an address of the host is not globally reachable.
        FetchError: the name has no address, or the proxy made no tunnel.
        OSError: no address could be connected to, or the certificate is not valid for the host.
    """
    # Checked even for a proxy, which would otherwise reach private hosts on behalf of a feed.
    checked = await _find_checked(route, resolve)
    proxy = route.proxy
    if proxy is None:
        stream = await _connect(checked, route.port)
    else:
        stream = await _connect(await _find(proxy.host, proxy.port, resolve), proxy.port)
    try:
        if context is not None:
            if proxy is not None:
                # The tunnel leads to the checked address: the proxy must not resolve the name again.
                await _make_tunnel(stream, proxy, checked[0], route.port)
            await stream.start_tls(context, route.host)
    # Also when the task is cancelled, or the connection would stay open.
    except BaseException:
        stream.abort()
        raise
    return stream


async def _find_checked(route: Route, resolve: Resolve) -> Sequence[str]:
    found = await _find(route.host, route.port, resolve)
    # One private address is enough to refuse: the next resolution may return it first.
    refused = [] if route.allowed else [address for address in found if not is_global(address)]
    if refused:
        raise AddressRefused(
            f"refusing to fetch the private address {refused[0]}; to allow it: `--allow {route.authority}`"
            f' or `allow = ["{route.authority}"]` in its source'
        )
    return found


async def _find(host: str, port: int, resolve: Resolve) -> Sequence[str]:
    """Return the addresses of a host, at least one of them."""
    if is_literal(host):
        return [host]
    try:
        # A resolver may return scoped names that cannot be checked.
        found = [address for address in await resolve(host, port) if is_literal(address)]
    except OSError as error:
        raise FetchError(f"the name {host} cannot be resolved ({explain_error(error)})") from error
    if not found:
        raise FetchError(f"the name {host} has no address")
    return found


async def _connect(addresses: Sequence[str], port: int) -> Stream:
    """Connect to the first of the IP addresses (at least one) that accepts.

    Raises:
        OSError: no address accepted.
    """
    loop = asyncio.get_running_loop()
    *others, last = addresses[:_MOST_ADDRESSES]
    for address in others:
        # A dead address must not use up the time of those after it.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_SECONDS_PER_ADDRESS):
                return (await loop.create_connection(Stream, address, port))[1]
    return (await loop.create_connection(Stream, last, port))[1]


async def _make_tunnel(stream: Stream, proxy: Address, address: str, port: int) -> None:
    """Request a tunnel to the checked address from the proxy (RFC 9110, section 9.3.6).

    Raises:
        FetchError: the proxy refused, or sent more than its response.
    """
    end = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    headers = [("Host", end), *build_proxy_headers(proxy)]
    url = httpcore.URL(scheme="http", host=proxy.host, port=proxy.port, target=end)
    connection = httpcore.AsyncHTTP11Connection(url.origin, stream)
    response = await connection.handle_async_request(httpcore.Request("CONNECT", url, headers=headers))
    if not 200 <= response.status < 300:
        raise FetchError(f"the proxy {proxy.authority} refused a tunnel (status {response.status})")
    # Bytes before the handshake could pass for the response of the host.
    if stream.get_extra_info("is_readable"):
        raise FetchError(f"the proxy {proxy.authority} sent more than its answer")
    stream.end_head()
