"""Our subscriptions at other hubs: who may confirm them, what content counts, when they are renewed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from starlette.responses import Response

from feeds.errors import FeeddError
from feeds.storage import subscriptions
from feeds.storage.store import Store
from feeds.storage.subscriptions import Upstream
from feeds.websub.protocol import DAY, LONGEST_LEASE, sign
from feeds.websub.subscriber import Subscriber, _parse_lease
from tests.rigs.memory_store import MemoryDesk, open_memory_store
from tests.rigs.websub import build_request

TOPIC, HUB = "https://s.example/feed", "https://hub.example/"
ASKED = Upstream("blog", TOPIC, HUB, "secret", "token", "asked", 0, 0)


class World:
    """A subscriber with its store, and what it passed on."""

    def __init__(self) -> None:
        self.db: Store = open_memory_store()
        self.content: list[tuple[str, bytes, str]] = []
        self.woken = 0
        self.now = 1000.0
        self.error: FeeddError | None = None
        self.subscriber = Subscriber(MemoryDesk(self.db), self.take, lambda: self.now, self.wake)

    async def take(self, source: str, body: bytes, media: str) -> None:
        self.content.append((source, body, media))
        if self.error:
            raise self.error

    def wake(self) -> None:
        self.woken += 1

    def find(self) -> Upstream | None:
        return subscriptions.find_upstream(self.db, source="blog")

    def find_next_request(self) -> int | None:
        return self.db._connection.execute("SELECT max(due) FROM push_task WHERE kind = 'ask'").fetchone()[0]

    def ask(
        self, method: str, query: dict[str, str] | str = "", token: str = "token", **more: object
    ) -> Response:
        text = query if isinstance(query, str) else urlencode(query)

        async def run() -> Response:
            answer = await self.subscriber.handle(
                build_request(method, f"/hub/callback/{token}", text, **more)  # type: ignore[arg-type]
            )
            await self.subscriber.close()
            return answer

        return asyncio.run(run())

    def confirm(self, **values: str) -> Response:
        return self.ask("GET", {"hub.topic": TOPIC, **{f"hub.{key}": value for key, value in values.items()}})

    def deliver(self, body: bytes, secret: str = "secret") -> Response:
        return self.ask(
            "POST", headers={"X-Hub-Signature": sign(body, secret), "Content-Type": "a/b"}, body=body
        )


@pytest.fixture
def world() -> World:
    made = World()
    subscriptions.add_upstream(made.db, ASKED, 0)
    return made


def test_subscribing_twice_asks_once(world: World) -> None:
    async def run(topic: str) -> None:
        await world.subscriber.subscribe("blog", topic, HUB)

    asyncio.run(run(TOPIC))
    assert (world.find(), world.woken) == (ASKED, 0)
    asyncio.run(run("https://s.example/moved"))
    found = world.find()
    assert found is not None
    assert (found.topic, found.state, world.woken, world.find_next_request()) == (
        "https://s.example/moved",
        "asked",
        1,
        1000,
    )
    assert len(found.token) >= 30
    assert found.token != found.secret
    subscriptions.update_upstream_state(world.db, found, "refused", 0)
    asyncio.run(run("https://s.example/moved"))
    assert world.woken == 2


def test_a_confirmation_repeats_the_challenge_and_starts_the_lease(world: World) -> None:
    answer = world.confirm(mode="subscribe", challenge="c", lease_seconds=str(20 * DAY))
    assert (answer.status_code, answer.body) == (200, b"c")
    found = world.find()
    assert found is not None
    assert (found.state, found.ends) == ("active", 1000 + 20 * DAY)
    assert world.find_next_request() == 1000 + 18 * DAY
    world.confirm(mode="subscribe", challenge="c", lease_seconds=str(4 * DAY))
    assert world.find_next_request() == 1000 + 3 * DAY
    world.confirm(mode="subscribe", challenge="c", lease_seconds="100")
    assert world.find_next_request() == 1050
    world.confirm(mode="subscribe", challenge="c", lease_seconds="1")
    assert world.find_next_request() == 1001


@pytest.mark.parametrize(
    "values",
    [
        {"topic": "https://other.example/", "mode": "subscribe", "challenge": "c"},
        {"mode": "unsubscribe", "challenge": "c"},
        {"mode": "subscribe"},
        {"challenge": "c"},
    ],
)
def test_what_was_not_asked_is_not_confirmed(world: World, values: dict[str, str]) -> None:
    assert world.confirm(**values).status_code == 404
    assert world.find() == ASKED


def test_leaving_ends_with_the_confirmation(world: World) -> None:
    asyncio.run(world.subscriber.unsubscribe("blog"))
    found = world.find()
    assert found is not None
    assert (found.state, world.woken) == ("leaving", 1)
    assert world.deliver(b"x").status_code == 202
    assert world.content == []
    assert world.confirm(mode="unsubscribe", challenge="c").body == b"c"
    assert world.find() is None
    asyncio.run(world.subscriber.unsubscribe("blog"))
    assert world.woken == 1


def test_a_refusal_is_asked_again_after_a_day(world: World) -> None:
    assert world.confirm(mode="denied", reason="no " * 300).status_code == 200
    found = world.find()
    assert found is not None
    assert (found.state, found.ends, len(found.trouble)) == ("refused", 0, 500)
    assert world.find_next_request() == 1000 + DAY
    asyncio.run(world.subscriber.unsubscribe("blog"))
    world.confirm(mode="denied")
    assert world.find() is None


def test_only_signed_content_is_passed_on(world: World) -> None:
    assert world.deliver(b"forged", "wrong").status_code == 202
    assert world.content == []
    assert world.find() == ASKED
    assert world.deliver(b"real").status_code == 202
    assert world.content == [("blog", b"real", "a/b")]
    assert world.find() == replace(ASKED, received=1000)
    world.error = FeeddError("broken")
    assert world.deliver(b"more").status_code == 202


def test_too_much_content_at_once_comes_later(world: World) -> None:
    world.subscriber._tasks = set(range(32))  # type: ignore[arg-type]
    body = b"real"

    async def run() -> Response:
        headers = {"X-Hub-Signature": sign(body, "secret")}
        return await world.subscriber.handle(
            build_request("POST", "/hub/callback/token", headers=headers, body=body)
        )

    answer = asyncio.run(run())
    assert (answer.status_code, answer.headers["retry-after"], world.content) == (503, "30", [])
    world.subscriber._tasks = set(range(31))  # type: ignore[arg-type]
    assert asyncio.run(run()).status_code == 202


def test_unknown_tokens_and_methods(world: World) -> None:
    assert world.ask("POST", token="other").status_code == 410
    assert world.ask("GET", token="other").status_code == 404
    assert world.ask("GET", token="").status_code == 404
    assert world.ask("GET", token="t" * 65).status_code == 404
    wrong = world.ask("PUT")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")
    assert world.ask("GET", "&".join(f"a{n}=1" for n in range(41))).status_code == 400
    assert world.subscriber.mount[0] == "/hub/callback/"


def test_only_running_leases_count_as_active(world: World) -> None:
    def load() -> dict[str, int]:
        return asyncio.run(world.subscriber.load_active())

    assert load() == {}
    subscriptions.update_upstream_state(world.db, ASKED, "active", 1001)
    subscriptions.update_upstream_delivery(world.db, "blog", 7)
    assert load() == {"blog": 7}
    world.now = 1001
    assert load() == {}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("600", 600),
        ("", DAY),
        ("0", DAY),
        ("-5", DAY),
        ("٣", DAY),
        ("9" * 11, LONGEST_LEASE * 12),
        ("9" * 12, DAY),
    ],
)
def test_the_lease_that_a_hub_grants(text: str, seconds: int) -> None:
    assert _parse_lease(text) == seconds
