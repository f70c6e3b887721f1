"""Push from end to end: a file is saved, and a subscriber of the daemon's hub has the signed content."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from functools import partial

import pytest

from tests.conftest import Project
from tests.integration.daemon.test_daemon import Start, start  # noqa: F401 - a fixture
from tests.integration.ingest.test_upstreams import rss, titles
from tests.integration.ingest.test_upstreams import subscribe as subscribe_to
from tests.rigs.servers import Answer, Asked, UpstreamServer, UpstreamThread

ATOM = "http://www.w3.org/2005/Atom"


def subscribe(address: str, **fields: str) -> int:
    data = urllib.parse.urlencode(
        {name.replace("_", ".", 1): value for name, value in fields.items()}
    ).encode()
    with urllib.request.urlopen(f"{address}/hub", data, timeout=10) as answer:
        return int(answer.status)


def has_received(outside: UpstreamServer, text: str) -> bool:
    return any(text.encode() in one.body for one in outside.asked("/me") if one.method == "POST")


def test_a_saved_file_comes_to_the_subscriber_signed(project: Project, start: Start) -> None:  # noqa: F811
    project.post("2024-01-01-a.md", "First")
    with UpstreamThread() as outside:

        def callback(asked: Asked) -> Answer:
            query = dict(urllib.parse.parse_qsl(asked.target.partition("?")[2]))
            return Answer(body=query.get("hub.challenge", "").encode())

        outside.routes["/me"] = callback
        text = project.config.read_text("utf-8")
        project.config.write_text(
            text + f'[serve]\nlisten = "127.0.0.1:0"\n[push]\nhub = true\nallow = ["{outside.authority}"]\n',
            "utf-8",
        )
        daemon = start()
        address = str(daemon.events("serving")[0]["address"])
        topic = "https://site.example/feeds/atom.xml"
        atom = (project.output / "atom.xml").read_text("utf-8")
        assert re.search(r'href="https://site.example/feeds/hub" rel="hub"', atom)
        status = subscribe(
            address,
            hub_mode="subscribe",
            hub_topic=topic,
            hub_callback=outside.url("/me"),
            hub_secret="s3cret",
        )
        assert status == 202
        daemon.until(lambda: any(one.method == "GET" for one in outside.asked("/me")))
        time.sleep(0.3)
        for number in range(5):
            project.post(
                f"2024-02-0{number + 1}-n.md", f"News {number}", date=f"2024-02-0{number + 1} 08:00:00"
            )
            daemon.until(partial(has_received, outside, f"News {number}"))
        last = [one for one in outside.asked("/me") if one.method == "POST"][-1]
        assert last.headers["content-type"] == "application/atom+xml"
        method, _, signature = last.headers["x-hub-signature"].partition("=")
        assert hmac.new(b"s3cret", last.body, getattr(hashlib, method)).hexdigest() == signature
        assert daemon.stop() == 0


def test_the_status_page_and_private_feeds(project: Project, start: Start) -> None:  # noqa: F811
    project.post("2024-01-01-a.md", "First", categories="inside")
    text = project.config.read_text("utf-8")
    private = '[[serve.private]]\nfeed = "category/inside"\nauth = "env:FEEDD_TEST_LOGIN"\n'
    project.config.write_text(f'{text}[serve]\nlisten = "127.0.0.1:0"\n{private}', "utf-8")
    daemon = start(FEEDD_TEST_LOGIN="me:pass word")
    address = str(daemon.events("serving")[0]["address"])
    with urllib.request.urlopen(f"{address}/status", timeout=10) as answer:
        page = answer.read().decode()
    assert "文件夹" in page, "what kind of source it is"
    assert "2024年1月2日" in page, "its newest post"
    with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
        assert answer.status == 200
    request = urllib.request.Request(f"{address}/category/inside/atom.xml")
    request.add_header("Authorization", "Basic bWU6cGFzcyB3b3Jk")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["cache-control"].startswith("no-store")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{address}/category/inside/atom.xml", timeout=10)
    assert "inside" not in (project.output / "feeds.opml").read_text("utf-8")


@pytest.mark.parametrize("named_in", ["header", "document"])
def test_an_upstream_with_a_hub_is_followed_there(project: Project, start: Start, named_in: str) -> None:  # noqa: F811
    hooks: list[dict[str, str]] = []

    def hub(asked: Asked) -> Answer:
        hooks.append(dict(urllib.parse.parse_qsl(asked.body.decode())))
        return Answer(202)

    with UpstreamThread() as outside:
        topic = outside.url("/feed")
        links = f"<atom:link rel='hub' href='{outside.url('/hub')}'/><atom:link rel='self' href='{topic}'/>"

        def feed(*items: tuple[str, str, str]) -> bytes:
            body = rss(items)
            if named_in == "header":
                return body
            return body.replace(b"<channel>", f"<channel xmlns:atom='{ATOM}'>{links}".encode(), 1)

        field = {"Link": f'<{outside.url("/hub")}>; rel="hub", <{topic}>; rel="self"'}
        first = ("g1", "https://blog.example/1", "First")
        outside.routes["/feed"] = Answer(body=feed(first), headers=field if named_in == "header" else {})
        outside.routes["/hub"] = hub
        subscribe_to(project, outside)
        text = project.config.read_text("utf-8")
        push = f'[push]\npublic = "https://me.example/"\nallow = ["{outside.authority}"]\n'
        project.config.write_text(f'{text}[serve]\nlisten = "127.0.0.1:0"\n{push}', "utf-8")
        daemon = start()
        address = str(daemon.events("serving")[0]["address"])
        daemon.until(lambda: bool(hooks) and titles(project) == ["First"])
        asked = hooks[0]
        assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", topic)
        assert asked["hub.callback"].startswith("https://me.example/hub/callback/")
        callback = asked["hub.callback"].replace("https://me.example", address)
        challenge = {
            "hub.mode": "subscribe",
            "hub.topic": topic,
            "hub.challenge": "c4",
            "hub.lease_seconds": "86400",
        }
        with urllib.request.urlopen(f"{callback}?{urllib.parse.urlencode(challenge)}", timeout=10) as answer:
            assert answer.read() == b"c4"
        body = feed(first, ("g2", "https://blog.example/2", "Second"))
        for secret, taken in (("forged", False), (asked["hub.secret"], True)):
            signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            request = urllib.request.Request(callback, body, {"X-Hub-Signature": f"sha256={signature}"})
            request.add_header("Content-Type", "application/rss+xml")
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 202
            if taken:
                daemon.until(lambda: "Second" in titles(project))
            else:
                time.sleep(0.5)
                assert "Second" not in titles(project)
        assert len(outside.asked("/feed")) == 1, "it was not polled for that"
        assert daemon.stop() == 0
