"""Build the responses of handlers; Starlette is imported only when a response is built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Handler = Callable[["Request"], Awaitable["Response"]]
Mount = tuple[str, Handler]
"""A path, or with a slash at its end a prefix of paths, and its handler."""


def build_text(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """Build a response of one line of plain text, or without a body."""
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(f"{message}\n" if message else "", status, headers)
