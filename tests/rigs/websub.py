"""WebSub in tests: a subscriber written against the Recommendation, and a hub behind a small server.

``python -m tests.rigs.websub FOLDER`` runs the hub as a process of its own, to be killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.types import Message

from feeds.http import Client
from feeds.http.address import build_user_agent
from feeds.storage import subscriptions
from feeds.storage.store import Store
from feeds.websub.dispatcher import Bounds, Dispatcher
from feeds.websub.hub import Hub
from feeds.websub.outgoing import OutgoingRequests
from feeds.websub.protocol import Topics
from feeds.websub.responses import Mount
from feeds.websub.storage_thread import StorageThread
from tests.rigs.servers import Answer, Asked, UpstreamServer

SITE = "https://site.example/feeds/"
FORM = "application/x-www-form-urlencoded"


def build_request(
    method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Request:
    """A request as a server hands it to a handler."""
    fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": fields,
    }
    return Request(scope, receive)


class Front(UpstreamServer):
    """Mounted handlers behind HTTP."""

    def __init__(self, mounts: Sequence[Mount] = ()) -> None:
        super().__init__()
        self.mounts = list(mounts)

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        path, _, query = asked.target.partition("?")
        handlers = [handler for prefix, handler in self.mounts if path.startswith(prefix)]
        answer = await handlers[-1](build_request(asked.method, path, query, asked.headers, asked.body))
        head = [f"HTTP/1.1 {answer.status_code} X"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        writer.write(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + bytes(answer.body))
        await writer.drain()


class SubscriberServer(UpstreamServer):
    """A subscriber: verifies what it asked for, checks signatures, keeps what came by callback."""

    def __init__(self, secret: str = "s3cret") -> None:
        super().__init__()
        self.secret = secret
        self.got: dict[str, list[bytes]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.verified: dict[str, dict[str, str]] = {}
        self.bad: list[str] = []
        self.status: Callable[[str], int] = lambda path: 204
        self.pause = 0.0
        self.confirms = True

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        path, _, query = asked.target.partition("?")
        if asked.method == "GET":
            values = {name: found[0] for name, found in parse_qs(query).items()}
            self.verified[path] = values
            self.routes[path] = Answer(
                200 if self.confirms else 404, values.get("hub.challenge", "").encode()
            )
        else:
            if self.pause:
                await asyncio.sleep(self.pause)
            self._take(path, asked)
            self.routes[path] = Answer(self.status(path))
        await super()._answer(asked, writer)

    def _take(self, path: str, asked: Asked) -> None:
        expected = "sha256=" + hmac.new(self.secret.encode(), asked.body, hashlib.sha256).hexdigest()
        if self.secret and asked.headers.get("x-hub-signature") != expected:
            self.bad.append(path)
        self.headers[path] = asked.headers
        self.got.setdefault(path, []).append(asked.body)


class Publisher:
    """An output tree with a store, as publishing leaves them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tree, self.store = folder, folder / "output", folder / "feedd.db"

    def publish(self, path: str, data: bytes, hubs: Sequence[str] = ()) -> None:
        """A document in place, then settled."""
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(".new")
        beside.write_bytes(data)
        beside.replace(file)
        digest = hashlib.sha256(data).hexdigest()
        db = Store.open(self.store)
        with db.transaction():
            subscriptions.enqueue(db, [(path, digest)], SITE, hubs)
            db.run("document_put", (path, 1, digest, len(data), 0))
        db.close()

    def subscribe(self, callbacks: Sequence[tuple[str, str]], secret: str = "s3cret") -> None:
        """Verified subscriptions: topic and callback each."""
        db = Store.open(self.store)
        for topic, callback in callbacks:
            subscriptions.subscribe(db, topic, callback, secret, int(time.time()) + 3600)
        db.close()

    def counts(self) -> tuple[int, int]:
        db = Store.open(self.store)
        found = subscriptions.count_subscriptions(db)
        db.close()
        return found


class Running:
    """A hub at work."""

    def __init__(self, front: Front, sender: Dispatcher, desk: StorageThread) -> None:
        self.front, self.sender, self.desk = front, sender, desk
        self.url = front.url("/hub")

    async def ask(self, **values: str) -> tuple[int, str]:
        """POST a request to the hub, as a subscriber does."""
        form = urlencode({f"hub.{name}": value for name, value in values.items()}).encode()
        async with Client(build_user_agent("1", SITE)) as client:
            answer = await client.post(self.url, form, {"Content-Type": FORM}, allow=[self.front.authority])
        return answer.status, answer.body.decode()


@contextlib.asynccontextmanager
async def hub(
    publisher: Publisher,
    allow: Sequence[str],
    *,
    bounds: Bounds | None = None,
    now: Callable[[], float] = time.time,
    reachable: bool = False,
    deadline: float = 5.0,
) -> AsyncIterator[Running]:
    """A hub behind HTTP with its sender."""
    topics = Topics(SITE, SITE + "hub")
    async with Client(build_user_agent("1", SITE)) as client, Front() as front:
        public = front.url("/") if reachable else ""
        allow = [*allow, front.authority] if reachable else allow
        with StorageThread(publisher.store) as desk:
            jobs = OutgoingRequests(
                desk, client, publisher.tree, topics,
                hubs=(topics.hub,), now=now, public=public, allow=allow, deadline=deadline,
            )  # fmt: skip
            sender = Dispatcher(desk, jobs, now, bounds)
            front.mounts.append(Hub(desk, topics, allow, sender.wake).mount)
            running = asyncio.create_task(sender.run())
            try:
                yield Running(front, sender, desk)
            finally:
                sender.stop()
                await running


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def _main(folder: Path) -> None:
    allow = json.loads((folder / "allow.json").read_text())
    async with hub(Publisher(folder), allow) as running:
        print(urlsplit(running.url).port, flush=True)
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
