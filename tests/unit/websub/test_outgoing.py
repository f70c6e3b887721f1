"""Requests to other hosts: what is sent, and what each answer means for the store."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from feeds.errors import AddressRefused, FetchError
from feeds.http import Client, Hop, Response
from feeds.storage import subscriptions
from feeds.storage.subscriptions import Upstream
from feeds.websub import outgoing
from feeds.websub.outgoing import Outcome, OutgoingRequests
from feeds.websub.protocol import BACKOFF, DAY, LEASE, Topics, sign
from tests.rigs.memory_store import MemoryDesk, open_memory_store
from tests.rigs.websub import SITE

CALLBACK = "https://cb.example/x"


class ScriptedClient(Client):
    """Answers every request with ``answer``, and keeps what was sent."""

    def __init__(self) -> None:
        super().__init__("test")
        self.answer: object = 200
        self.sent: list[tuple[str, bytes, dict[str, str]]] = []
        self.limits: list[tuple[float, int]] = []

    async def get(self, url, headers=None, *, allow=(), deadline=0, most_bytes=0, **_):
        return self._reply(url, b"", dict(headers or {}), deadline, most_bytes)

    async def post(self, url, body, headers=None, *, allow=(), deadline=0, most_bytes=0, **_):
        return self._reply(url, body, dict(headers or {}), deadline, most_bytes)

    def _reply(
        self, url: str, body: bytes, headers: dict[str, str], deadline: float, most_bytes: int
    ) -> Response:
        self.sent.append((url, body, headers))
        self.limits.append((deadline, most_bytes))
        if isinstance(self.answer, Exception):
            raise self.answer
        if callable(self.answer):
            return self.answer(url)
        return Response(self.answer, url, (("retry-after", "7000"),), b"because")


class World:
    def __init__(self, folder: Path) -> None:
        self.db, self.client, self.now, self.tree = open_memory_store(), ScriptedClient(), 1000, folder
        self.put("atom.xml", b"<feed/>")
        self.jobs = OutgoingRequests(
            MemoryDesk(self.db),
            self.client,
            folder,
            Topics(SITE, SITE + "hub"),
            hubs=["https://hub.example/"],
            now=lambda: self.now,
            public="https://me.example/",
        )

    def put(self, path: str, data: bytes) -> None:
        (self.tree / path).write_bytes(data)
        self.db._connection.execute("INSERT OR REPLACE INTO document VALUES (?, NULL, 'd1', 1, 1)", (path,))

    def subscribe(self, secret: str = "s", path: str = "atom.xml") -> int:
        assert subscriptions.subscribe(self.db, path, CALLBACK, secret, 10**9)
        self.db.run("push_want", {"topic": path, "digest": "d2"})
        return subscriptions.load_due(self.db, self.now, 9, 9)[0].number

    def deliver(self, number: int, answer: object) -> Outcome:
        self.client.answer = answer
        return asyncio.run(self.jobs.deliver(number))

    def run(self, kind: str, data: dict[str, str], answer: object) -> Outcome:
        """Store a task and run it."""
        subscriptions.put_task(self.db, kind, "n", "https://cb.example/", data)
        return self.run_again(answer)

    def run_again(self, answer: object) -> Outcome:
        self.client.answer = answer
        (number,) = self.db._connection.execute("SELECT id FROM push_task").fetchone()
        return asyncio.run(self.jobs.run_task(number))

    def tasks(self) -> list[tuple[int, int]]:
        """When each task is due, and how often it was tried."""
        return self.db._connection.execute("SELECT due, tries FROM push_task").fetchall()

    def deliveries(self) -> list[tuple[object, ...]]:
        return self.db._connection.execute("SELECT due, tries, trouble FROM push_subscription").fetchall()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_delivery_is_signed_and_settled(world: World) -> None:
    number = world.subscribe()
    assert world.deliver(number, 204) == Outcome("done")
    assert world.client.sent == [
        (
            CALLBACK,
            b"<feed/>",
            {
                "Content-Type": "application/atom+xml",
                "Link": f'<https://hub.example/>; rel="hub", <{SITE}atom.xml>; rel="self"',
                "X-Hub-Signature": sign(b"<feed/>", "s"),
            },
        )
    ]
    assert world.client.limits == [(10.0, 1024 * 1024)]
    assert world.deliveries() == [(None, 0, "")]
    assert world.deliver(number, 500) == Outcome("done")
    assert len(world.client.sent) == 1


def test_without_a_secret_nothing_is_signed(world: World) -> None:
    world.deliver(world.subscribe(secret=""), 200)
    assert "X-Hub-Signature" not in world.client.sent[0][2]


def test_a_failed_delivery_is_postponed_as_the_subscriber_says(world: World) -> None:
    number = world.subscribe()
    assert world.deliver(number, 500) == Outcome("again", "status 500")
    ((due, tries, trouble),) = world.deliveries()
    assert (tries, trouble) == (1, "status 500")
    assert 8000 <= due <= 8700
    world.now = due
    assert world.deliver(number, FetchError("x" * 600)).kind == "again"
    ((due, tries, trouble),) = world.deliveries()
    assert (tries, len(trouble)) == (2, 500)
    assert world.now + BACKOFF[1] <= due <= world.now + BACKOFF[1] * 1.1


def test_a_subscription_ends_with_410_and_waits_for_a_missing_document(world: World) -> None:
    number = world.subscribe()
    (world.tree / "atom.xml").unlink()
    assert world.deliver(number, 200).kind == "dropped"
    assert world.client.sent == []
    assert world.deliveries() == [(None, 0, "")]
    world.put("atom.xml", b"<feed/>")
    world.db.run("push_want", {"topic": "atom.xml", "digest": "d3"})
    assert world.deliver(number, 410).kind == "dropped"
    assert world.deliveries() == []


def test_changed_documents_are_read_again_and_few_are_kept(world: World) -> None:
    assert world.jobs._read("atom.xml").data == b"<feed/>"
    (world.tree / "atom.xml").write_bytes(b"<feed>2</feed>")
    assert world.jobs._read("atom.xml").data == b"<feed>2</feed>"
    for number in range(8):
        world.put(f"{number}.xml", b"x")
        assert world.jobs._read(f"{number}.xml") is world.jobs._read(f"{number}.xml")
    assert list(world.jobs._documents) == [f"{number}.xml" for number in range(8)]
    assert world.jobs._read("missing.xml") is None


WISH = {"topic": SITE + "atom.xml", "path": "atom.xml", "callback": CALLBACK, "lease": "600", "secret": "s"}


def echo(url: str) -> Response:
    (challenge,) = parse_qs(urlsplit(url).query)["hub.challenge"]
    return Response(200, url, (), challenge.encode())


def test_a_confirmed_wish_begins_or_ends_a_subscription(world: World) -> None:
    assert world.run("verify", {"mode": "subscribe", **WISH}, echo) == Outcome("done")
    assert world.db._connection.execute(
        "SELECT callback, secret, ends FROM push_subscription"
    ).fetchall() == [(CALLBACK, "s", 1600)]
    assert world.tasks() == []
    assert world.client.limits == [(10.0, 64 * 1024)]
    world.run("verify", {"mode": "unsubscribe", **WISH}, 200)
    assert len(world.deliveries()) == 1
    world.run("verify", {"mode": "unsubscribe", **WISH}, echo)
    assert world.deliveries() == []


def test_an_unconfirmed_wish_begins_nothing(world: World) -> None:
    def redirect(url: str) -> Response:
        return echo(url)._replace(hops=(Hop(302, url),))

    for answer in (200, redirect, AddressRefused("private")):
        assert world.run("verify", {"mode": "subscribe", **WISH}, answer).kind == "dropped"
        assert (world.deliveries(), world.tasks()) == ([], [])


def test_a_verification_is_tried_three_times(world: World) -> None:
    assert world.run("verify", {"mode": "subscribe", **WISH}, FetchError("down")).kind == "again"
    for kind in ("again", "dropped"):
        ((world.now, _),) = world.tasks()
        assert world.run_again(FetchError("down")).kind == kind
    assert world.tasks() == []


def test_the_subscriber_of_a_vanished_document_hears_of_it(world: World) -> None:
    world.db._connection.execute("DELETE FROM document")

    def answer(url: str) -> Response:
        return echo(url) if "challenge" in url else Response(200, url, (), b"")

    assert world.run("verify", {"mode": "subscribe", **WISH}, answer) == Outcome(
        "dropped", "the feed is not published any more"
    )
    assert "hub.mode=denied" in world.client.sent[-1][0]


def test_a_ping_names_the_document(world: World) -> None:
    data = {"hub": "https://hub.example/", "topic": SITE + "atom.xml"}
    assert world.run("ping", data, 299) == Outcome("done")
    url, body, headers = world.client.sent[0]
    assert (url, headers) == ("https://hub.example/", {"Content-Type": "application/x-www-form-urlencoded"})
    assert parse_qs(body.decode()) == {
        "hub.mode": ["publish"],
        "hub.url": [SITE + "atom.xml"],
        "hub.topic": [SITE + "atom.xml"],
    }
    assert world.run("ping", data, 300) == Outcome("again", "status 300")
    for _ in range(outgoing._PING_TRIES - 2):
        ((world.now, _tries),) = world.tasks()
        assert world.run_again(FetchError("down")) == Outcome("again", "down")
    ((world.now, _tries),) = world.tasks()
    assert world.run_again(199) == Outcome("dropped", "status 199")
    assert world.tasks() == []


def ask(world: World, state: str, answer: object) -> Outcome:
    wanted = Upstream("blog", "https://s.example/f", "https://h.example/", "secret", "token", state, 0, 0)
    subscriptions.add_upstream(world.db, wanted, 0)
    return world.run_again(answer)


def test_a_subscription_request_stays_until_the_hub_verifies_it(world: World) -> None:
    assert ask(world, "asked", 202) == Outcome("done")
    assert parse_qs(world.client.sent[0][1].decode()) == {
        "hub.mode": ["subscribe"],
        "hub.topic": ["https://s.example/f"],
        "hub.callback": ["https://me.example/hub/callback/token"],
        "hub.secret": ["secret"],
        "hub.lease_seconds": [str(LEASE)],
    }
    assert world.tasks() == [(1000 + DAY, 1)]
    assert ask(world, "leaving", FetchError("down")) == Outcome("again", "down")
    form = parse_qs(world.client.sent[-1][1].decode())
    assert form["hub.mode"] == ["unsubscribe"]
    assert "hub.secret" not in form
    assert ask(world, "asked", 403) == Outcome("again", "the hub answered 403: because")


def test_a_subscription_that_nobody_wants_is_not_requested(world: World) -> None:
    assert world.run("ask", {"source": "other"}, 202).kind == "dropped"
    assert (world.tasks(), world.client.sent) == ([], [])
