"""The addresses that a name has."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a host name, for a port; raises ``OSError`` if there are none."""


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
