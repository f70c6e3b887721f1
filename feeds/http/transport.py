"""Transport of httpx: connections to checked addresses, kept for a short time and used again.

httpcore's own pool examines every connection for each request, and does not report whether a connection was
used before. So connections are kept here, by route, and each is used by one request at a time.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import NamedTuple, cast

import httpcore
import httpx

from feeds.http.dns import Resolve
from feeds.http.messages import BROKEN, NoAnswer
from feeds.http.network import Route, Stream, open_stream

_MOST_KEPT = 128
_KEPT_SECONDS = 15.0
_HTTPCORE_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


class Transport(httpx.AsyncBaseTransport):
    """Send each request along the :class:`Route` in its extension ``route``.

    The header fields of a response are in its extension ``headers``.

    Args:
        resolve: Finds the addresses of a name.
        context: TLS settings; by default one made for the first https address.
    """

    def __init__(self, resolve: Resolve, context: ssl.SSLContext | None) -> None:
        # They log addresses, whose queries may hold secrets.
        for library in ("httpx", "httpcore"):
            logging.getLogger(library).setLevel(logging.WARNING)
        self._resolve = resolve
        self._context = context
        self._kept = KeptConnections()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; a GET goes over a kept connection if there is one.

        If the other side has closed the kept connection meanwhile, the request is sent once more on a new connection.

        Raises:
            FetchError: the host has no address, or an address that is refused.
            NoAnswer: what comes is not HTTP.
            OSError: the connection is broken.
        """
        route: Route = request.extensions["route"]
        # A POST may have been processed before the connection broke, so it is never repeated.
        kept = self._kept.pop_connection(route) if request.method == "GET" else None
        if kept is not None:
            try:
                return await self._exchange(kept, request)
            # A server may close an idle connection at any time; only a GET is safe to repeat.
            except BROKEN:
                pass  # closed by the other side just now
        # Loading the certificates takes long, and a run may have no https address.
        if self._context is None and route.scheme == "https":
            self._context = create_tls_context()
        context = self._context if route.scheme == "https" else None
        stream = await self._open(route, context)
        return await self._exchange(_Connection(route, stream), request)

    async def aclose(self) -> None:
        """Close every connection that is kept."""
        self._kept.close_idle(everything=True)

    async def _open(self, route: Route, context: ssl.SSLContext | None) -> Stream:
        try:
            return await open_stream(route, self._resolve, context)
        except _HTTPCORE_ERRORS as error:  # a proxy may answer with anything, too
            raise NoAnswer(_describe(error)) from error

    async def _exchange(self, connection: _Connection, request: httpx.Request) -> httpx.Response:
        try:
            response = await connection.send(request)
        # A half-sent request makes the connection unusable, also after a cancellation.
        except BaseException:
            connection.abort()
            raise
        # httpx would build the request to where a redirect leads, and raise an error for an address that it cannot
        # parse, before that has been checked. So the header fields go past it, but for the cookies.
        cookies = [field for field in response.headers if field[0].lower() == b"set-cookie"]
        body = _Body(response, connection, self._kept.keep)
        extensions = {**response.extensions, "headers": response.headers}
        return httpx.Response(response.status, headers=cookies, stream=body, extensions=extensions)


class _Connection:
    """One open connection, used by one request at a time."""

    def __init__(self, route: Route, stream: Stream) -> None:
        self.route = route
        self._stream = stream
        origin = httpcore.Origin(route.scheme.encode(), route.host.encode(), route.port)
        self._http = httpcore.AsyncHTTP11Connection(origin, stream)

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent: the response was read completely, and no byte followed it."""
        return self._http.is_idle() and not self._http.has_expired()

    async def send(self, request: httpx.Request) -> httpcore.Response:
        """Send a request and return the response, whose body is still to be read.

        Raises:
            NoAnswer: what comes is not HTTP.
            OSError: the connection is broken.
        """
        route = self.route
        url = httpcore.URL(
            scheme=route.scheme, host=route.host, port=route.port, target=request.extensions["target"]
        )
        sent = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=cast("httpx.AsyncByteStream", request.stream),
            extensions=request.extensions,
        )
        try:
            response = await self._http.handle_async_request(sent)
        except _HTTPCORE_ERRORS as error:
            raise self.translate(error) from error
        self._stream.end_head()
        # feedd requests no upgrade, so 101 cannot be the response to its request.
        if response.status < 200:
            raise NoAnswer("it changes to another protocol")
        if _has_two_lengths(response):
            self._stream.retire()
        return response

    def translate(self, error: Exception) -> Exception:
        """Convert an error of httpcore to the project's own error."""
        if self._stream.end_was_read:
            # httpcore's own text names events of its parser.
            return NoAnswer("the connection was closed before the end of the answer")
        return NoAnswer(_describe(error))

    def abort(self) -> None:
        """Close at once."""
        self._stream.abort()


def _describe(error: Exception) -> str:
    """Return the error without the line that could not be parsed."""
    return str(error).partition(": bytearray")[0]


def _has_two_lengths(response: httpcore.Response) -> bool:
    """Return whether the length is stated in two ways; such a connection is not used again (request smuggling)."""
    names = {name.lower() for name, _ in response.headers}
    return names.issuperset((b"content-length", b"transfer-encoding"))


class _Body(httpx.AsyncByteStream):
    """The body of a response; closing it returns the connection."""

    def __init__(
        self, response: httpcore.Response, connection: _Connection, give_back: Callable[[_Connection], None]
    ) -> None:
        self._response = response
        self._connection = connection
        self._return_connection = give_back
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in cast("AsyncIterable[bytes]", self._response.stream):
                yield piece
        except _HTTPCORE_ERRORS as error:
            raise self._connection.translate(error) from error

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._response.aclose()
        finally:
            self._return_connection(self._connection)


class _Idle(NamedTuple):
    connection: _Connection
    expires: float


class KeptConnections:
    """A few idle connections, each kept for a short time and only for its own route."""

    def __init__(self) -> None:
        self._kept: dict[Route, list[_Idle]] = {}
        self._count = 0
        self._sweeper: asyncio.TimerHandle | None = None

    def pop_connection(self, route: Route) -> _Connection | None:
        """Return a connection that is still open, or None."""
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(route)
        while kept:
            connection, expires = kept.pop()
            self._count -= 1
            if not kept:
                del self._kept[route]
            # The newest connection is used first: the oldest may be closed by the server at any moment.
            if connection.reusable and expires > now:
                return connection
            connection.abort()
        return None

    def keep(self, connection: _Connection) -> None:
        """Keep a connection whose response was read completely; close any other."""
        # A tunnel belongs to one host, and a proxy limits how many are open.
        if connection.route.proxy is not None or not connection.reusable:
            return connection.abort()
        # Each kept connection holds a descriptor of the process.
        if self._count >= _MOST_KEPT:
            self._drop_oldest()
        loop = asyncio.get_running_loop()
        self._kept.setdefault(connection.route, []).append(_Idle(connection, loop.time() + _KEPT_SECONDS))
        self._count += 1
        if self._sweeper is None:
            # Without the timer idle connections would stay open until the next request to their host.
            self._sweeper = loop.call_later(_KEPT_SECONDS, self.close_idle)
        return None

    def _drop_oldest(self) -> None:
        route = next(iter(self._kept))
        self._kept[route].pop(0).connection.abort()
        self._count -= 1
        if not self._kept[route]:
            del self._kept[route]

    def close_idle(self, everything: bool = False) -> None:
        """Close connections that were kept long enough; schedule the next call while any are left."""
        loop = asyncio.get_running_loop()
        old = [
            (route, idle)
            for route, kept in self._kept.items()
            for idle in kept
            if everything or idle.expires <= loop.time()
        ]
        for route, idle in old:
            idle.connection.abort()
            self._kept[route].remove(idle)
            if not self._kept[route]:
                del self._kept[route]
        self._count -= len(old)
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._sweeper = loop.call_later(_KEPT_SECONDS, self.close_idle) if self._kept else None


def create_tls_context() -> ssl.SSLContext:
    """Return TLS settings that check certificates against the system's authorities.

    A machine without any (a slim container) uses those of certifi.
    """
    paths = ssl.get_default_verify_paths()
    # Prefer the system's authorities: an operator can add a private one.
    if paths.cafile or paths.capath:
        return ssl.create_default_context()
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
