"""WebSub in the daemon: its own hub with its deliveries, and its subscriptions at other hubs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Self

from feeds.config import Config
from feeds.ingest.poller import create_client
from feeds.protocols import Clock
from feeds.websub.dispatcher import Dispatcher
from feeds.websub.hub import Hub
from feeds.websub.outgoing import OutgoingRequests
from feeds.websub.protocol import Topics
from feeds.websub.storage_thread import StorageThread
from feeds.websub.subscriber import OnContent, Subscriber

if TYPE_CHECKING:
    from feeds.server.app import Endpoint

_STOP_WITHIN = 5.0
_LONGEST_CONTENT = 16 * 1024 * 1024
"""Limit in bytes of the content that a hub may send."""


def is_needed(config: Config) -> bool:
    """Return whether a configuration uses WebSub, as a publisher or as a subscriber."""
    # A subscriber needs a public address for callbacks, and a server that answers them.
    return bool(config.push.named or (config.push.public and config.polled and config.serve is not None))


class WebSubService:
    """An async context manager; while it is open, due requests are sent."""

    def __init__(self, config: Config, clock: Clock, on_content: OnContent) -> None:
        self._config, self._clock, self._on_content = config, clock, on_content
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        config = self._config
        # A hub sends documents to anyone who subscribes, so private feeds have no subscriptions.
        private = tuple(folder.feed + "/" for folder in config.serve.private) if config.serve else ()
        if config.serve and config.serve.auth:
            # A reader without the password must not get documents through the hub.
            private = ("/",)
        topics = Topics(config.site.url, config.push.own, config.aliases, private)
        # A connection of its own: a long publishing must not delay the answers to hubs.
        desk = self._stack.enter_context(StorageThread(config.store))
        client = await self._stack.enter_async_context(create_client(config.site.url))
        jobs = OutgoingRequests(
            desk,
            client,
            config.output.dir,
            topics,
            hubs=config.push.named,
            now=self._read_clock,
            public=config.push.public,
            allow=config.push.allow,
        )
        self._sender = Dispatcher(desk, jobs, self._read_clock)
        self._hub = Hub(desk, topics, config.push.allow, self._sender.wake)
        self._subscriber = Subscriber(desk, self._on_content, self._read_clock, self._sender.wake)
        self._sending = asyncio.create_task(self._sender.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sender.stop()
        # What was under way is sent again after the next start.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sending, _STOP_WITHIN)
        # Content that was accepted is passed on, because the hub will not send it again.
        await self._subscriber.close()
        await self._stack.aclose()

    def _read_clock(self) -> float:
        return self._clock().timestamp()

    def wake(self) -> None:
        """Deliver changed documents now."""
        self._sender.wake()

    def list_endpoints(self) -> list[Endpoint]:
        """Return the endpoints of the server for WebSub: the hub, and the callbacks that other hubs call."""
        from feeds.server.app import Endpoint

        found = []
        if self._config.push.own:
            path, handler = self._hub.mount
            # Hubs and subscribers have no password of the server; WebSub has its own checks.
            found.append(Endpoint(path, handler, open=True))
        if self._config.push.public:
            path, handler = self._subscriber.mount
            found.append(Endpoint(path, handler, _LONGEST_CONTENT, open=True))
        return found

    async def follow(self, heads: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Subscribe to feeds that name a hub, given their heads by source; return the sources with an active hub."""
        if not self._config.push.public:
            return set()
        for source, head in heads.items():
            hubs, topic = head.get("hubs") or (), head.get("self") or head.get("url") or ""
            if hubs and topic:
                # One hub is enough: several would deliver the same content several times.
                await self._subscriber.subscribe(source, topic, hubs[0])
        return set(await self._subscriber.load_active())
