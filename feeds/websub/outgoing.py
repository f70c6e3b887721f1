"""Send the requests of WebSub to other hosts: deliveries, verifications, pings and subscription requests."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from feeds.errors import AddressRefused, FetchError
from feeds.http import Client, Response
from feeds.storage.subscriptions import Delivery, Task
from feeds.websub import protocol
from feeds.websub.protocol import SubscriptionRequest, Topics
from feeds.websub.storage_thread import StorageThread

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_MOST_ANSWER_BYTES = 1024 * 1024
# A change concerns few documents, and each has many subscribers at the same time.
_KEPT_DOCUMENTS = 8
# A subscriber that was unreachable for long can send its request again.
_VERIFY_TRIES = 3
_PING_TRIES = 6
_REQUEST_AGAIN = protocol.DAY
"""Seconds after which the subscription request is repeated to a hub that accepted but never verified it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of an attempt; ``trouble`` is the reason for people if it failed."""

    kind: Literal["done", "again", "dropped"]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Document:
    """A document as it is in the output tree."""

    stamp: tuple[int, int]
    data: bytes
    digest: str


class OutgoingRequests:
    """Send one request to another host and store its result.

    Args:
        desk: The store.
        client: HTTP client.
        tree: The output tree.
        topics: Our documents.
        hubs: The hubs that our documents name.
        public: Our own address, the prefix of callbacks; empty if there is none.
        allow: ``host:port`` pairs that need not be globally reachable.
        now: Returns the time in seconds since 1970.
        deadline: Seconds that a subscriber has to answer.
    """

    def __init__(
        self,
        desk: StorageThread,
        client: Client,
        tree: Path,
        topics: Topics,
        *,
        hubs: Sequence[str],
        now: Callable[[], float],
        public: str = "",
        allow: Sequence[str] = (),
        deadline: float = 10.0,
    ) -> None:
        self._desk, self._client, self._tree, self._topics = desk, client, tree, topics
        self._hubs, self._public, self._allow = tuple(hubs), public, tuple(allow)
        self._now, self._deadline = now, deadline
        self._documents: dict[str, _Document] = {}

    async def deliver(self, number: int) -> Outcome:
        """Send a subscriber the current document (section 7), and store which version it has."""
        # Read again, because the subscription may have ended while the delivery waited.
        delivery = await self._desk(lambda store: store.load_delivery(number, int(self._now())))
        if delivery is None:
            return Outcome("done")
        # The current version, not that which made it due: older versions are of no use.
        document = self._read(delivery.topic)
        if document is None or not self._topics.media_type(delivery.topic):
            await self._desk(lambda store: store.cancel_delivery(delivery))
            return Outcome("dropped", "the document is not published any more")
        try:
            answer = await self._send(
                delivery.callback, document.data, self._build_content_headers(delivery, document)
            )
        except FetchError as error:
            return await self._postpone(delivery, str(error), "")
        meaning = protocol.classify_status(answer.status)
        if meaning == "done":
            await self._desk(lambda store: store.mark_delivered(delivery, document.digest))
            return Outcome("done")
        if meaning == "gone":
            await self._desk(lambda store: store.unsubscribe(delivery.topic, delivery.callback))
            return Outcome("dropped", "410: the subscriber ended the subscription")
        # A redirect counts as a failure too: section 7 accepts only 2xx.
        return await self._postpone(delivery, f"status {answer.status}", answer.get_header("retry-after"))

    async def _postpone(self, delivery: Delivery, trouble: str, retry_after: str) -> Outcome:
        until = int(self._now()) + protocol.compute_delay(delivery.tries, retry_after, delivery.number)
        await self._desk(lambda store: store.postpone_delivery(delivery, until, trouble[:500]))
        return Outcome("again", trouble)

    def _build_content_headers(self, delivery: Delivery, document: _Document) -> dict[str, str]:
        headers = {
            "Content-Type": self._topics.media_type(delivery.topic),
            "Link": protocol.build_link_header(self._hubs, self._topics.url(delivery.topic)),
        }
        # Section 7.1: the signature proves that the content comes from the hub.
        if delivery.secret:
            headers["X-Hub-Signature"] = protocol.sign(document.data, delivery.secret)
        return headers

    def _read(self, path: str) -> _Document | None:
        """Read the current document; it is cached for all subscribers of the same version."""
        file = self._tree / path
        try:
            found = file.stat()
            stamp = (found.st_size, found.st_mtime_ns)
            # Removed and added again, so that the dict is in the order of use.
            known = self._documents.pop(path, None)
            if known is None or known.stamp != stamp:
                data = file.read_bytes()
                known = _Document(stamp, data, hashlib.sha256(data).hexdigest())
        except OSError:
            return None
        # The dict keeps the order of use, so the first is the least recently used.
        while len(self._documents) >= _KEPT_DOCUMENTS:
            del self._documents[next(iter(self._documents))]
        self._documents[path] = known
        return known

    async def _send(self, url: str, body: bytes, headers: dict[str, str]) -> Response:
        return await self._client.post(
            url,
            body,
            headers,
            allow=self._allow,
            deadline=self._deadline,
            most_bytes=_MOST_ANSWER_BYTES,
        )

    async def run_task(self, number: int) -> Outcome:
        """Run a task in its current state in the store."""
        task = await self._desk(lambda store: store.load_task(number, int(self._now())))
        if task is None:
            return Outcome("done")
        # A subscription request stays in the store until the hub verifies it.
        run = {"verify": self._verify, "ping": self._ping, "ask": self._request_subscription}[task.kind]
        outcome = await run(task)
        if outcome.kind == "again":
            until = int(self._now()) + protocol.compute_delay(task.tries, "", task.number)
            await self._desk(lambda store: store.retry_task(task, until))
        elif task.kind != "ask":
            await self._desk(lambda store: store.remove_task(task))
        return outcome

    async def _verify(self, task: Task) -> Outcome:
        """Verify the intent of a subscriber (section 5.3); the subscription begins or ends only after that."""
        data = task.data
        mode: Literal["subscribe", "unsubscribe"] = (
            "subscribe" if data["mode"] == "subscribe" else "unsubscribe"
        )
        wish = SubscriptionRequest(
            mode, data["topic"], data["path"], data["callback"], int(data["lease"]), data["secret"]
        )
        # Unguessable, because whoever knows it could confirm a subscription for somebody else.
        challenge = secrets.token_urlsafe(32)
        try:
            answer = await self._get(protocol.build_verification_url(wish, challenge))
        # Such an address stays refused, so another attempt would be useless.
        except AddressRefused as error:
            return Outcome("dropped", str(error))
        except FetchError as error:
            return Outcome("again" if task.tries + 1 < _VERIFY_TRIES else "dropped", str(error))
        # A callback that redirects has not confirmed anything (5.3: every other status is a failure).
        if answer.hops or not protocol.is_confirmed(answer.status, answer.body, challenge):
            return Outcome("dropped", f"not confirmed (status {answer.status})")
        if wish.mode == "unsubscribe":
            await self._desk(lambda store: store.unsubscribe(wish.path, wish.callback))
        else:
            ends = int(self._now()) + wish.lease
            # The feed may have been removed while the subscriber was verified.
            if not await self._desk(
                lambda store: store.subscribe(wish.path, wish.callback, wish.secret, ends)
            ):
                return await self._deny(wish)
        return Outcome("done")

    async def _deny(self, wish: SubscriptionRequest) -> Outcome:
        reason = "the feed is not published any more"
        try:
            await self._get(protocol.build_denial_url(wish.callback, wish.topic, reason))
        except FetchError as error:
            return Outcome("dropped", str(error))
        return Outcome("dropped", reason)

    async def _get(self, url: str) -> Response:
        return await self._client.get(url, allow=self._allow, deadline=self._deadline, most_bytes=64 * 1024)

    async def _ping(self, task: Task) -> Outcome:
        """Notify an external hub that a document has changed."""
        topic = task.data["topic"]
        # Hubs differ in the name that they read, and WebSub does not define this request.
        form = {"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}
        try:
            answer = await self._send(task.data["hub"], urlencode(form).encode(), _FORM)
        except FetchError as error:
            trouble = str(error)
        else:
            if 200 <= answer.status < 300:
                return Outcome("done")
            trouble = f"status {answer.status}"
        # The next change is pinged anyway, so a hub that is down for long is not retried forever.
        return Outcome("again" if task.tries + 1 < _PING_TRIES else "dropped", trouble)

    async def _request_subscription(self, task: Task) -> Outcome:
        """Request a hub to subscribe us to a feed, to renew the subscription, or to end it (section 5.1)."""
        wanted = await self._desk(lambda store: store.find_upstream_subscription(source=task.data["source"]))
        # The configuration may have changed since the task was stored.
        if wanted is None or not self._public:
            await self._desk(lambda store: store.remove_task(task))
            return Outcome("dropped", "no longer wanted")
        form = {
            "hub.mode": "unsubscribe" if wanted.state == "leaving" else "subscribe",
            "hub.topic": wanted.topic,
            "hub.callback": f"{self._public}hub/callback/{wanted.token}",
        }
        # A secret and a lease have no meaning when a subscription ends.
        if wanted.state != "leaving":
            form |= {"hub.secret": wanted.secret, "hub.lease_seconds": str(protocol.LEASE)}
        try:
            answer = await self._send(wanted.hub, urlencode(form).encode(), _FORM)
        except FetchError as error:
            return Outcome("again", str(error))
        if not 200 <= answer.status < 300:
            return Outcome(
                "again", f"the hub answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}"
            )
        # The hub's verification removes the task; without a verification the request is repeated.
        await self._desk(lambda store: store.retry_task(task, int(self._now()) + _REQUEST_AGAIN))
        return Outcome("done")
