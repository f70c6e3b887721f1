"""Request, answer and route: what the connection and the application say to each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from feeds.models import POLICY

_CACHED_LENGTH = 256


class Request:
    """One request, whole: the body is read before anybody is asked.

    ``headers`` has names in lower case, repeated fields joined with commas. ``client`` is the peer's address,
    which behind a proxy is the proxy's.
    """

    __slots__ = ("body", "client", "headers", "method", "target")

    def __init__(
        self, method: bytes, target: bytes, headers: dict[bytes, bytes], body: bytes = b"", client: str = ""
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.client = client

    @property
    def path(self) -> str:
        """The decoded path; empty if it is malformed."""
        return read_target(self.target)[0]

    @property
    def query(self) -> str:
        """What follows the question mark, still encoded."""
        return read_target(self.target)[1]


class Answer:
    """A response: ``head`` holds its header fields as lines, without ``Date`` and ``Connection``."""

    __slots__ = ("body", "head", "status")

    def __init__(self, status: int, head: bytes, body: bytes | memoryview = b"") -> None:
        self.status = status
        self.head = head
        self.body = body


Handler = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """An address that is no document: a handler for a path, or for all below it if it ends with ``/``.

    A request with a longer body than ``body_limit`` bytes is answered with 413. ``open`` routes need
    no password where the whole server has one. The handler checks the method itself.
    """

    path: str
    handler: Handler
    body_limit: int = 64 * 1024
    open: bool = False


SAFETY = (
    b"X-Content-Type-Options: nosniff\r\n"
    b"Referrer-Policy: no-referrer\r\n"
    b"Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox\r\n"
)
"""Header fields of everything that is data and no page."""

PAGE_SAFETY = (
    b"X-Content-Type-Options: nosniff\r\n"
    b"Referrer-Policy: no-referrer\r\n"
    b"Content-Security-Policy: " + POLICY.encode() + b"; frame-ancestors 'none'\r\n"
)
"""Header fields of pages for people: their own style and script, the media of posts, no frame."""


def respond(
    status: int,
    body: bytes | str = b"",
    media: str = "text/plain; charset=utf-8",
    fields: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """An answer that nobody may keep, made for this request alone.

    Raises:
        ValueError: a field would break out of its line.
    """
    if any(c in text for field in fields for text in field for c in "\r\n\0"):
        raise ValueError("a header field must be one line")
    data = body.encode() if isinstance(body, str) else body
    lines = [f"{name}: {value}\r\n" for name, value in fields]
    if not any(name.lower() == "cache-control" for name, _ in fields):
        lines.append("Cache-Control: no-store\r\n")
    if data:
        lines.append(f"Content-Type: {media}\r\n")
    if status not in (204, 304):
        lines.append(f"Content-Length: {len(data)}\r\n")
    head = "".join(lines).encode("latin-1")
    return Answer(status, head + (PAGE_SAFETY if media.startswith("text/html") else SAFETY), data)


def refuse(status: int, text: str = "", fields: tuple[tuple[str, str], ...] = ()) -> Answer:
    """An answer that says in one line why not."""
    return respond(status, f"{text or reason(status)}\n", fields=fields)


def reason(status: int) -> str:
    """The reason phrase; RFC 3229 calls 226 ``IM Used``."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def read_target(target: bytes) -> tuple[str, str]:
    """Decoded path and raw query of a request target in origin or absolute form (RFC 9112, 3.2).

    The path is empty if it is malformed: no UTF-8, control characters, a stray percent sign, or an
    encoded slash.
    """
    return _read_target(target) if len(target) <= _CACHED_LENGTH else _read_target.__wrapped__(target)


@lru_cache(maxsize=4096)
def _read_target(target: bytes) -> tuple[str, str]:
    if target[:7].lower() == b"http://" or target[:8].lower() == b"https://":
        target = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    target = target.partition(b"#")[0]
    raw, _, query = target.partition(b"?")
    if not raw.startswith(b"/") or b"%2f" in raw.lower():
        return "", ""
    try:
        path = unquote_to_bytes(raw).decode("utf-8")
        text = query.decode("ascii")
    except UnicodeDecodeError:
        return "", ""
    return ("", "") if any(c < " " or c in "\x7f\\" for c in path) else (path, text)
