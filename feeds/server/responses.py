"""Build the responses of this server: Starlette's ``Response`` with the header fields that keep browsers safe."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from feeds.models import POLICY

Fields = Sequence[tuple[bytes, bytes]]
"""Header fields as they are sent: names in lower case."""

# Short, because each closing connection still occupies a place.
LINGER_SECONDS = 2.0
"""Time for a client to read the last response before its connection is closed."""

# A feed contains text of others: browsers must not guess its type, nor send its address to linked pages.
_COMMON: Fields = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
# A feed that is opened in a browser must not run what an author put into it.
_DATA_POLICY = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
SAFETY: Fields = (*_COMMON, (b"content-security-policy", _DATA_POLICY))
"""Header fields of everything that is data and no page."""

PAGE_SAFETY: Fields = (*_COMMON, (b"content-security-policy", POLICY.encode() + b"; frame-ancestors 'none'"))
"""Header fields of pages for people: their own style and script, the media of posts, no frame."""


def build_response(status: int, fields: Fields, body: bytes | memoryview = b"") -> Response:
    """Build a response that may be sent any number of times; its length is added where RFC 9110 wants one."""
    response = Response(body, status)
    # Prepared bytes are put in as they are: encoding them for each response would cost time.
    response.raw_headers[:0] = fields
    return response


def respond(
    status: int,
    body: bytes | str = b"",
    media: str = "text/plain; charset=utf-8",
    fields: Mapping[str, str] | None = None,
) -> Response:
    """Build a response for this request alone; caches may store it only if ``fields`` allows it."""
    response = Response(body, status, fields, media if body else None)
    return protect(response)


def refuse(status: int, text: str = "", fields: Mapping[str, str] | None = None) -> Response:
    """Build a response that gives the reason in one line."""
    return respond(status, f"{text or HTTPStatus(status).phrase}\n", fields=fields)


def protect(response: Response) -> Response:
    """Add the safety fields for its media type, and ``no-store``, where a response lacks them."""
    # Refusals and figures are true only now, and heuristic caching would keep them (RFC 9111, 4.2.2).
    response.headers.setdefault("cache-control", "no-store")
    if "content-security-policy" in response.headers:
        return response
    is_page = response.headers.get("content-type", "").startswith("text/html")
    response.raw_headers += PAGE_SAFETY if is_page else SAFETY
    return response


class LastResponse(Response):
    """Refuse a request and close its connection.

    What the client still sends is read and dropped for a moment: closing at once would reset the connection,
    and the client could lose the response (RFC 9112, section 9.6).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then end it when the request is whole or :data:`LINGER_SECONDS` are over."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        # The body goes out at once, while its end waits: uvicorn closes the connection at the end.
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            # A client that never stops sending must not keep the connection.
            async with asyncio.timeout(LINGER_SECONDS):
                while (await receive()).get("more_body"):
                    pass
        await send({"type": "http.response.body", "body": b""})


def refuse_and_close(status: int, fields: Mapping[str, str] | None = None) -> Response:
    """Build a refusal of a request that is not read to its end."""
    headers = {"Connection": "close", **(fields or {})}
    response = LastResponse(f"{HTTPStatus(status).phrase}\n", status, headers, "text/plain")
    return protect(response)
