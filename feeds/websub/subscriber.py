"""Subscribe to upstream feeds at the hubs they name; these feeds are still polled, rarely."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from feeds.errors import FeeddError
from feeds.storage.subscriptions import Upstream
from feeds.websub import protocol
from feeds.websub.responses import Mount, build_text
from feeds.websub.storage_thread import StorageThread

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/hub/callback/"

OnContent = Callable[[str, bytes, str], Awaitable[None]]
"""Handles content that a hub sent: name of the source, body, content type."""

_LOG = logging.getLogger(__name__)
# Each task holds a document in memory.
_MOST_AT_ONCE = 32


class Subscriber:
    """Subscribe, answer the verifications of hubs, and pass on their content.

    Args:
        desk: The store.
        on_content: Called with correctly signed content, after the hub has its response. Content that is
            lost because the process ends in between comes with the next poll.
        now: Returns the time in seconds since 1970.
        wake: Called when a request is queued.
        path: Prefix of the callbacks' paths.
    """

    def __init__(
        self,
        desk: StorageThread,
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
        """Path and handler for the server."""
        return self._path, self.handle

    async def subscribe(self, source: str, topic: str, hub: str) -> None:
        """Subscribe to an upstream feed at its hub; nothing happens if it is subscribed already.

        ``topic`` is the feed's rel=self address, ``hub`` the first hub that it names.
        """
        known = await self._desk(lambda store: store.find_upstream_subscription(source=source))
        # A feed may change its hub; only then a new subscription is needed.
        if known and (known.topic, known.hub) == (topic, hub) and known.state in ("asked", "active"):
            return
        # The token keeps strangers from guessing the address of a callback, the secret proves that content is from
        # the hub.
        token, secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
        wanted = Upstream(source, topic, hub, secret, token, "asked", 0, 0)
        await self._desk(lambda store: store.add_upstream_subscription(wanted, int(self._now())))
        self._wake()

    async def unsubscribe(self, source: str) -> None:
        """Unsubscribe a source; it is removed when the hub has verified the request."""
        known = await self._desk(lambda store: store.find_upstream_subscription(source=source))
        if known:
            await self._desk(
                lambda store: store.update_upstream_subscription(
                    known, "leaving", known.ends, int(self._now())
                )
            )
            self._wake()

    async def load_active(self) -> dict[str, int]:
        """Return the sources with an active hub, and when it last sent content (seconds since 1970, 0: never).

        They are polled rarely; if a poll finds entries that the hub did not send, the hub is dead.
        """
        now = int(self._now())
        found = await self._desk(lambda store: store.load_upstream_subscriptions())
        return {
            upstream.source: upstream.received
            for upstream in found
            if upstream.state == "active" and upstream.ends > now
        }

    async def handle(self, request: Request) -> Response:
        """Answer a hub: verification of intent (section 5.3), denial (5.2) or content (7)."""
        token = request.scope["path"].removeprefix(self._path)
        known = (
            await self._desk(lambda store: store.find_upstream_subscription(token=token))
            if 0 < len(token) <= 64
            else None
        )
        if known is None:
            # 410 makes the hub end a subscription that is not (or no longer) stored here (section 7).
            return build_text(410 if request.method == "POST" else 404, "no such subscription")
        if request.method == "GET":
            return await self._confirm(known, request.scope["query_string"].decode("latin-1"))
        if request.method == "POST":
            return await self._accept_content(known, request)
        return build_text(405, headers={"Allow": "GET, POST"})

    async def _confirm(self, known: Upstream, query: str) -> Response:
        from starlette.responses import PlainTextResponse

        try:
            # The limit of fields bounds the work for hostile queries.
            values = {name: found[0] for name, found in parse_qs(query, max_num_fields=40).items()}
        except ValueError:
            return build_text(400, "too many parameters")
        mode, challenge = values.get("hub.mode", ""), values.get("hub.challenge", "")
        # Confirming another topic would let anybody subscribe us to it (section 5.3).
        if values.get("hub.topic") != known.topic:
            return build_text(404, "no such subscription")
        if mode == "denied":
            await self._handle_denial(known, values.get("hub.reason", ""))
            return build_text(200)
        # Section 5.3: a request that this side did not make must not be confirmed.
        expected = "unsubscribe" if known.state == "leaving" else "subscribe"
        if mode != expected or not challenge:
            return build_text(404, "no such request")
        if mode == "unsubscribe":
            await self._desk(lambda store: store.remove_upstream_subscription(known.source))
        else:
            lease = _parse_lease(values.get("hub.lease_seconds", ""))
            now = int(self._now())
            # Renew early enough that a hub may be down for some hours before the lease ends.
            renew = now + max(1, lease - max(lease // 10, min(lease // 2, protocol.DAY)))
            await self._desk(
                lambda store: store.update_upstream_subscription(known, "active", now + lease, renew)
            )
        return PlainTextResponse(challenge)

    async def _handle_denial(self, known: Upstream, reason: str) -> None:
        if known.state == "leaving":
            await self._desk(lambda store: store.remove_upstream_subscription(known.source))
        else:
            # The hub may accept the feed later.
            again = int(self._now()) + protocol.DAY
            await self._desk(
                lambda store: store.update_upstream_subscription(known, "refused", 0, again, reason[:500])
            )

    async def _accept_content(self, known: Upstream, request: Request) -> Response:
        """Accept content; unsigned content gets the same response and is dropped, so that the secret cannot be probed."""
        body = await request.body()
        signed = protocol.is_signed(body, known.secret, request.headers.get("x-hub-signature", ""))
        # Without a valid signature anybody who knows the address could inject posts.
        if known.state == "leaving" or not signed:
            _LOG.warning("push: content for %s is not signed with its secret: ignored", known.source)
            return build_text(202)
        # The hub repeats the delivery.
        if len(self._tasks) >= _MOST_AT_ONCE:
            return build_text(503, headers={"Retry-After": "30"})
        await self._desk(lambda store: store.record_upstream_delivery(known.source, int(self._now())))
        content_type = request.headers.get("content-type", "")
        # Section 7 recommends a quick response; a hub gives up on slow subscribers.
        task = asyncio.create_task(self._pass_on(known.source, body, content_type))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return build_text(202)

    async def _pass_on(self, source: str, body: bytes, content_type: str) -> None:
        try:
            await self._on_content(source, body, content_type)
        except FeeddError as error:
            _LOG.warning("push: content for %s: %s", source, error)

    async def close(self) -> None:
        """Wait until all content has been passed on."""
        if self._tasks:
            await asyncio.wait(self._tasks)


def _parse_lease(value: str) -> int:
    """Return the lease that a hub grants in seconds; section 5.3 requires it, a missing lease counts as one day."""
    seconds = int(value) if value.isdecimal() and value.isascii() and len(value) < 12 else 0
    # A hub may state any number; an absurd lease would never be renewed.
    return min(seconds, protocol.LONGEST_LEASE * 12) or protocol.DAY
