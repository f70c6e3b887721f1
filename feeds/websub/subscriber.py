"""feedd as a subscriber: upstreams that name a hub are subscribed to there, and still polled, slowly."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from feeds.errors import FeeddError
from feeds.storage import subscriptions
from feeds.storage.subscriptions import Upstream
from feeds.websub import protocol
from feeds.websub.responses import Mount, build_text
from feeds.websub.storage_thread import Desk

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/hub/callback/"

OnContent = Callable[[str, bytes, str], Awaitable[None]]
"""Takes what a hub sent: name of the source, body, content type."""

_LOG = logging.getLogger(__name__)
_MOST_AT_ONCE = 32


class Subscriber:
    """Subscribes, answers the hubs that ask back, and hands over what they send.

    Args:
        desk: The store.
        on_content: Gets content whose signature is right, after the hub has its answer. What it
            misses (the process may end in between) comes with the next poll.
        now: The time in seconds since 1970.
        wake: Told that there is work to do.
        path: Prefix of the callbacks' paths.
    """

    def __init__(
        self,
        desk: Desk,
        on_content: OnContent,
        now: Callable[[], float],
        wake: Callable[[], None] = lambda: None,
        path: str = PATH,
    ) -> None:
        self._desk, self._on_content, self._now, self._wake = desk, on_content, now, wake
        self._path = path
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def mount(self) -> Mount:
        """Where the server mounts it."""
        return self._path, self.handle

    async def subscribe(self, source: str, topic: str, hub: str) -> None:
        """Want an upstream's content from its hub; nothing happens if that is so already.

        ``topic`` is the upstream's rel=self address, ``hub`` the first one that it names.
        """
        known = await self._desk(subscriptions.find_upstream, source=source)
        if known and (known.topic, known.hub) == (topic, hub) and known.state in ("asked", "active"):
            return
        token, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
        wanted = Upstream(source, topic, hub, secret, token, "asked", 0, 0)
        await self._desk(subscriptions.add_upstream, wanted, int(self._now()))
        self._wake()

    async def unsubscribe(self, source: str) -> None:
        """Want no more from the hub of a source; it is forgotten when the hub has asked back."""
        known = await self._desk(subscriptions.find_upstream, source=source)
        if known:
            await self._desk(
                subscriptions.update_upstream_state, known, "leaving", known.ends, int(self._now())
            )
            self._wake()

    async def active(self) -> dict[str, int]:
        """Sources whose hub is at work, and when it last sent something (seconds since 1970, 0: never).

        They are polled slowly; one whose polls find what the hub did not send has a dead hub.
        """
        now = int(self._now())
        found = await self._desk(subscriptions.load_upstreams)
        return {one.source: one.received for one in found if one.state == "active" and one.ends > now}

    async def handle(self, request: Request) -> Response:
        """Answer a hub: its verification of intent (5.3), its denial (5.2), its content (7)."""
        token = request.scope["path"].removeprefix(self._path)
        known = await self._desk(subscriptions.find_upstream, token=token) if 0 < len(token) <= 64 else None
        if known is None:
            # 410 ends a subscription that we know nothing of (any more).
            return build_text(410 if request.method == "POST" else 404, "no such subscription")
        if request.method == "GET":
            return await self._confirm(known, request.scope["query_string"].decode("latin-1"))
        if request.method == "POST":
            return await self._receive(known, request)
        return build_text(405, headers={"Allow": "GET, POST"})

    async def _confirm(self, known: Upstream, query: str) -> Response:
        from starlette.responses import PlainTextResponse

        try:
            asked = {name: values[0] for name, values in parse_qs(query, max_num_fields=40).items()}
        except ValueError:
            return build_text(400, "too many parameters")
        mode, challenge = asked.get("hub.mode", ""), asked.get("hub.challenge", "")
        if asked.get("hub.topic") != known.topic:
            return build_text(404, "no such subscription")
        if mode == "denied":
            await self._denied(known, asked.get("hub.reason", ""))
            return build_text(200)
        expected = "unsubscribe" if known.state == "leaving" else "subscribe"
        if mode != expected or not challenge:
            return build_text(404, "nobody asked for this")
        if mode == "unsubscribe":
            await self._desk(subscriptions.drop_upstream, known.source)
        else:
            lease = _lease(asked.get("hub.lease_seconds", ""))
            now = int(self._now())
            # Asked again before the end, early enough for a hub that is down for some hours.
            renew = now + max(1, lease - max(lease // 10, min(lease // 2, protocol.DAY)))
            await self._desk(subscriptions.update_upstream_state, known, "active", now + lease, renew)
        return PlainTextResponse(challenge)

    async def _denied(self, known: Upstream, reason: str) -> None:
        if known.state == "leaving":
            await self._desk(subscriptions.drop_upstream, known.source)
        else:
            again = int(self._now()) + protocol.DAY
            await self._desk(subscriptions.update_upstream_state, known, "refused", 0, again, reason[:500])

    async def _receive(self, known: Upstream, request: Request) -> Response:
        """Take content; what is not signed with our secret gets the same answer and goes no further."""
        body = await request.body()
        signed = protocol.is_signed(body, known.secret, request.headers.get("x-hub-signature", ""))
        if known.state == "leaving" or not signed:
            _LOG.warning("push: content for %s is not signed with its secret: ignored", known.source)
            return build_text(202)
        if len(self._tasks) >= _MOST_AT_ONCE:
            return build_text(503, headers={"Retry-After": "30"})
        await self._desk(subscriptions.update_upstream_delivery, known.source, int(self._now()))
        content_type = request.headers.get("content-type", "")
        task = asyncio.create_task(self._hand_over(known.source, body, content_type))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return build_text(202)

    async def _hand_over(self, source: str, body: bytes, content_type: str) -> None:
        try:
            await self._on_content(source, body, content_type)
        except FeeddError as error:
            _LOG.warning("push: content for %s: %s", source, error)

    async def close(self) -> None:
        """Wait until everything that came has been handed over."""
        if self._tasks:
            await asyncio.wait(self._tasks)


def _lease(value: str) -> int:
    """The lease that a hub gives; 5.3 requires one, ours of a day stands in for one that says nothing."""
    seconds = int(value) if value.isdecimal() and value.isascii() and len(value) < 12 else 0
    return min(seconds, protocol.LONGEST_LEASE * 12) or protocol.DAY
