"""What is asked and what is answered: requests made, bodies read, redirects understood."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from feeds.errors import FetchError
from feeds.http.address import Address, address, same_site
from feeds.http.content_coding import Decoder
from feeds.http.protocol import NoAnswer, Wire
from feeds.values import urls

REDIRECTS = {"GET": (301, 302, 303, 307, 308), "POST": (307, 308)}
"""Statuses that are followed."""
BROKEN = (OSError, NoAnswer)
"""What goes wrong on a connection."""

_PERMANENT = (301, 308)
_SCHEMED = re.compile(r"(?:Bearer|Basic|Token) \S", re.IGNORECASE)
_UNWANTED_BYTES = 64 * 1024
_UNWANTED_SECONDS = 2.0
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""A value that no line of a request ends in (RFC 9110, 5.5)."""


class Conditions(NamedTuple):
    """Headers that make sense only for one address (validators): sent to no other hop."""

    url: str
    headers: Mapping[str, str]

    def for_hop(self, here: Address) -> Mapping[str, str]:
        """The headers for this hop; another query is still the same page, another path is not."""
        return self.headers if self.url.partition("?")[0] == here.url.partition("?")[0] else {}


class Hop(NamedTuple):
    """One redirect: its status and the address that it led to."""

    status: int
    url: str


class Response(NamedTuple):
    """An answer. ``body`` is unpacked; it is empty where a status other than 200 or 203 answers a GET."""

    status: int
    url: str
    """Where it came from in the end, without credentials."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; values byte for byte (as ISO 8859-1)."""
    body: bytes
    hops: tuple[Hop, ...] = ()
    conditional: bool = False
    """Whether the last hop was asked with the conditions."""

    def header(self, name: str) -> str:
        """The first value of a header; empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a header that may come more than once."""
        return tuple(value for key, value in self.headers if key == name)

    @property
    def moved_to(self) -> str:
        """Where the resource has moved for good: the end of the redirects up to the first temporary one."""
        moved = ""
        for hop in self.hops:
            if hop.status not in _PERMANENT:
                break
            moved = hop.url
        return moved


class Ask(NamedTuple):
    """What stays the same over all hops of one request."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    conditions: Conditions | None
    allow: frozenset[str]
    authorization: str
    home: Address
    proxy: Address | None
    most_bytes: int


def authorization_of(auth: str) -> str:
    """The value of an ``Authorization`` header for ``user:password`` or a whole value; may be empty."""
    if not auth or _SCHEMED.match(auth):
        return auth
    return "Basic " + base64.b64encode(auth.encode()).decode("ascii")


def proxy_headers(proxy: Address) -> list[tuple[str, str]]:
    """What a proxy with a password wants to see."""
    return [("Proxy-Authorization", authorization_of(proxy.userinfo))] if proxy.userinfo else []


def request_for(ask: Ask, here: Address, agent: str, conditions: Mapping[str, str]) -> bytes:
    """The request of one hop; to a proxy, the whole address is the target.

    Raises:
        FetchError: credentials cannot be sent.
    """
    headers = [("Host", here.host_header), ("User-Agent", agent), ("Accept-Encoding", "gzip")]
    headers += ask.headers.items()
    # What an upstream gave to be sent back may be anything; what cannot be sent is not.
    headers += [one for one in conditions.items() if _SENDABLE.fullmatch(one[1])]
    if ask.authorization and same_site(ask.home, here):
        headers.append(("Authorization", ask.authorization))
    if ask.method == "POST":
        headers.append(("Content-Length", str(len(ask.body))))
    target = here.target
    if ask.proxy is not None and here.scheme == "http":
        target = here.url
        headers += proxy_headers(ask.proxy)
    return written(ask.method, target, headers) + ask.body


def written(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A request as it is sent.

    Raises:
        FetchError: a value would break its line.
    """
    lines = [f"{method} {target} HTTP/1.1\r\n"]
    for name, value in headers:
        if not _SENDABLE.fullmatch(value):
            raise FetchError(
                f"the value of the header {name} has a character that cannot be sent; correct it"
            )
        lines.append(f"{name}: {value}\r\n")
    return ("".join(lines) + "\r\n").encode("latin-1")


def next_hop(here: Address, response: Response) -> Address:
    """Where a redirect leads (RFC 9110, 10.2.2); its fragment and credentials are dropped.

    Raises:
        FetchError: there is no usable address.
    """
    raw = response.header("location").strip()
    try:
        location = raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        location = raw
    to = urls.resolve(here.url, location.partition("#")[0]) if location else ""
    if not to:
        raise FetchError(f"status {response.status} redirects without a usable address")
    return address(to)


async def body_of(wire: Wire, response: Response, most_bytes: int) -> bytes:
    """The unpacked body.

    Raises:
        FetchError: it is too large, damaged, or in a coding that nobody asked for.
    """
    length = response.header("content-length")
    if length.isdigit() and int(length[:20]) > most_bytes:
        raise FetchError(f"the body is {length[:20]} bytes long, more than the limit of {most_bytes}")
    decoder = Decoder(",".join(response.every("content-encoding")), most_bytes)
    while piece := await wire.piece():
        decoder.feed(piece)
    return decoder.finish()


async def pass_over(wire: Wire) -> None:
    """Read a body that nobody wants if it is small, so that the connection can be used again."""
    if wire.reusable:
        return  # as after every 304: it has none
    left = _UNWANTED_BYTES
    try:
        async with asyncio.timeout(_UNWANTED_SECONDS):
            while left > 0 and (piece := await wire.piece()):
                left -= len(piece)
    except (TimeoutError, *BROKEN):
        return  # the status has said all that matters


def why(error: Exception) -> str:
    """A network error in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, OSError):
        return error.strerror or str(error) or "the connection was closed"
    return f"no proper HTTP answer ({str(error)[:200] or type(error).__name__})"
