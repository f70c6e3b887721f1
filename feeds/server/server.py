"""Run the server: uvicorn inside a running event loop, or as a program; the only importer of uvloop."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import resource
import signal
import socket
import stat
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import uvicorn

from feeds.config import Serve
from feeds.errors import ConfigError, UsageError
from feeds.server.app import Application, Endpoint
from feeds.server.auth import Access
from feeds.server.delta import Versions
from feeds.server.documents import OutputTree
from feeds.server.protocol import BoundedConfig, BoundedProtocol, Limits
from feeds.server.resource import Policy

STOP_SECONDS = 10.0
"""Time for responses under way when the server stops."""

# The store, the documents and the log need descriptors too.
_SPARE_FILES = 64
_TICKS = 10
"""Ticks of uvicorn's main loop in a second."""
_LOG = logging.getLogger("feedd.serve")


class _WatchedServer(uvicorn.Server):
    """uvicorn's server, extended to drop connections that exceed their deadline."""

    async def on_tick(self, counter: int) -> bool:
        """Look at the deadlines once a second (called by uvicorn's main loop)."""
        # Deadlines are seconds long, so looking at all connections ten times a second would be wasted.
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            # Copied, because dropping a connection removes it from the set.
            for connection in list(_list_connections(self)):
                if connection.deadline < now:
                    connection.drop()
        return await super().on_tick(counter)


def _list_connections(server: uvicorn.Server) -> set[BoundedProtocol]:
    return cast("set[BoundedProtocol]", server.server_state.connections)


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
        endpoints: Sequence[Endpoint] = (),
        limits: Limits | None = None,
    ) -> None:
        """Prepare; nothing is opened but ``versions``, the file of :class:`Versions` (None: memory).

        ``public`` is used where the settings have no public address; ``hubs`` appear in ``Link``.
        ``limits`` apply to each connection; the number of connections comes from the settings.

        Raises:
            ConfigError: A secret is missing, or ``listen`` is not an address.
        """
        # The server may be reached under another address than the published tree.
        address = settings.public or public
        policy = Policy(settings.max_age, address.rstrip("/") + "/" if address else "", tuple(hubs))
        access = Access(settings)
        self._where = parse_listen(settings.listen)
        self._connections = settings.connections
        self._limits = limits or Limits()
        self.application = Application(
            OutputTree(tree),
            Versions(versions),
            access,
            policy,
            memory=settings.memory * 1024 * 1024,
            endpoints=endpoints,
        )
        self._sockets: list[socket.socket] = []
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Address with the real port; empty before the start."""
        if not self._sockets:
            return ""
        name = self._sockets[0].getsockname()
        # A Unix socket has no host and port: its name is its path.
        if isinstance(name, str):
            return f"unix:{name}"
        return f"http://[{name[0]}]:{name[1]}" if ":" in name[0] else f"http://{name[0]}:{name[1]}"

    async def start(self) -> None:
        """Listen. Signals stay with the caller.

        Raises:
            UsageError: the address is taken or not allowed.
        """
        host, port = self._where
        try:
            # Opened here, because uvicorn ends the whole process if an address is taken.
            self._sockets = _open_sockets(host, port)
        except OSError as error:
            raise UsageError(
                f"[serve] listen: {host}:{port} cannot be opened ({error}); stop what uses it or choose another"
            ) from error
        limits = replace(self._limits, connections=_find_room(self._connections))
        config = BoundedConfig(self.application, limits, self.application.metrics)
        # The steps of uvicorn's `serve` without its signal handlers, which would replace those of the daemon.
        config.load()
        self._server = _WatchedServer(config)
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(self._sockets)
        self._loop = asyncio.create_task(self._server.main_loop())
        _LOG.info("serving at %s", self.address)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Accept no more connections, finish responses for at most ``seconds``, then close."""
        if self._server is not None and self._loop is not None:
            self._server.should_exit = True
            # The main loop has to end first: its ticks would still drop connections.
            await self._loop
            self._server.config.timeout_graceful_shutdown = round(seconds)
            await self._server.shutdown(self._sockets)
            # What has not finished by now would keep the event loop from ending.
            for connection in list(_list_connections(self._server)):
                connection.transport.abort()
        self._server = self._loop = None
        self._sockets = []
        # In a thread, because it waits for threads that may be compressing.
        await asyncio.get_running_loop().run_in_executor(None, self.application.close)


def _open_sockets(host: str, port: int | None) -> list[socket.socket]:
    """Open a socket for each address of the host (all interfaces if it is empty), or a Unix socket.

    Raises:
        OSError: an address is taken or not allowed, or there is none.
    """
    if port is None:
        return [_open_unix_socket(host)]
    # A name such as localhost has an IPv4 and an IPv6 address, and clients may try either.
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[socket.socket] = []
    missing = OSError(errno.EADDRNOTAVAIL, "no address")
    for family, _, _, _, address in found:
        try:
            opened.append(socket.create_server(address, family=family))
        except OSError as error:
            # A system without IPv6 still names its addresses.
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                for listener in opened:
                    listener.close()
                raise
            missing = error
    if not opened:
        raise missing
    return opened


def _open_unix_socket(path: str) -> socket.socket:
    with suppress(FileNotFoundError):
        # A killed server leaves its socket behind, which would block the address.
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        opened.bind(path)
    except OSError:
        opened.close()
        raise
    return opened


def parse_listen(text: str) -> tuple[str, int | None]:
    """Parse ``listen`` into host and port; for a Unix socket into its path and None.

    Raises:
        ConfigError: It is neither.
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
        raise ConfigError(
            [f"serve.listen: {text!r} is not an address; write host:port, [v6]:port or unix:/path"]
        )
    return host.strip("[]"), int(port)


def _find_room(wanted: int) -> int:
    """Return the connections that the limit of open files allows; raise the soft limit as far as is needed."""
    # Many systems allow 1,024 open files by default, which is fewer than the connections that are allowed.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + _SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < need:
        soft = need if hard == resource.RLIM_INFINITY else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    # Refusing clients in order is better than failing to open files.
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _SPARE_FILES))


def run(server: Server, announce: Callable[[str], None] = lambda address: None) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order; ``announce`` is called with the address.

    Raises:
        UsageError: The address cannot be opened.
        OutputError: The output tree is missing.
    """
    run_loop(_serve_until_signal(server, announce))


async def _serve_until_signal(server: Server, announce: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    try:
        server.application.check()
        # A handler of the loop may set an event safely, while a plain signal handler interrupts any code.
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, done.set)
        await server.start()
        announce(server.address)
        await done.wait()
    finally:
        await server.stop()


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on uvloop if it is installed, else on asyncio's own loop."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    # uvloop is an extra: it is faster, but not built for every system.
    with suppress(ImportError):
        from uvloop import new_event_loop as factory
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
