"""Send one request with httpx and read its response, without following redirects."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import cast

import httpx

from feeds.errors import FetchError
from feeds.http.address import Address
from feeds.http.content_coding import Decoder
from feeds.http.dns import Resolve
from feeds.http.messages import (
    BROKEN,
    REDIRECTS,
    Hop,
    Plan,
    Response,
    build_headers,
    decode_headers,
)
from feeds.http.network import Route
from feeds.http.transport import Transport

# Reading a small rest is cheaper than a new connection; a large rest is not.
_UNWANTED_BYTES = 64 * 1024
_UNWANTED_SECONDS = 2.0
_PIECES_AT_ONCE = 256
_WITHOUT_BODY = (204, 304)
# Servers refuse requests with longer headers.
_LONGEST_COOKIES = 8 * 1024


class Session:
    """Send requests with one httpx client, which reads nothing from the environment and stores no cookies."""

    def __init__(self, user_agent: str, resolve: Resolve, context: ssl.SSLContext | None) -> None:
        self._user_agent = user_agent
        self._client = _Client(
            transport=Transport(resolve, context),
            trust_env=False,
            timeout=None,  # httpx has no deadline for all of a request: the caller sets one
        )

    async def request(
        self, plan: Plan, here: Address, hops: tuple[Hop, ...], cookies: FetchCookies
    ) -> Response:
        """Make the request of one hop and read its response.

        Raises:
            FetchError: it cannot be sent, or its body is too large, damaged or in a coding that is not supported.
            NoAnswer: what comes is not HTTP.
            OSError: the connection broke.
        """
        conditions = plan.conditions.select_for_hop(here) if plan.conditions else {}
        headers = build_headers(plan, here, self._user_agent, conditions, cookies.build_header(here))
        request = _build_request(plan, here, headers)
        # Without `stream` httpx would read and unpack the whole body without a limit.
        answer = await self._client.send(request, stream=True, auth=None)
        try:
            received = decode_headers(answer.extensions["headers"])
            response = Response(answer.status_code, here.url, received, b"", hops, bool(conditions))
            # Cookies are only needed to get through redirects that test for them.
            if response.status in REDIRECTS[plan.method]:
                cookies.remember(here, answer)
            elif response.status in (200, 203) or plan.method == "POST":
                return response._replace(body=await _read_body(answer, response, plan.most_bytes))
            await _skip_body(answer)
            return response
        finally:
            await answer.aclose()

    def start_cookies(self) -> FetchCookies:
        """Return empty cookies for one fetch."""
        return FetchCookies()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


class FetchCookies:
    """Cookies that live for the hops of one fetch, each only for the host that has set it (RFC 6265)."""

    def __init__(self) -> None:
        self._by_host: dict[str, httpx.Cookies] = {}

    def build_header(self, here: Address) -> str:
        """Return the ``Cookie`` header for an address; empty if there is none."""
        # A jar for each host: a shared jar would send cookies to every subdomain that they name.
        if here.host not in self._by_host:
            return ""
        with suppress(httpx.InvalidURL):
            request = httpx.Request("GET", here.url)
            request.headers.encoding = "latin-1"
            self._by_host[here.host].set_cookie_header(request)
            return str(request.headers.get("cookie", ""))
        return ""

    def remember(self, here: Address, response: httpx.Response) -> None:
        """Keep what a redirect from an address sets, unless that is unreasonably long."""
        values = response.headers.get_list("set-cookie")
        if not values or sum(map(len, values)) > _LONGEST_COOKIES:
            return
        with suppress(httpx.InvalidURL), warnings.catch_warnings():
            # The standard library warns, with a traceback, of cookies that it cannot parse.
            warnings.simplefilter("ignore")
            response.request = httpx.Request("GET", here.url)
            response.headers.encoding = "latin-1"
            self._by_host.setdefault(here.host, httpx.Cookies()).extract_cookies(response)


class _NoCookies(httpx.Cookies):
    """A cookie jar that stays empty."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Keep nothing."""


class _Client(httpx.AsyncClient):
    """The client of httpx, without the cookie jar that all fetches would share."""

    _empty = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        """No cookies."""
        return self._empty

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Refuse cookies for all fetches."""
        raise AttributeError("cookies live in a fetch")


def _build_request(plan: Plan, here: Address, headers: list[tuple[bytes, bytes]]) -> httpx.Request:
    """Build the request of one hop.

    httpx gets only the origin, because it would rewrite some targets and refuse others. The target is passed
    in an extension, byte for byte; for a proxy it is the whole address.
    """
    by_proxy = plan.proxy is not None and here.scheme == "http"
    target = (here.url if by_proxy else here.target).encode("ascii")
    route = Route(here.scheme, here.host, here.port, here.authority in plan.allow, plan.proxy)
    return httpx.Request(
        plan.method,
        _parse_origin(f"{here.scheme}://{here.authority}/"),
        headers=headers,
        content=plan.body or None,
        extensions={"route": route, "target": target},
    )


# Feeds are polled from the same hosts again and again, so each origin is parsed once.
@lru_cache(maxsize=1024)
def _parse_origin(origin: str) -> httpx.URL:
    try:
        return httpx.URL(origin)
    except httpx.InvalidURL as error:
        raise FetchError(f"not a valid URL ({error})") from error


def _iterate_raw(answer: httpx.Response) -> AsyncGenerator[bytes]:
    """Iterate over the packed body; httpx would unpack it without a limit."""
    return cast("AsyncGenerator[bytes]", answer.aiter_raw())


async def _read_body(answer: httpx.Response, response: Response, most_bytes: int) -> bytes:
    """Read the body and unpack it.

    Raises:
        FetchError: it is too large, damaged, or in a coding that is not supported.
    """
    # Refusing early saves the transfer; the decoder checks the real size later.
    length = response.get_header("content-length")
    if length.isdigit() and int(length[:20]) > most_bytes:
        raise FetchError(f"the body is {length[:20]} bytes long, more than the limit of {most_bytes}")
    decoder = Decoder(",".join(response.get_headers("content-encoding")), most_bytes)
    read = 0
    async with aclosing(_iterate_raw(answer)) as pieces:
        async for piece in pieces:
            decoder.feed(piece)
            read += 1
            if read % _PIECES_AT_ONCE == 0:
                await asyncio.sleep(0)  # many tiny chunks in memory would delay all other tasks
    return decoder.finish()


async def _skip_body(answer: httpx.Response) -> None:
    """Read a small unused body, so that the connection can be used again.

    A 304 has no body; it is read too, because only then its response is complete.
    """
    if answer.status_code in _WITHOUT_BODY:
        async for _ in cast("httpx.AsyncByteStream", answer.stream):
            pass
        return
    left = _UNWANTED_BYTES
    with suppress(TimeoutError, *BROKEN):  # only the status matters
        async with asyncio.timeout(_UNWANTED_SECONDS), aclosing(_iterate_raw(answer)) as pieces:
            async for piece in pieces:
                left -= len(piece)
                if left < 0:
                    return
