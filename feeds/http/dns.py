"""Resolve host names to IP addresses."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from typing import Any

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host name, for a port; raises ``OSError`` if there are none."""


async def resolve_by_system(
    host: str, port: int, look_up: Callable[..., list[Any]] = socket.getaddrinfo
) -> list[str]:
    """Return the IP addresses of ``host`` from the system's resolver, in its order of preference.

    Each query has its own thread, which the program does not wait for when it ends. So a name server that
    does not answer delays neither other names nor the exit.

    Raises:
        OSError: the name is not known.
    """
    answer: Future[list[str]] = Future()
    # A running future cannot be cancelled, only the wait for it; so the thread may always set it.
    answer.set_running_or_notify_cancel()

    def resolve() -> None:
        try:
            # Without `SOCK_STREAM` each address would be listed once for every kind of socket.
            found = look_up(host, port, type=socket.SOCK_STREAM)
            answer.set_result(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except OSError as error:
            answer.set_exception(error)
        except UnicodeError:
            answer.set_exception(OSError(f"{host[:100]!r} is not a host name"))

    # The default executor waits for its threads at exit, however long a name server takes.
    threading.Thread(target=resolve, name="feedd-resolve", daemon=True).start()
    return await asyncio.wrap_future(answer)
