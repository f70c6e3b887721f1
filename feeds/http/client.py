"""The client: follows redirects hop by hop within one deadline."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from feeds.errors import FetchError
from feeds.http.address import Address, address, shown
from feeds.http.connection_pool import Kept, Key, Opener
from feeds.http.dns import Resolve, system_resolve
from feeds.http.messages import (
    BROKEN,
    REDIRECTS,
    Ask,
    Conditions,
    Hop,
    Response,
    authorization_of,
    body_of,
    next_hop,
    pass_over,
    request_for,
    why,
)
from feeds.http.protocol import Head, Wire

DEADLINE = 30.0
"""Seconds for a whole request, all its hops included."""
MOST_BYTES = 16 * 1024 * 1024
"""Bytes of a body, packed or unpacked."""

_MOST_HOPS = 9


class Client:
    """Makes requests; an async context manager that closes its connections at the end.

    Args:
        user_agent: Names the program to everybody asked.
        resolve: Finds the addresses of a name.
        context: TLS settings; by default one made at the first https address, with the system's
            certificate authorities.
    """

    def __init__(
        self, user_agent: str, *, resolve: Resolve = system_resolve, context: ssl.SSLContext | None = None
    ) -> None:
        self._user_agent = user_agent
        self._opener = Opener(resolve, context)
        self._kept = Kept()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept.sweep(everything=True)

    async def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        conditions: Conditions | None = None,
        allow: Sequence[str] = (),
        auth: str = "",
        proxy: str = "",
        deadline: float = DEADLINE,
        most_bytes: int = MOST_BYTES,
    ) -> Response:
        """Ask for an address, following redirects.

        Args:
            url: Where; credentials in it are used like ``auth``.
            headers: Sent at every hop.
            conditions: Headers for one address only.
            allow: ``host:port`` pairs that may be asked though they are not globally reachable.
            auth: ``user:password``, or a whole value such as ``Bearer …``; never leaves the host.
            proxy: ``http://[user:password@]host:port``, or empty.
            deadline: Seconds for everything together.
            most_bytes: Limit of the body, packed and unpacked.

        Raises:
            FetchError: there is no complete answer; the text says why.
        """
        ask = _ask("GET", url, headers, b"", conditions, allow, auth, proxy, most_bytes)
        return await self._within(deadline, ask)

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        allow: Sequence[str] = (),
        auth: str = "",
        proxy: str = "",
        deadline: float = DEADLINE,
        most_bytes: int = MOST_BYTES,
    ) -> Response:
        """Send ``body`` to an address, with the same limits as :meth:`get`; 307 and 308 are followed.

        Raises:
            FetchError: there is no complete answer; the text says why.
        """
        ask = _ask("POST", url, headers, body, None, allow, auth, proxy, most_bytes)
        return await self._within(deadline, ask)

    async def _within(self, deadline: float, ask: Ask) -> Response:
        limit = asyncio.timeout(deadline)
        try:
            async with limit:
                return await self._follow(ask)
        except TimeoutError:
            raise FetchError(f"{shown(ask.home.url)}: no complete answer within {deadline:g} s") from None

    async def _follow(self, ask: Ask) -> Response:
        here = ask.home
        hops: list[Hop] = []
        seen = {here.url}
        while True:
            try:
                response = await self._hop(ask, here, tuple(hops))
                if response.status not in REDIRECTS[ask.method]:
                    return response
                here = next_hop(here, response)
                if here.url in seen:
                    raise FetchError("redirects in a circle")
                if len(hops) == _MOST_HOPS:
                    raise FetchError(f"more than {_MOST_HOPS} redirects")
            except FetchError as error:
                raise type(error)(f"{_way(ask.home, here)}: {error}") from error
            except BROKEN as error:
                raise FetchError(f"{_way(ask.home, here)}: {why(error)}") from error
            seen.add(here.url)
            hops.append(Hop(response.status, here.url))

    async def _hop(self, ask: Ask, here: Address, hops: tuple[Hop, ...]) -> Response:
        """One request and its answer, without following."""
        conditions = ask.conditions.for_hop(here) if ask.conditions else {}
        request = request_for(ask, here, self._user_agent, conditions)
        wire, key, head = await self._send(ask, here, request)
        try:
            response = Response(head.status, here.url, head.headers, b"", hops, bool(conditions))
            if head.status in (200, 203) or (ask.method == "POST" and head.status not in REDIRECTS["POST"]):
                body = await body_of(wire, response, ask.most_bytes)
                response = Response(head.status, here.url, head.headers, body, hops, bool(conditions))
            else:
                await pass_over(wire)
        except BaseException:
            wire.abort()
            raise
        self._kept.keep(key, wire)
        return response

    async def _send(self, ask: Ask, here: Address, request: bytes) -> tuple[Wire, Key | None, Head]:
        allowed = here.authority in ask.allow
        key = (here.scheme, here.host, here.port, allowed) if ask.proxy is None else None
        kept = self._kept.take(key) if key is not None and ask.method == "GET" else None
        if kept is not None:
            try:
                return kept, key, await _asked(kept, request)
            except BROKEN:
                pass  # closed by the other side just now: once more, on a new one
        wire = await self._opener.open(here, allowed, ask.proxy)
        return wire, key, await _asked(wire, request)


async def _asked(wire: Wire, request: bytes) -> Head:
    try:
        return await wire.ask(request)
    except BaseException:
        wire.abort()
        raise


def _way(home: Address, here: Address) -> str:
    if here.url == home.url:
        return shown(home.url)
    return f"{shown(home.url)}, redirected to {shown(here.url)}"


def _ask(
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    body: bytes,
    conditions: Conditions | None,
    allow: Sequence[str],
    auth: str,
    proxy: str,
    most_bytes: int,
) -> Ask:
    home = address(url)
    by = address(proxy) if proxy else None
    if by is not None and by.scheme != "http":
        raise FetchError(f"{shown(proxy)}: a proxy is given as http://host:port")
    allowed = frozenset(one.strip().lower() for one in allow)
    authorization = authorization_of(auth or home.userinfo)
    return Ask(method, headers or {}, body, conditions, allowed, authorization, home, by, most_bytes)
