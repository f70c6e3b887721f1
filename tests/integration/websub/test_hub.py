"""The hub: a subscriber written against the Recommendation gets what it may expect, and no more."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from feeds.storage import subscriptions
from feeds.storage.store import Store
from feeds.websub.dispatcher import Bounds
from tests.conftest import ROOT, Project
from tests.rigs.servers import Answer, Asked, UpstreamServer
from tests.rigs.websub import SITE, Publisher, SubscriberServer, hub, until

TOPIC = SITE + "tag/x/atom.xml"
PATH = "tag/x/atom.xml"


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    made = Publisher(tmp_path)
    made.publish(PATH, b"<feed>1</feed>")
    return made


def test_a_subscriber_gets_the_next_version_signed_and_no_other(publisher: Publisher) -> None:
    async def run() -> None:
        async with SubscriberServer() as subscriber, hub(publisher, [subscriber.authority]) as running:
            callback = subscriber.url("/cb?a=b%20c")
            asked = {"mode": "subscribe", "topic": TOPIC, "callback": callback, "secret": "s3cret"}
            assert await running.ask(**asked, lease_seconds="600") == (202, "")
            await until(lambda: publisher.counts() == (1, 0))
            verified = subscriber.verified["/cb"]
            assert (verified["hub.mode"], verified["hub.topic"]) == ("subscribe", TOPIC)
            assert (verified["hub.lease_seconds"], verified["a"]) == ("600", "b c")
            publisher.publish("rss.xml", b"another feed")
            publisher.publish(PATH, b"<feed>2</feed>")
            running.sender.wake()
            await until(lambda: bool(subscriber.got))
            publisher.publish(PATH, b"<feed>2</feed>")
            await asyncio.sleep(0.7)
            assert subscriber.got == {"/cb": [b"<feed>2</feed>"]}
            assert not subscriber.bad
            headers = subscriber.headers["/cb"]
            assert headers["content-type"] == "application/atom+xml"
            assert headers["link"] == f'<{SITE}hub>; rel="hub", <{TOPIC}>; rel="self"'
            assert (await running.ask(mode="unsubscribe", topic=TOPIC, callback=callback))[0] == 202
            await until(lambda: publisher.counts() == (0, 0))

    asyncio.run(run())


def test_without_confirmation_nothing_begins_and_nothing_ends(publisher: Publisher) -> None:
    async def run() -> None:
        async with (
            UpstreamServer() as other,
            SubscriberServer() as subscriber,
            hub(publisher, [subscriber.authority, other.authority]) as running,
        ):
            subscriber.confirms = False
            other.routes["/wrong"] = Answer(200, b"some other challenge")
            other.routes["/moved"] = lambda asked: Answer(
                302, b"", {"Location": subscriber.url("/x?" + asked.target.partition("?")[2])}
            )
            for callback in (subscriber.url("/a"), other.url("/wrong"), other.url("/moved")):
                assert (await running.ask(mode="subscribe", topic=TOPIC, callback=callback))[0] == 202
            await until(lambda: len(other.log) == 2 and "/a" in subscriber.verified)
            subscriber.confirms = True
            await asyncio.sleep(0.2)
            assert publisher.counts() == (0, 0)
            publisher.subscribe([(PATH, subscriber.url("/b"))])
            subscriber.confirms = False
            await running.ask(mode="unsubscribe", topic=TOPIC, callback=subscriber.url("/b"))
            await until(lambda: "/b" in subscriber.verified)
            await asyncio.sleep(0.1)
            assert publisher.counts() == (1, 0)

    asyncio.run(run())


def test_requests_that_cannot_be_taken_are_refused_in_words(publisher: Publisher) -> None:
    async def run() -> None:
        async with SubscriberServer() as subscriber, hub(publisher, [subscriber.authority]) as running:
            good = {"mode": "subscribe", "topic": TOPIC, "callback": subscriber.url("/")}
            for change, status, word in (
                ({"topic": SITE + "tag/none/atom.xml"}, 404, "hub.topic"),
                ({"topic": "https://other.example/atom.xml"}, 404, "hub.topic"),
                ({"topic": SITE + "tag/../atom.xml"}, 404, "hub.topic"),
                ({"topic": SITE + ".feedd"}, 404, "hub.topic"),
                ({"mode": "publish"}, 400, "own feeds"),
                ({"callback": "http://127.0.0.1:1/"}, 400, "globally"),
                ({"callback": "http://localhost/"}, 400, "globally"),
                ({"callback": "ftp://a.example/"}, 400, "address"),
                ({"callback": "https://u:p@a.example/"}, 400, "password"),
                ({"secret": "x" * 200}, 400, "shorter"),
                ({"lease_seconds": "-1"}, 400, "number"),
            ):
                found, text = await running.ask(**{**good, **change})
                assert (found, word in text) == (status, True), (change, found, text)
            assert subscriber.log == []

    asyncio.run(run())


def test_410_and_the_end_of_a_lease_end_a_subscription(publisher: Publisher) -> None:
    async def run() -> None:
        clock = [time.time()]
        async with (
            SubscriberServer() as subscriber,
            hub(publisher, [subscriber.authority], now=lambda: clock[0]) as running,
        ):
            subscriber.status = lambda path: 410 if path == "/gone" else 204
            publisher.subscribe([(PATH, subscriber.url("/gone")), (PATH, subscriber.url("/stays"))])
            publisher.publish(PATH, b"2")
            running.sender.wake()
            await until(lambda: publisher.counts() == (1, 0))
            clock[0] += 3601
            await until(lambda: publisher.counts() == (0, 0))
            publisher.publish(PATH, b"3")
            await asyncio.sleep(0.7)
            assert subscriber.got == {"/gone": [b"2"], "/stays": [b"2"]}

    asyncio.run(run())


def test_what_fails_is_tried_again_later_with_the_newest_version(publisher: Publisher) -> None:
    async def run() -> None:
        clock = [time.time()]
        async with (
            SubscriberServer() as subscriber,
            hub(publisher, [subscriber.authority], now=lambda: clock[0]) as running,
        ):
            subscriber.status = lambda path: 500
            publisher.subscribe([(PATH, subscriber.url("/cb"))])
            publisher.publish(PATH, b"2")
            await until(lambda: bool(subscriber.got))
            publisher.publish(PATH, b"3")  # does not cut the pause short
            subscriber.status = lambda path: 200
            await asyncio.sleep(0.7)
            assert subscriber.got["/cb"] == [b"2"]
            clock[0] += 6
            running.sender.wake()
            await until(lambda: publisher.counts() == (1, 0))
            assert subscriber.got["/cb"] == [b"2", b"3"]

    asyncio.run(run())


def test_a_hanging_host_does_not_hold_up_the_others(publisher: Publisher) -> None:
    async def run() -> None:
        async with SubscriberServer() as slow, SubscriberServer() as good:
            slow.pause = 30
            async with hub(publisher, [slow.authority, good.authority], bounds=Bounds(leave=0.1)):
                publisher.subscribe([(PATH, slow.url(f"/{n}")) for n in range(200)])
                publisher.subscribe([(PATH, good.url(f"/{n}")) for n in range(50)])
                publisher.publish(PATH, b"2")
                await until(lambda: len(good.got) == 50, 3)

    asyncio.run(run())


def test_outside_hubs_are_told_until_they_have_heard_it(publisher: Publisher) -> None:
    async def run() -> None:
        clock = [time.time()]
        answers = iter([503, 204])

        def route(asked: Asked) -> Answer:
            return Answer(next(answers))

        async with UpstreamServer() as outside:
            outside.routes["/h"] = route
            async with hub(publisher, [outside.authority], now=lambda: clock[0]):
                publisher.publish(PATH, b"2", [outside.url("/h")])
                await until(lambda: len(outside.log) == 1)
                await asyncio.sleep(0.1)
                clock[0] += 6
                await until(lambda: len(outside.log) == 2)
                assert b"hub.mode=publish&hub.url=https%3A%2F%2Fsite.example" in outside.log[1].body
                await asyncio.sleep(0.1)
                clock[0] += 60
                await asyncio.sleep(0.7)
                assert len(outside.log) == 2

    asyncio.run(run())


def test_each_gets_it_after_a_kill_and_only_what_was_under_way_comes_twice(publisher: Publisher) -> None:
    async def run() -> None:
        async with SubscriberServer() as subscriber:
            count = 300
            (publisher.folder / "allow.json").write_text(json.dumps([subscriber.authority]))
            publisher.subscribe([(PATH, subscriber.url(f"/{n}")) for n in range(count)])
            publisher.publish(PATH, b"2")
            subscriber.pause = 0.02

            def start() -> subprocess.Popen[bytes]:
                command = [sys.executable, "-m", "tests.rigs.websub", str(publisher.folder)]
                return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

            process = start()
            await until(lambda: len(subscriber.got) > count // 3, 20)
            process.kill()
            process.wait()
            await asyncio.sleep(0.1)
            before = len(subscriber.got)
            assert before < count
            process = start()
            try:
                await until(lambda: publisher.counts() == (count, 0), 20)
            finally:
                process.kill()
                process.wait()
            assert len(subscriber.got) == count
            times = Counter(len(bodies) for bodies in subscriber.got.values())
            assert set(times) <= {1, 2}
            assert times[2] <= Bounds().host  # all of them are one host's

    asyncio.run(run())


def test_a_version_published_during_a_delivery_is_delivered_too(publisher: Publisher) -> None:
    async def run() -> None:
        async with SubscriberServer() as subscriber, hub(publisher, [subscriber.authority]):
            publisher.subscribe([(PATH, subscriber.url("/cb"))])
            subscriber.pause = 0.5
            publisher.publish(PATH, b"2")
            await until(lambda: len(subscriber.log) == 1)
            publisher.publish(PATH, b"3")
            await until(lambda: subscriber.got.get("/cb") == [b"2", b"3"])
            await until(lambda: publisher.counts() == (1, 0))

    asyncio.run(run())


def test_a_task_wanted_again_while_it_is_done_stays(publisher: Publisher) -> None:
    db = Store.open(publisher.store)
    subscriptions.put_task(db, "ping", "n", "https://h.example/", {"v": "1"})
    [due] = subscriptions.load_due(db, 10, 4, 10)
    one = subscriptions.load_task(db, due.number, 10)
    assert one
    subscriptions.put_task(db, "ping", "n", "https://h.example/", {"v": "2"})
    subscriptions.remove_task(db, one)
    again = subscriptions.load_task(db, due.number, 10)
    assert again
    assert again.data == {"v": "2"}
    subscriptions.remove_task(db, again)
    assert subscriptions.load_task(db, due.number, 10) is None
    db.close()


def test_building_queues_what_changed_and_nothing_else(project: Project) -> None:
    project.config.write_text(
        project.config.read_text("utf-8") + '[push]\nhub = true\nhubs = ["https://hub.example/"]\n', "utf-8"
    )
    project.post("2024-01-02-a.md")
    assert project.run("build").returncode == 0
    db = Store.open(project.folder / "state" / "feedd.db")
    assert subscriptions.count_tasks(db, "ping") == 9  # three feeds in three formats, no page and no list
    for number in [one.number for one in subscriptions.load_due(db, 10**10, 99, 99)]:
        task = subscriptions.load_task(db, number, 10**10)
        assert task
        subscriptions.remove_task(db, task)
    callback = "https://reader.example/cb"
    assert subscriptions.subscribe(db, "category/news/atom.xml", callback, "", 10**10)
    assert subscriptions.subscribe(db, "tag/tag/atom.xml", callback, "", 10**10)
    assert project.run("build").returncode == 0
    assert (subscriptions.count_subscriptions(db), subscriptions.count_tasks(db, "ping")) == ((2, 0), 0)
    project.post("2024-01-03-b.md", title="Another", body="Other text.", tags="other")
    assert project.run("build").returncode == 0
    assert subscriptions.count_subscriptions(db) == (2, 1)
    [due] = [one for one in subscriptions.load_due(db, 10**9, 9, 99) if one.to_subscriber]
    found = subscriptions.load_delivery(db, due.number, 10**9)
    assert found
    document = (project.output / found.topic).read_bytes()
    assert (found.topic, found.wanted) == ("category/news/atom.xml", hashlib.sha256(document).hexdigest())
    assert document.count(b'rel="hub"') == 2
    db.close()
