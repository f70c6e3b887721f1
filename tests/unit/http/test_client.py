"""Redirects, hop by hop: which are followed, where they end, and how a failure names its way."""

from __future__ import annotations

import asyncio

import pytest

from feeds.errors import AddressRefused, FetchError
from feeds.http import Client, Conditions, Response
from feeds.http.address import Address
from feeds.http.messages import NoAnswer, Plan
from feeds.http.session import FetchCookies

HOME = "http://a.example/"


class Script:
    """A session that answers each address with a status, and with the place of a redirect."""

    def __init__(self, answers: dict[str, object]) -> None:
        self.answers, self.seen, self.closed = answers, [], False
        self.plans: list[Plan] = []

    def start_cookies(self) -> FetchCookies:
        return FetchCookies()

    async def request(self, plan: Plan, here: Address, hops: tuple, cookies: FetchCookies) -> Response:
        self.seen.append(here.url)
        self.plans.append(plan)
        answer = self.answers[here.url]
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await asyncio.sleep(60)
        status, place = answer
        return Response(status, here.url, (("location", place),), b"body", hops)

    async def aclose(self) -> None:
        self.closed = True


def fetch(
    answers: dict[str, object], method: str = "get", url: str = HOME, **more: object
) -> tuple[Response, Script]:
    script = Script(answers)

    async def run() -> Response:
        async with Client("test") as client:
            client._session = script  # type: ignore[assignment]
            if method == "post":
                return await client.post(url, b"form", **more)
            return await client.get(url, **more)

    response = asyncio.run(run())
    assert script.closed
    return response, script


def test_redirects_are_followed_and_kept_as_hops() -> None:
    response, script = fetch(
        {HOME: (301, "/b"), HOME + "b": (302, "http://c.example/"), "http://c.example/": (200, "")}
    )
    assert (response.status, response.url) == (200, "http://c.example/")
    assert [(hop.status, hop.url) for hop in response.hops] == [(301, HOME + "b"), (302, "http://c.example/")]
    assert script.seen == [HOME, HOME + "b", "http://c.example/"]


def test_a_post_follows_only_what_keeps_its_method() -> None:
    assert fetch({HOME: (303, "/b")}, "post")[0].status == 303
    response, script = fetch({HOME: (307, "/b"), HOME + "b": (204, "")}, "post", headers={"A": "b"})
    assert response.status == 204
    plan = script.plans[-1]
    assert (plan.method, plan.body, plan.headers) == ("POST", b"form", {"A": "b"})
    assert fetch({HOME: (304, "/b")})[0].status == 304


def test_a_circle_and_a_long_way_end() -> None:
    with pytest.raises(FetchError, match=r"http://a\.example/: redirects in a circle"):
        fetch({HOME: (301, "/b"), HOME + "b": (301, "/")})
    ways: dict[str, object] = {HOME + (str(n) if n else ""): (301, f"/{n + 1}") for n in range(10)}
    with pytest.raises(FetchError, match=r"http://a\.example/10: more than 9 redirects"):
        fetch({**ways, HOME + "10": (200, "")})
    del ways[HOME + "9"]
    assert fetch({**ways, HOME + "9": (200, "")})[0].status == 200


def test_an_error_names_the_way_and_keeps_its_kind() -> None:
    with pytest.raises(AddressRefused, match=r"^http://a\.example/: private$"):
        fetch({HOME: AddressRefused("private")})
    with pytest.raises(
        FetchError,
        match=r"^http://a\.example/, redirected to http://a\.example/b: no proper HTTP answer \(closed\)$",
    ):
        fetch({HOME: (301, "/b"), HOME + "b": NoAnswer("closed")})


def test_everything_together_has_one_deadline() -> None:
    with pytest.raises(FetchError, match=r"http://a\.example/: no complete answer within 0\.01 s"):
        fetch({HOME: None}, deadline=0.01)


def test_the_plan_of_a_request() -> None:
    conditions = Conditions(HOME, {"If-None-Match": "x"})
    _, script = fetch(
        {HOME: (200, "")},
        conditions=conditions,
        allow=[" LOCALHOST:80 "],
        proxy="http://proxy.example:3128",
        most_bytes=7,
    )
    plan = script.plans[0]
    assert (plan.method, plan.body, plan.conditions, plan.most_bytes) == ("GET", b"", conditions, 7)
    assert plan.allow == {"localhost:80"}
    assert plan.proxy is not None
    assert plan.proxy.port == 3128
    assert plan.authorization == ""
    _, script = fetch({HOME: (200, "")}, auth="Bearer x")
    assert script.plans[0].authorization == "Bearer x"
    with pytest.raises(FetchError, match="a proxy is given as http://host:port"):
        fetch({}, proxy="https://proxy.example:3128")


def test_a_new_client_has_nothing_to_close() -> None:
    async def run() -> None:
        async with Client("test") as client:
            session = client._open_session()
            assert client._open_session() is session
        async with Client("test"):
            pass

    asyncio.run(run())
