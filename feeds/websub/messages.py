"""A request and its answer as handlers see them, whatever HTTP server they are mounted in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; the server has bounded the body."""

    method: str
    path: str
    """Decoded, with its leading slash."""
    query: str = ""
    """As it came, without the question mark."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Awaitable[Answer]]
Mount = tuple[str, Handler]
"""A prefix of paths and who answers there."""


def text(status: int, message: str) -> Answer:
    """An answer in words."""
    return Answer(
        status,
        f"{message}\n".encode(),
        (("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")),
    )
