"""Our own hub answers each request at once, and queues only what may be verified."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from starlette.responses import Response

from feeds.errors import StoreError
from feeds.storage import subscriptions
from feeds.storage.store import Store
from feeds.websub.hub import Hub
from feeds.websub.protocol import Topics
from tests.rigs.memory_store import MemoryDesk, open_memory_store
from tests.rigs.websub import FORM, SITE, build_request

WISH = {"hub.mode": "subscribe", "hub.topic": SITE + "atom.xml", "hub.callback": "https://cb.example/x"}


@pytest.fixture
def db() -> Store:
    store = open_memory_store()
    store._connection.execute("INSERT INTO document VALUES ('atom.xml', NULL, 'd1', 1, 1)")
    return store


def post(
    db: Store, form: dict[str, str], woken: list[int] | None = None, desk: object = None, **limits: int
) -> Response:
    wake = (woken if woken is not None else []).append
    hub = Hub(desk or MemoryDesk(db), Topics(SITE, SITE + "hub"), wake=lambda: wake(1), **limits)
    body = urlencode(form).encode()
    return asyncio.run(hub.handle(build_request("POST", "/hub", headers={"Content-Type": FORM}, body=body)))


def test_a_request_is_queued_for_its_verification(db: Store) -> None:
    woken: list[int] = []
    answer = post(db, {**WISH, "hub.secret": "s", "hub.lease_seconds": "600"}, woken)
    assert (answer.status_code, answer.body, woken) == (202, b"", [1])
    (due,) = subscriptions.load_due(db, 0, 10, 10)
    assert (due.to_subscriber, due.host) == (False, "cb.example")
    task = subscriptions.load_task(db, due.number, 0)
    assert task is not None
    assert task.kind == "verify"
    assert task.data == {
        "mode": "subscribe",
        "topic": SITE + "atom.xml",
        "path": "atom.xml",
        "callback": "https://cb.example/x",
        "lease": "600",
        "secret": "s",
    }
    post(db, WISH)
    assert subscriptions.count_tasks(db, "verify") == 1


def test_other_pages_methods_and_topics_are_refused(db: Store) -> None:
    hub = Hub(MemoryDesk(db), Topics(SITE, SITE + "hub"))
    assert hub.mount == ("/hub", hub.handle)
    assert asyncio.run(hub.handle(build_request("POST", "/hub/x"))).status_code == 404
    wrong = asyncio.run(hub.handle(build_request("GET", "/hub/")))
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert b"POST hub.mode" in wrong.body
    woken: list[int] = []
    assert post(db, {**WISH, "hub.topic": SITE + "rss.xml"}, woken).status_code == 404
    assert post(db, {**WISH, "hub.mode": "x"}, woken).status_code == 400
    assert woken == []
    assert subscriptions.count_tasks(db, "verify") == 0


def test_the_queue_and_each_host_are_limited(db: Store) -> None:
    subscriptions.subscribe(db, "atom.xml", "https://cb.example/y", "", 10)
    many = post(db, WISH, most_per_host=1)
    assert many.status_code == 429
    assert "retry-after" not in many.headers
    assert post(db, {**WISH, "hub.mode": "unsubscribe"}, most_per_host=1).status_code == 202
    full = post(db, {**WISH, "hub.callback": "https://other.example/"}, most_waiting=1)
    assert (full.status_code, full.headers["retry-after"]) == (503, "300")


def test_a_store_in_trouble_means_later(db: Store) -> None:
    async def fail(*_: object) -> None:
        raise StoreError("locked")

    woken: list[int] = []
    answer = post(db, WISH, woken, fail)
    assert (answer.status_code, answer.headers["retry-after"], woken) == (503, "300", [])
