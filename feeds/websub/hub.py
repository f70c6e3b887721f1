"""Our own hub: takes requests to subscribe to our documents; asking back is queued work."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from feeds.errors import StoreError
from feeds.storage import subscriptions
from feeds.storage.sqlite import Database
from feeds.websub.protocol import Refusal, Topics, Wish, read_wish
from feeds.websub.responses import Mount, build_text
from feeds.websub.storage_thread import Desk

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/hub"

_MOST_WAITING = 10_000
_MOST_PER_HOST = 20_000


class Hub:
    """Answers ``POST /hub``.

    Args:
        desk: The store.
        topics: What may be subscribed to.
        allow: ``host:port`` of callbacks that need not be globally reachable.
        wake: Told that there is work to do.
        path: Where it is mounted.
    """

    def __init__(
        self,
        desk: Desk,
        topics: Topics,
        allow: Collection[str] = (),
        wake: Callable[[], None] = lambda: None,
        path: str = PATH,
    ) -> None:
        self._desk, self._topics, self._allow, self._wake, self._path = desk, topics, allow, wake, path

    @property
    def mount(self) -> Mount:
        """Where the server mounts it."""
        return self._path, self.handle

    async def handle(self, request: Request) -> Response:
        """Answer a request to subscribe or unsubscribe (5.1): 202, or a reason in words."""
        if request.scope["path"].rstrip("/") != self._path:
            return build_text(404, "no such page")
        if request.method != "POST":
            text = "This is a WebSub hub: POST hub.mode, hub.topic and hub.callback to it."
            return build_text(405, text, {"Allow": "POST"})
        body = await request.body()
        wish = read_wish(request.headers.get("content-type", ""), body, self._topics, self._allow)
        if isinstance(wish, Refusal):
            return build_text(wish.status, wish.reason)
        try:
            refusal = await self._desk(_take, wish)
        except StoreError:
            refusal = Refusal(503, "the hub cannot take requests at the moment; try again later")
        if refusal is not None:
            retry = {"Retry-After": "300"} if refusal.status == 503 else {}
            return build_text(refusal.status, refusal.reason, retry)
        self._wake()
        return build_text(202)


def _take(db: Database, wish: Wish) -> Refusal | None:
    """Queue the verification of a wish, within bounds."""
    if subscriptions.load_document_digest(db, wish.path) is None:
        return Refusal(404, "hub.topic is no feed of this site; give the address of its rel=self link")
    if subscriptions.count_tasks(db, "verify") >= _MOST_WAITING:
        return Refusal(503, "too many requests wait for their verification; try again later")
    host = subscriptions.extract_host(wish.callback)
    if wish.mode == "subscribe" and subscriptions.count_subscriptions_of_host(db, host) >= _MOST_PER_HOST:
        return Refusal(429, "the host of hub.callback has too many subscriptions")
    data = {
        "mode": wish.mode,
        "topic": wish.topic,
        "path": wish.path,
        "callback": wish.callback,
        "lease": str(wish.lease),
        "secret": wish.secret,
    }
    subscriptions.put_task(db, "verify", f"{wish.path} {wish.callback}", wish.callback, data)
    return None
