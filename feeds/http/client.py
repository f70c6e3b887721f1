"""HTTP client that follows redirects hop by hop within one deadline."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from feeds.errors import FetchError
from feeds.http.address import Address, parse_address, redact_address
from feeds.http.dns import Resolve, resolve_by_system
from feeds.http.messages import (
    BROKEN,
    REDIRECTS,
    Conditions,
    Hop,
    Plan,
    Response,
    build_authorization,
    explain_error,
    resolve_redirect,
)

if TYPE_CHECKING:
    from feeds.http.session import Session

DEADLINE = 30.0
"""Seconds for a whole request, all its hops included."""
MOST_BYTES = 16 * 1024 * 1024
"""Limit in bytes of a body, packed or unpacked."""

# Browsers follow up to twenty; a feed that needs more than nine is more likely a loop.
_MOST_HOPS = 9


class Client:
    """HTTP client; an async context manager that closes its connections at the end.

    httpx is loaded by the first request.

    Args:
        user_agent: Value of ``User-Agent``.
        resolve: Finds the IP addresses of a host name.
        context: TLS settings; by default created for the first https address, with the system's
            certificate authorities.
    """

    def __init__(
        self, user_agent: str, *, resolve: Resolve = resolve_by_system, context: ssl.SSLContext | None = None
    ) -> None:
        self._user_agent = user_agent
        self._resolve = resolve
        self._context = context
        self._session: Session | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.aclose()

    async def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        conditions: Conditions | None = None,
        allow: Sequence[str] = (),
        auth: str = "",
        proxy: str = "",
        deadline: float = DEADLINE,
        most_bytes: int = MOST_BYTES,
    ) -> Response:
        """Request an address, following redirects.

        Args:
            url: The address; credentials in it are used like ``auth``.
            headers: Sent at every hop.
            conditions: Headers for one address only.
            allow: ``host:port`` pairs that may be requested although they are not globally reachable.
            auth: ``user:password``, or a whole value such as ``Bearer …``; sent to this host only.
            proxy: ``http://[user:password@]host:port``, or empty.
            deadline: Seconds for everything together.
            most_bytes: Limit of the body, packed and unpacked.

        Raises:
            FetchError: the response is missing or incomplete; the text names the reason.
        """
        plan = _make_plan("GET", url, headers, b"", conditions, allow, auth, proxy, most_bytes)
        return await self._follow_within(deadline, plan)

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        allow: Sequence[str] = (),
        auth: str = "",
        proxy: str = "",
        deadline: float = DEADLINE,
        most_bytes: int = MOST_BYTES,
    ) -> Response:
        """Send ``body`` to an address, with the same limits as :meth:`get`; 307 and 308 are followed.

        Raises:
            FetchError: the response is missing or incomplete; the text names the reason.
        """
        plan = _make_plan("POST", url, headers, body, None, allow, auth, proxy, most_bytes)
        return await self._follow_within(deadline, plan)

    async def _follow_within(self, deadline: float, plan: Plan) -> Response:
        # One limit around everything: a server that sends a byte now and then would never exceed a limit per
        # read.
        limit = asyncio.timeout(deadline)
        try:
            async with limit:
                return await self._follow(plan)
        except TimeoutError:
            raise FetchError(
                f"{redact_address(plan.home.url)}: no complete answer within {deadline:g} s"
            ) from None

    async def _follow(self, plan: Plan) -> Response:
        session = self._open_session()
        here = plan.home
        hops: list[Hop] = []
        # Cookies end with the fetch, so that no server can follow feedd from poll to poll.
        cookies = session.start_cookies()
        seen = {(here.url, "")}
        while True:
            try:
                response = await session.request(plan, here, tuple(hops), cookies)
                if response.status not in REDIRECTS[plan.method]:
                    return response
                here = resolve_redirect(here, response)
                # A cycle is reported as such instead of as too many redirects. Some pages send everybody away until
                # another page has set a cookie, so the same address with another cookie is none.
                step = (here.url, cookies.build_header(here))
                if step in seen:
                    raise FetchError("redirects in a circle")
                if len(hops) == _MOST_HOPS:
                    raise FetchError(f"more than {_MOST_HOPS} redirects")
            except FetchError as error:
                # The type is kept, because callers treat a refused address differently.
                raise type(error)(f"{_describe_way(plan.home, here)}: {error}") from error
            except BROKEN as error:
                raise FetchError(f"{_describe_way(plan.home, here)}: {explain_error(error)}") from error
            seen.add(step)
            hops.append(Hop(response.status, here.url))

    def _open_session(self) -> Session:
        # httpx is loaded by the first request, because many runs send none.
        if self._session is None:
            self._session = _load_session()(self._user_agent, self._resolve, self._context)
        return self._session


def _load_session() -> type[Session]:
    """Load httpx without its command line, which imports rich, pygments and click and takes half of the time."""
    loaded = cast("dict[str, object]", sys.modules)
    loaded.setdefault("httpx._main", None)  # makes httpx's import of it an ImportError, which httpx handles
    from feeds.http.session import Session

    if loaded["httpx._main"] is None:
        del loaded["httpx._main"]
    return Session


def _describe_way(home: Address, here: Address) -> str:
    if here.url == home.url:
        return redact_address(home.url)
    return f"{redact_address(home.url)}, redirected to {redact_address(here.url)}"


def _make_plan(
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    body: bytes,
    conditions: Conditions | None,
    allow: Sequence[str],
    auth: str,
    proxy: str,
    most_bytes: int,
) -> Plan:
    home = parse_address(url)
    proxied = parse_address(proxy) if proxy else None
    # TLS to the proxy and to the host inside it would need another kind of connection.
    if proxied is not None and proxied.scheme != "http":
        raise FetchError(f"{redact_address(proxy)}: a proxy is given as http://host:port")
    allowed = frozenset(pair.strip().lower() for pair in allow)
    authorization = build_authorization(auth or home.userinfo)
    return Plan(method, headers or {}, body, conditions, allowed, authorization, home, proxied, most_bytes)
