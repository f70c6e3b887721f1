"""Connections: opened to checked addresses, kept for a short while, used again for the same origin."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import NamedTuple

from feeds.errors import AddressRefused, FetchError
from feeds.http.address import Address
from feeds.http.dns import Resolve, connect
from feeds.http.ip_ranges import is_global, is_literal
from feeds.http.messages import proxy_headers, why, written
from feeds.http.protocol import Wire

_MOST_KEPT = 128
_KEPT_SECONDS = 15.0


Key = tuple[str, str, int, bool]
"""Scheme, host, port and whether `allow` named them."""


class Opener:
    """Opens connections, each to an address that was checked just before."""

    def __init__(self, resolve: Resolve, context: ssl.SSLContext | None) -> None:
        self._resolve = resolve
        self._context = context

    async def open(self, here: Address, allowed: bool, proxy: Address | None) -> Wire:
        """A connection for the origin of ``here``; ``allowed`` says that it need not be globally reachable.

        Raises:
            FetchError: the name has no address, or one that is refused; or the proxy made no tunnel.
            OSError: nobody answers there.
        """
        addresses = await self._addresses(here, allowed)
        if proxy is not None:
            return await self._open_by_proxy(proxy, here, addresses[0])
        context = self._tls() if here.scheme == "https" else None
        return await connect(addresses, here.port, context, here.host)

    async def _open_by_proxy(self, proxy: Address, here: Address, checked: str) -> Wire:
        """The operator's proxy: asked for a tunnel to the checked address for https, else to forward."""
        wire = await connect(await self._find(proxy), proxy.port)
        if here.scheme == "http":
            return wire
        end = f"[{checked}]:{here.port}" if ":" in checked else f"{checked}:{here.port}"
        request = written("CONNECT", end, [("Host", end), *proxy_headers(proxy)])
        answer = await wire.ask(request, tunnel=True)
        if not 200 <= answer.status < 300:
            wire.abort()
            raise FetchError(f"the proxy {proxy.authority} refused a tunnel (status {answer.status})")
        await wire.secure(self._tls(), here.host)
        return wire

    async def _addresses(self, here: Address, allowed: bool) -> Sequence[str]:
        found = await self._find(here)
        refused = [] if allowed else [one for one in found if not is_global(one)]
        if refused:
            raise AddressRefused(
                f"{refused[0]} is not a globally routable address; if it is meant, give the source"
                f' `allow = ["{here.authority}"]`'
            )
        return found

    async def _find(self, here: Address) -> Sequence[str]:
        if is_literal(here.host):
            return [here.host]
        try:
            found = [one for one in await self._resolve(here.host, here.port) if is_literal(one)]
        except OSError as error:
            raise FetchError(f"the name {here.host} cannot be resolved ({why(error)})") from error
        if not found:
            raise FetchError(f"the name {here.host} has no address")
        return found

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = tls_context()
        return self._context


class _Idle(NamedTuple):
    wire: Wire
    expires: float


class Kept:
    """A few idle connections, each for a short time, only for the origin and permission they were made for."""

    def __init__(self) -> None:
        self._kept: dict[Key, list[_Idle]] = {}
        self._count = 0
        self._sweeper: asyncio.TimerHandle | None = None

    def take(self, key: Key) -> Wire | None:
        """One that still stands, or None."""
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(key)
        while kept:
            wire, expires = kept.pop()
            self._count -= 1
            if not kept:
                del self._kept[key]
            if wire.reusable and expires > now:
                return wire
            wire.abort()
        return None

    def keep(self, key: Key | None, wire: Wire) -> None:
        """Keep a connection whose answer was read to its end; one that may not be used again is closed."""
        if key is None or not wire.reusable:
            return wire.abort()
        if self._count >= _MOST_KEPT:
            self._drop_oldest()
        loop = asyncio.get_running_loop()
        self._kept.setdefault(key, []).append(_Idle(wire, loop.time() + _KEPT_SECONDS))
        self._count += 1
        if self._sweeper is None:
            self._sweeper = loop.call_later(_KEPT_SECONDS, self.sweep)
        return None

    def _drop_oldest(self) -> None:
        key = next(iter(self._kept))
        self._kept[key].pop(0).wire.abort()
        self._count -= 1
        if not self._kept[key]:
            del self._kept[key]

    def sweep(self, everything: bool = False) -> None:
        """Close what has been kept for long enough; comes again while anything is kept."""
        loop = asyncio.get_running_loop()
        old = [
            (key, one)
            for key, kept in self._kept.items()
            for one in kept
            if everything or one.expires <= loop.time()
        ]
        for key, idle in old:
            idle.wire.abort()
            self._kept[key].remove(idle)
            if not self._kept[key]:
                del self._kept[key]
        self._count -= len(old)
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._sweeper = loop.call_later(_KEPT_SECONDS, self.sweep) if self._kept else None


def tls_context() -> ssl.SSLContext:
    """TLS settings for everybody: certificates are checked against the system's authorities.

    A machine without any (a slim container) uses those of certifi.
    """
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath:
        context = ssl.create_default_context()
    else:
        import certifi

        context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context
