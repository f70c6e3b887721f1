"""The settings of the server and of push as the program uses them."""

from __future__ import annotations

import pytest

from feeds.config.services import PrivateFeed, Push, Serve, build_hubs, is_below

SITE = "https://site.example/海/"


@pytest.mark.parametrize(
    ("push", "serve", "public", "named"),
    [
        (Push(), None, "", ()),
        (Push(hubs=("https://h.example/",)), None, "", ("https://h.example/",)),
        (Push(hub=True), None, "", ("https://site.example/%E6%B5%B7/hub",)),
        (Push(hub=True), Serve(public="https://s.example"), "https://s.example/", ("https://s.example/hub",)),
        (
            Push(hub=True, public="https://p.example/", hubs=("https://p.example/hub", "https://h.example/")),
            Serve(public="https://s.example"),
            "https://p.example/",
            ("https://p.example/hub", "https://h.example/"),
        ),
    ],
)
def test_the_own_hub_is_below_the_public_address(
    push: Push, serve: Serve | None, public: str, named: tuple[str, ...]
) -> None:
    hubs = build_hubs(push, serve, SITE)
    assert (hubs.public, hubs.named) == (public, named)


def test_a_private_feed_needs_a_way_to_be_read() -> None:
    private = PrivateFeed("tag/x")
    assert list(private.find_conflicts({"feed", "auth"})) == []
    assert ["needs `auth` or `secret`" in text for _, text in private.find_conflicts({"feed"})] == [True]


def test_a_document_is_below_the_folder_of_its_feed() -> None:
    private = (PrivateFeed("tag/x"),)
    assert is_below("tag/x", private)
    assert is_below("tag/x/atom.xml", private)
    assert not is_below("tag/xy/atom.xml", private)
