"""Our own hub: accept subscription requests for our documents, and queue their verification."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from feeds.errors import StoreError
from feeds.storage.interface import Subscriptions
from feeds.storage.subscriptions import Verdict
from feeds.websub.protocol import Refusal, SubscriptionRequest, Topics, parse_request
from feeds.websub.responses import Mount, build_text
from feeds.websub.storage_thread import StorageThread

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/hub"

# A verification costs the sender nothing, so strangers could queue any number.
_MOST_WAITING = 10_000
_MOST_PER_HOST = 20_000
_REFUSALS: Mapping[Verdict, Refusal] = {
    "no document": Refusal(
        404, "hub.topic is not a feed of this site; send the address of its rel=self link"
    ),
    "queue full": Refusal(503, "too many requests wait for their verification; try again later"),
    "host full": Refusal(429, "the host of hub.callback has too many subscriptions"),
}


class Hub:
    """Answer ``POST /hub``.

    Args:
        desk: The store.
        topics: Documents that may be subscribed to.
        allow: ``host:port`` of callbacks that need not be globally reachable.
        wake: Called when a verification is queued.
        path: Path of the hub on the server.
        most_waiting: Verifications that may wait.
        most_per_host: Subscriptions and waiting verifications of a host.
    """

    def __init__(
        self,
        desk: StorageThread,
        topics: Topics,
        allow: Collection[str] = (),
        wake: Callable[[], None] = lambda: None,
        path: str = PATH,
        most_waiting: int = _MOST_WAITING,
        most_per_host: int = _MOST_PER_HOST,
    ) -> None:
        self._limits = most_waiting, most_per_host
        self._desk, self._topics, self._allow, self._wake, self._path = desk, topics, allow, wake, path

    @property
    def mount(self) -> Mount:
        """Path and handler for the server."""
        return self._path, self.handle

    async def handle(self, request: Request) -> Response:
        """Answer a request to subscribe or unsubscribe (section 5.1): 202, or an error with its reason."""
        if request.scope["path"].rstrip("/") != self._path:
            return build_text(404, "no such page")
        if request.method != "POST":
            text = "This is a WebSub hub: POST hub.mode, hub.topic and hub.callback to it."
            return build_text(405, text, {"Allow": "POST"})
        body = await request.body()
        wish = parse_request(request.headers.get("content-type", ""), body, self._topics, self._allow)
        if isinstance(wish, Refusal):
            return build_text(wish.status, wish.reason)
        try:
            refusal = await self._desk(_queue_verification, wish, *self._limits)
        # The store may be locked for a moment, so the subscriber gets a status that invites another attempt.
        except StoreError:
            refusal = Refusal(503, "the hub cannot accept requests at the moment; try again later")
        if refusal is not None:
            retry = {"Retry-After": "300"} if refusal.status == 503 else {}
            return build_text(refusal.status, refusal.reason, retry)
        self._wake()
        return build_text(202)


def _queue_verification(
    db: Subscriptions, wish: SubscriptionRequest, most_waiting: int, most_per_host: int
) -> Refusal | None:
    """Queue the verification of a request, within limits; return the refusal if they are reached."""
    data = {
        "mode": wish.mode,
        "topic": wish.topic,
        "path": wish.path,
        "callback": wish.callback,
        "lease": str(wish.lease),
        "secret": wish.secret,
    }
    return _REFUSALS.get(db.queue_verification(data, most_waiting, most_per_host))
