"""What is done at other hosts: a delivery, a verification, a ping, a request to a hub."""

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
from feeds.storage import subscriptions
from feeds.storage.subscriptions import Delivery, Task
from feeds.websub import protocol
from feeds.websub.protocol import Topics, Wish
from feeds.websub.storage_thread import Desk

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_MOST_ANSWER_BYTES = 1024 * 1024
_KEPT_DOCUMENTS = 8
_VERIFY_TRIES = 3
_PING_TRIES = 6
_ASK_AGAIN = protocol.DAY
"""Seconds after which a hub that took our request, but never verified it, is asked again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; ``trouble`` in words if it did not succeed."""

    kind: Literal["done", "again", "dropped"]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Document:
    """A document as it lies in the output tree."""

    stamp: tuple[int, int]
    data: bytes
    digest: str


class Jobs:
    """Does one thing at another host and records in the store what came of it.

    Args:
        desk: The store.
        client: Outgoing HTTP.
        tree: The output tree.
        topics: Our documents.
        hubs: The hubs that our documents name.
        public: Our own address, below which callbacks lie; empty if there is none.
        allow: ``host:port`` pairs that need not be globally reachable.
        now: The time in seconds since 1970.
        deadline: Seconds that a subscriber has for its answer.
    """

    def __init__(
        self,
        desk: Desk,
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
        """Send a subscriber the document as it is published now (7), and record that version."""
        one = await self._desk(subscriptions.load_delivery, number, int(self._now()))
        if one is None:
            return Outcome("done")
        document = self._read(one.topic)
        if document is None or not self._topics.media_type(one.topic):
            await self._desk(subscriptions.cancel_delivery, one)
            return Outcome("dropped", "the document is not published any more")
        try:
            answer = await self._post(one.callback, document.data, self._content_headers(one, document))
        except FetchError as error:
            return await self._failed(one, str(error), "")
        meaning = protocol.meaning(answer.status)
        if meaning == "done":
            await self._desk(subscriptions.mark_delivered, one, document.digest)
            return Outcome("done")
        if meaning == "gone":
            await self._desk(subscriptions.unsubscribe, one.topic, one.callback)
            return Outcome("dropped", "410: the subscriber wants no more")
        return await self._failed(one, f"status {answer.status}", answer.header("retry-after"))

    async def _failed(self, one: Delivery, trouble: str, retry_after: str) -> Outcome:
        until = int(self._now()) + protocol.wait(one.tries, retry_after, one.number)
        await self._desk(subscriptions.postpone, one, until, trouble[:500])
        return Outcome("again", trouble)

    def _content_headers(self, one: Delivery, document: _Document) -> dict[str, str]:
        headers = {
            "Content-Type": self._topics.media_type(one.topic),
            "Link": protocol.link_header(self._hubs, self._topics.url(one.topic)),
        }
        if one.secret:
            headers["X-Hub-Signature"] = protocol.sign(document.data, one.secret)
        return headers

    def _read(self, path: str) -> _Document | None:
        """The document of now; read once for all who get the same version."""
        file = self._tree / path
        try:
            found = file.stat()
            stamp = (found.st_size, found.st_mtime_ns)
            known = self._documents.pop(path, None)
            if known is None or known.stamp != stamp:
                data = file.read_bytes()
                known = _Document(stamp, data, hashlib.sha256(data).hexdigest())
        except OSError:
            return None
        while len(self._documents) >= _KEPT_DOCUMENTS:
            del self._documents[next(iter(self._documents))]
        self._documents[path] = known
        return known

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Response:
        return await self._client.post(
            url,
            body,
            headers,
            allow=self._allow,
            deadline=self._deadline,
            most_bytes=_MOST_ANSWER_BYTES,
        )

    async def task(self, number: int) -> Outcome:
        """Do a task as it stands in the store now."""
        one = await self._desk(subscriptions.load_task, number, int(self._now()))
        if one is None:
            return Outcome("done")
        does = {"verify": self._verify, "ping": self._ping, "ask": self._ask}[one.kind]
        outcome = await does(one)
        if outcome.kind == "again":
            until = int(self._now()) + protocol.wait(one.tries, "", one.number)
            await self._desk(subscriptions.retry_task, one, until)
        elif one.kind != "ask":
            await self._desk(subscriptions.remove_task, one)
        return outcome

    async def _verify(self, one: Task) -> Outcome:
        """Ask a callback whether it meant it (5.3); only then does the subscription begin or end."""
        data = one.data
        mode: Literal["subscribe", "unsubscribe"] = (
            "subscribe" if data["mode"] == "subscribe" else "unsubscribe"
        )
        wish = Wish(mode, data["topic"], data["path"], data["callback"], int(data["lease"]), data["secret"])
        challenge = secrets.token_urlsafe(32)
        try:
            answer = await self._get(protocol.verification(wish, challenge))
        except AddressRefused as error:
            return Outcome("dropped", str(error))
        except FetchError as error:
            return Outcome("again" if one.tries + 1 < _VERIFY_TRIES else "dropped", str(error))
        # A callback that redirects has not confirmed anything (5.3: every other status is a failure).
        if answer.hops or not protocol.confirms(answer.status, answer.body, challenge):
            return Outcome("dropped", f"not confirmed (status {answer.status})")
        if wish.mode == "unsubscribe":
            await self._desk(subscriptions.unsubscribe, wish.path, wish.callback)
        else:
            ends = int(self._now()) + wish.lease
            if not await self._desk(subscriptions.subscribe, wish.path, wish.callback, wish.secret, ends):
                return await self._deny(wish)
        return Outcome("done")

    async def _deny(self, wish: Wish) -> Outcome:
        reason = "the feed is not published any more"
        try:
            await self._get(protocol.denial(wish.callback, wish.topic, reason))
        except FetchError as error:
            return Outcome("dropped", str(error))
        return Outcome("dropped", reason)

    async def _get(self, url: str) -> Response:
        return await self._client.get(url, allow=self._allow, deadline=self._deadline, most_bytes=64 * 1024)

    async def _ping(self, one: Task) -> Outcome:
        """Tell an outside hub that a document has changed."""
        topic = one.data["topic"]
        form = {"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}
        try:
            answer = await self._post(one.data["hub"], urlencode(form).encode(), _FORM)
        except FetchError as error:
            trouble = str(error)
        else:
            if 200 <= answer.status < 300:
                return Outcome("done")
            trouble = f"status {answer.status}"
        # The next change is told anyway: a hub that is away for long is not asked for ever.
        return Outcome("again" if one.tries + 1 < _PING_TRIES else "dropped", trouble)

    async def _ask(self, one: Task) -> Outcome:
        """Ask a hub to subscribe us to an upstream, to renew that, or to end it (5.1)."""
        wanted = await self._desk(subscriptions.find_upstream, source=one.data["source"])
        if wanted is None or not self._public:
            await self._desk(subscriptions.remove_task, one)
            return Outcome("dropped", "no longer wanted")
        form = {
            "hub.mode": "unsubscribe" if wanted.state == "leaving" else "subscribe",
            "hub.topic": wanted.topic,
            "hub.callback": f"{self._public}hub/callback/{wanted.token}",
        }
        if wanted.state != "leaving":
            form |= {"hub.secret": wanted.secret, "hub.lease_seconds": str(protocol.LEASE)}
        try:
            answer = await self._post(wanted.hub, urlencode(form).encode(), _FORM)
        except FetchError as error:
            return Outcome("again", str(error))
        if not 200 <= answer.status < 300:
            return Outcome(
                "again", f"the hub says {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}"
            )
        # The task goes when the hub's verification comes; without one the hub is asked once more.
        await self._desk(subscriptions.retry_task, one, int(self._now()) + _ASK_AGAIN)
        return Outcome("done")
