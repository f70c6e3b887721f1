"""The state of WebSub: due work stays until it is done, and a newer version stays due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feeds.storage import subscriptions
from feeds.storage.sqlite import Database
from feeds.storage.subscriptions import Due, Upstream
from tests.rigs.memory_store import open_memory_store

SITE, CALLBACK = "https://site.example/", "https://me:pw@CB.example:8443/x"


@pytest.fixture
def db() -> Database:
    store = open_memory_store()
    store._connection.execute("INSERT INTO document VALUES ('新.xml', NULL, 'd1', 1, 1)")
    assert subscriptions.subscribe(store, "新.xml", CALLBACK, "s", 100)
    return store


def deliver(db: Database, digest: str) -> None:
    subscriptions.enqueue(db, [("新.xml", digest)], SITE)


def test_a_subscription_begins_with_the_next_version(db: Database) -> None:
    assert not subscriptions.subscribe(db, "other.xml", CALLBACK, "", 100)
    assert subscriptions.load_due(db, 50, 9, 9) == []
    assert subscriptions.count_subscriptions(db) == (1, 0)
    assert subscriptions.count_subscriptions_of_host(db, "cb.example:8443") == 1
    deliver(db, "d1")
    assert subscriptions.count_subscriptions(db) == (1, 0)
    deliver(db, "d2")
    (due,) = subscriptions.load_due(db, 50, 9, 9)
    assert (due.to_subscriber, due.host) == (True, "cb.example:8443")
    delivery = subscriptions.load_delivery(db, due.number, 50)
    assert delivery is not None
    assert (delivery.topic, delivery.callback, delivery.secret, delivery.wanted, delivery.tries) == (
        "新.xml",
        CALLBACK,
        "s",
        "d2",
        0,
    )
    assert subscriptions.load_delivery(db, due.number, 100) is None
    # The old version is there again, so nothing is left to deliver.
    deliver(db, "d1")
    assert subscriptions.load_due(db, 50, 9, 9) == []


def test_a_version_that_came_meanwhile_stays_due(db: Database) -> None:
    deliver(db, "d2")
    number = subscriptions.load_due(db, 50, 9, 9)[0].number
    delivery = subscriptions.load_delivery(db, number, 50)
    assert delivery is not None
    deliver(db, "d3")
    subscriptions.mark_delivered(db, delivery, "d2")
    assert subscriptions.load_delivery(db, number, 50) is not None
    subscriptions.mark_delivered(db, replace(delivery, wanted="d3"), "d3")
    assert subscriptions.load_delivery(db, number, 50) is None


def test_a_failed_delivery_waits_and_a_cancelled_delivery_is_dropped(db: Database) -> None:
    deliver(db, "d2")
    number = subscriptions.load_due(db, 50, 9, 9)[0].number
    delivery = subscriptions.load_delivery(db, number, 50)
    assert delivery is not None
    subscriptions.postpone(db, delivery, 60, "down")
    assert subscriptions.load_due(db, 59, 9, 9) == []
    later = subscriptions.load_delivery(db, number, 60)
    assert later is not None
    assert later.tries == 1
    subscriptions.cancel_delivery(db, later)
    assert subscriptions.load_due(db, 99, 9, 9) == []
    assert subscriptions.count_subscriptions(db) == (1, 0)


def test_subscriptions_end(db: Database) -> None:
    subscriptions.expire(db, 99)
    assert subscriptions.count_subscriptions(db) == (1, 0)
    subscriptions.expire(db, 100)
    assert subscriptions.count_subscriptions(db) == (0, 0)
    subscriptions.subscribe(db, "新.xml", CALLBACK, "s", 100)
    subscriptions.unsubscribe(db, "新.xml", "https://other.example/")
    assert subscriptions.count_subscriptions(db) == (1, 0)
    subscriptions.unsubscribe(db, "新.xml", CALLBACK)
    assert subscriptions.count_subscriptions(db) == (0, 0)


def test_pings_name_the_address_and_replace_each_other(db: Database) -> None:
    for _ in range(2):
        subscriptions.enqueue(db, [("新.xml", "d2")], SITE, ["https://hub.example/"])
    assert subscriptions.count_tasks(db, "ping") == 1
    (due, *_) = subscriptions.load_due(db, 50, 9, 9)
    assert due == Due(False, due.number, "hub.example")
    task = subscriptions.load_task(db, due.number, 50)
    assert task is not None
    assert task.data == {"hub": "https://hub.example/", "topic": SITE + "%E6%96%B0.xml"}


def test_a_task_that_was_stored_again_is_not_removed(db: Database) -> None:
    subscriptions.put_task(db, "verify", "n", "https://a.example/", {"k": "1"}, 10)
    assert subscriptions.load_due(db, 9, 9, 9) == []
    number = subscriptions.load_due(db, 10, 9, 9)[0].number
    task = subscriptions.load_task(db, number, 10)
    assert task is not None
    subscriptions.put_task(db, "verify", "n", "https://a.example/", {"k": "2"})
    subscriptions.remove_task(db, task)
    subscriptions.retry_task(db, task, 99)
    again = subscriptions.load_task(db, number, 10)
    assert again is not None
    assert (again.data, again.tries) == ({"k": "2"}, 0)
    subscriptions.retry_task(db, again, 20)
    assert subscriptions.load_task(db, number, 19) is None
    last = subscriptions.load_task(db, number, 20)
    assert last is not None
    assert last.tries == 1
    subscriptions.remove_task(db, last)
    assert subscriptions.load_task(db, number, 99) is None


def test_the_limit_for_each_host_keeps_the_oldest(db: Database) -> None:
    for number in range(3):
        subscriptions.put_task(db, "verify", str(number), "https://a.example/", {}, number)
    subscriptions.put_task(db, "verify", "b", "https://b.example/", {}, 5)
    found = subscriptions.load_due(db, 50, 2, 9)
    assert [due.host for due in found] == ["a.example", "a.example", "b.example"]
    assert len(subscriptions.load_due(db, 50, 9, 1)) == 1


def test_our_subscriptions_and_their_requests(db: Database) -> None:
    wanted = Upstream("blog", "https://s.example/f", "https://h.example/", "secret", "token", "asked", 0, 0)
    subscriptions.add_upstream(db, wanted, 7)
    assert subscriptions.find_upstream(db, source="blog") == wanted
    assert subscriptions.find_upstream(db, token="token") == wanted
    assert subscriptions.find_upstream(db, token="other") is None
    assert subscriptions.load_upstreams(db) == [wanted]
    assert subscriptions.load_due(db, 6, 9, 9) == []
    (due,) = subscriptions.load_due(db, 7, 9, 9)
    assert due.host == "h.example"
    subscriptions.update_upstream_state(db, wanted, "active", 90, 40, "why")
    subscriptions.update_upstream_delivery(db, "blog", 33)
    assert subscriptions.find_upstream(db, source="blog") == replace(
        wanted, state="active", ends=90, received=33, trouble="why"
    )
    assert subscriptions.load_due(db, 39, 9, 9) == []
    assert len(subscriptions.load_due(db, 40, 9, 9)) == 1
    subscriptions.update_upstream_state(db, wanted, "active", 90)
    assert subscriptions.count_tasks(db, "ask") == 0
    subscriptions.add_upstream(db, wanted, 7)
    subscriptions.drop_upstream(db, "blog")
    assert subscriptions.load_upstreams(db) == []
    assert subscriptions.count_tasks(db, "ask") == 0
