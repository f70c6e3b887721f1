"""Listening: the server inside a running event loop, or as a program of its own; the only importer of uvloop here."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from feeds.config import Serve
from feeds.errors import ConfigError, UsageError
from feeds.server.app import Application
from feeds.server.auth import Access
from feeds.server.connection import Connection
from feeds.server.delta import Versions
from feeds.server.documents import OutputTree
from feeds.server.listener import Listener
from feeds.server.messages import Route
from feeds.server.metrics import Metrics
from feeds.server.resource import Policy

STOP_SECONDS = 10.0
"""For responses under way when the server stops."""

_BACKLOG = 1024
_SPARE_FILES = 64
_LOG = logging.getLogger("feedd.serve")


class Server:
    """An HTTP server over an output tree, in the event loop that starts it."""

    def __init__(
        self,
        settings: Serve,
        tree: Path,
        versions: Path | None = None,
        *,
        public: str = "",
        hubs: Sequence[str] = (),
        routes: Sequence[Route] = (),
        extra_metrics: Callable[[], str] | None = None,
    ) -> None:
        """Prepare; nothing is opened but ``versions``, the file of :class:`Versions` (None: memory).

        ``public`` is used where the settings name no public address; ``hubs`` are named in ``Link``.

        Raises:
            ConfigError: a secret is missing or ``listen`` is no address.
        """
        address = settings.public or public
        policy = Policy(settings.max_age, address.rstrip("/") + "/" if address else "", tuple(hubs))
        access = Access(settings)
        self._where = parse_listen(settings.listen)
        self._limit = settings.connections
        self.application = Application(
            OutputTree(tree),
            Versions(versions),
            access,
            policy,
            memory=settings.memory * 1024 * 1024,
            routes=routes,
            metrics=Metrics(extra_metrics),
        )
        self._listener: Listener | None = None
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where it listens, with the real port; empty before the start."""
        if self._server is None or not self._server.sockets:
            return ""
        name = self._server.sockets[0].getsockname()
        if isinstance(name, str):
            return f"unix:{name}"
        return f"http://[{name[0]}]:{name[1]}" if ":" in name[0] else f"http://{name[0]}:{name[1]}"

    async def start(self) -> None:
        """Listen.

        Raises:
            UsageError: the address is taken or not allowed.
        """
        listener = Listener(self.application, _room(self._limit))
        loop = asyncio.get_running_loop()
        host, port = self._where
        try:
            if port is None:
                self._server = await loop.create_unix_server(
                    lambda: Connection(listener), host, backlog=_BACKLOG
                )
            else:
                self._server = await loop.create_server(
                    lambda: Connection(listener), host or None, port, backlog=_BACKLOG, reuse_address=True
                )
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"[serve] listen: {host}:{port} cannot be opened ({error}); stop what uses it or choose another"
            ) from error
        listener.start()
        self._listener = listener
        _LOG.info("serving at %s", self.address)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Take no more connections, finish the responses under way, close."""
        if self._server is not None:
            self._server.close()
        if self._listener is not None:
            await self._listener.stop(seconds)
        self._server = self._listener = None
        await asyncio.get_running_loop().run_in_executor(None, self.application.close)


def parse_listen(text: str) -> tuple[str, int | None]:
    """Host and port of ``listen``; for a Unix socket its path and None.

    Raises:
        ConfigError: it is neither.
    """
    if text.startswith("unix:") and len(text) > len("unix:"):
        return text.removeprefix("unix:"), None
    host, mark, port = text.rpartition(":")
    if (
        not mark
        or not port.isascii()
        or not port.isdigit()
        or int(port) > 65535
        or (":" in host) != host.startswith("[")
    ):
        raise ConfigError([f"serve.listen: {text!r} is no address; write host:port, [v6]:port or unix:/path"])
    return host.strip("[]"), int(port)


def _room(wanted: int) -> int:
    """Connections that the limit of open files allows; the soft limit is raised as far as is needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < need:
        soft = need if hard == resource.RLIM_INFINITY else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _SPARE_FILES))


def run(server: Server, announce: Callable[[str], None] = lambda address: None) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order. ``announce`` is told the address once it listens.

    Raises:
        UsageError: the address cannot be opened.
        OutputError: there is no tree.
    """
    run_loop(_until_signal(server, announce))


async def _until_signal(server: Server, announce: Callable[[str], None]) -> None:
    server.application.check()
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    await server.start()
    announce(server.address)
    try:
        await done.wait()
    finally:
        await server.stop()


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on uvloop where there is one, else on asyncio's own loop."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
