"""WebSub in the daemon: when it is needed, which endpoints it has, which feeds it follows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from feeds.daemon.websub_service import WebSubService, is_needed
from feeds.server.app import Endpoint
from tests.rigs.memory_world import NOON, UPSTREAM, World

SERVE = '[serve]\nlisten = "127.0.0.1:0"\n'


def configure(folder: Path, more: str) -> Any:
    return World(folder, more=more).config


@pytest.mark.parametrize(
    ("more", "needed"),
    [
        ("", False),
        ('[push]\nhubs = ["https://hub.example/"]\n', True),
        (SERVE + '[push]\nhub = true\npublic = "https://me.example/"\n', True),
        (UPSTREAM + SERVE + '[push]\npublic = "https://me.example/"\n', True),
        (UPSTREAM + '[push]\npublic = "https://me.example/"\n', False),
        (SERVE + '[push]\npublic = "https://me.example/"\n', False),
    ],
)
def test_when_websub_is_needed(tmp_path: Path, more: str, needed: bool) -> None:
    assert is_needed(configure(tmp_path, more)) is needed


class Follower:
    """Stands for a subscriber: keeps what it was asked to subscribe to."""

    mount = ("/hub/callback/", None)

    def __init__(self) -> None:
        self.wanted: list[tuple[str, str, str]] = []

    async def subscribe(self, source: str, topic: str, hub: str) -> None:
        self.wanted.append((source, topic, hub))

    async def load_active(self) -> dict[str, int]:
        return {"active": 5}


def build(config: Any) -> tuple[WebSubService, Follower]:
    service, follower = WebSubService(config, lambda: NOON, lambda *_: asyncio.sleep(0)), Follower()
    service._subscriber = follower  # type: ignore[assignment]
    service._hub = Follower()  # type: ignore[assignment]
    service._hub.mount = ("/hub", None)  # type: ignore[misc]
    return service, follower


PUBLIC = UPSTREAM + SERVE + '[push]\npublic = "https://me.example/"\n'
HEADS: dict[str, dict[str, Any]] = {
    "both": {
        "hubs": ["https://h1.example/", "https://h2.example/"],
        "self": "https://a.example/self",
        "url": "https://a.example/",
    },
    "url": {"hubs": ["https://h.example/"], "self": "", "url": "https://b.example/"},
    "none": {"hubs": [], "self": "https://c.example/"},
    "lost": {"hubs": ["https://h.example/"]},
}


def test_feeds_that_name_a_hub_are_followed(tmp_path: Path) -> None:
    service, follower = build(configure(tmp_path, PUBLIC))
    assert asyncio.run(service.follow(HEADS)) == {"active"}
    assert follower.wanted == [
        ("both", "https://a.example/self", "https://h1.example/"),
        ("url", "https://b.example/", "https://h.example/"),
    ]
    assert service._read_clock() == NOON.timestamp()


def test_without_a_public_address_no_feed_is_followed(tmp_path: Path) -> None:
    service, follower = build(configure(tmp_path, UPSTREAM))
    assert asyncio.run(service.follow(HEADS)) == set()
    assert follower.wanted == []
    assert service.list_endpoints() == []


def test_the_endpoints_of_callbacks_and_hub(tmp_path: Path) -> None:
    service, _ = build(configure(tmp_path, PUBLIC))
    paths = {endpoint.path: endpoint for endpoint in service.list_endpoints()}
    callbacks = paths["/hub/callback/"]
    assert isinstance(callbacks, Endpoint)
    assert (callbacks.body_limit, callbacks.open) == (16 * 1024 * 1024, True)
    assert all(endpoint.open for endpoint in paths.values())
    assert ("/hub" in paths) == bool(service._config.push.own)
