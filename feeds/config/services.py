"""Sections of ``feedd.toml`` for the HTTP server and for push."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Annotated

from feeds.config import checks
from feeds.config.declare import NONE, Details, Section, number
from feeds.values.urls import iri_to_uri


class Push(Section, frozen=True, kw_only=True):
    """Who is notified when a feed changes."""

    hubs: Annotated[
        tuple[str, ...],
        "URLs of external hubs (WebSub) that are notified of every change.",
        Details(["https://hub.example/"], checks.check_hubs),
    ] = ()
    hub: Annotated[
        bool,
        "Be the hub of the feeds that are published here, and of no others; its URL is `hub` below `push.public`.",
        Details(True),
    ] = False
    public: Annotated[
        str,
        "URL at which feedd itself is reached from outside. feedd subscribes to upstream feeds at their hubs only if this is set.",
        Details(
            "https://news.example/feeds/",
            checks.check_url,
            adapt=checks.end_with_slash,
            fallback="`serve.public`; for the hub else `site.url`",
        ),
    ] = ""
    allow: Annotated[
        tuple[str, ...],
        "Callbacks and hubs at private addresses, as `host:port`, that may be requested.",
        Details(["10.0.0.7:8080"], checks.check_hosts),
    ] = ()


class Hubs(Push, frozen=True, kw_only=True):
    """Section ``[push]`` with the address of the own hub; ``public`` includes the default of ``[serve]``."""

    own: str = ""
    """Address of feedd's own hub; empty if it is none."""

    @property
    def named(self) -> tuple[str, ...]:
        """The hubs that every document names, its own first."""
        return tuple(dict.fromkeys((*([self.own] if self.own else []), *self.hubs)))


class PrivateFeed(Section, frozen=True):
    """A feed that is not public: `auth`, `secret` or both open it. It is in no list of feeds and names no hub.

    With `secret` alone its usual address does not exist.
    """

    alternatives = ("anyOf", "auth", "secret")

    feed: Annotated[
        str,
        "Folder of the feed in the output.",
        Details("category/inside", adapt=lambda text: text.strip("/")),
    ]
    auth: Annotated[
        str,
        "Environment variable with `user:password` (HTTP basic authentication).",
        Details("env:INSIDE_LOGIN", checks.check_auth, fallback=NONE, variable=checks.check_login),
    ] = ""
    secret: Annotated[
        str,
        "Environment variable with the secret part of the address `/private/<secret>/atom.xml`.",
        Details("env:INSIDE_SECRET", checks.check_auth, fallback=NONE, variable=checks.check_secret),
    ] = ""

    def find_conflicts(self, given: Container[str]) -> Iterator[tuple[str, str]]:
        """Yield a mistake if the feed has neither `auth` nor `secret`."""
        if "auth" not in given and "secret" not in given:
            yield "", "needs `auth` or `secret`; without either, the feed cannot be read"


class Serve(Section, frozen=True, kw_only=True):
    """The HTTP server. `feedd serve` uses these settings; the daemon serves if the section exists."""

    listen: Annotated[
        str,
        "Address to listen at: `host:port`, `[v6]:port` or `unix:/path`; port 0 is any free port.",
        Details("0.0.0.0:80", checks.check_listen),
    ] = "127.0.0.1:8080"
    public: Annotated[
        str,
        "URL at which subscribers see the output; the callbacks of hubs are below it.",
        Details("https://feeds.example/", checks.check_url, fallback="`site.url`"),
    ] = ""
    max_age: Annotated[
        int,
        "How long subscribers may cache a document (`Cache-Control: max-age`).",
        number(1, 604_800, "seconds"),
        Details(60),
    ] = 300
    auth: Annotated[
        str,
        "Environment variable with `user:password`: all documents are private.",
        Details("env:FEEDD_LOGIN", checks.check_auth, fallback=NONE, variable=checks.check_login),
    ] = ""
    token: Annotated[
        str,
        "Environment variable with the bearer token that opens `/status` and `/metrics`; without it they are public.",
        Details("env:FEEDD_TOKEN", checks.check_auth, fallback=NONE, variable=checks.check_token),
    ] = ""
    precompress: Annotated[
        bool, "Write `.gz`, `.br` and `.zst` beside every document, for nginx and Caddy.", Details(True)
    ] = False
    connections: Annotated[
        int,
        "Most open connections; the longest idle connection makes room for a new one.",
        number(10, 100_000, "connections"),
        Details(500),
    ] = 2000
    memory: Annotated[
        int,
        "Size of the cache of documents and their compressed forms.",
        number(1, 65_536, "MB"),
        Details(256),
    ] = 64
    private: Annotated[tuple[PrivateFeed, ...], "Feeds that are not public, each `[[serve.private]]`."] = ()


def is_below(path: str, feeds: tuple[PrivateFeed, ...]) -> bool:
    """Return whether a path of the output tree belongs to one of these feeds."""
    return any(f"{path}/".startswith(f"{private.feed}/") for private in feeds)


def build_hubs(push: Push, serve: Serve | None, site_url: str) -> Hubs:
    """Return ``[push]`` with the defaults from other sections."""
    public = push.public or checks.end_with_slash(serve.public if serve else "")
    own = f"{iri_to_uri(public or site_url)}hub" if push.hub else ""
    return Hubs(hubs=push.hubs, hub=push.hub, public=public, allow=push.allow, own=own)
