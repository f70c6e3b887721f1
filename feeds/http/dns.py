"""Resolve host names to IP addresses."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host name, for a port; raises ``OSError`` if there are none."""


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Return the IP addresses of ``host`` from the system's resolver, in its order of preference.

    Each query has its own thread, which the program does not wait for when it ends. So a name server that
    does not answer delays neither other names nor the exit.

    Raises:
        OSError: the name is not known.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def set_answer(result: list[str] | OSError) -> None:
        # The request may have been cancelled while the name was resolved.
        if answer.done():
            return
        if isinstance(result, OSError):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    def resolve() -> None:
        result: list[str] | OSError
        try:
            # Without `SOCK_STREAM` each address would be listed once for every kind of socket.
            found: list[Any] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        except OSError as error:
            result = error
        except UnicodeError:
            result = OSError(f"{host[:100]!r} is not a host name")
        with contextlib.suppress(RuntimeError):  # the loop is closed, so the answer is not needed
            # A future may only be set in the thread of its loop.
            loop.call_soon_threadsafe(set_answer, result)

    # The default executor waits for its threads at exit, however long a name server takes.
    threading.Thread(target=resolve, name="feedd-resolve", daemon=True).start()
    return await answer
