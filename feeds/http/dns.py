"""The addresses that a name has, and connections to them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from feeds.http.protocol import Wire

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a host name, for a port; raises ``OSError`` if there are none."""

_MOST_ADDRESSES = 4
_PER_ADDRESS = 4.0


async def connect(
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
        _, wire = await loop.create_connection(Wire, address, port, ssl=context, server_hostname=hostname)
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
