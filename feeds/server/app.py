"""The ASGI application: checks each request, then Starlette routes it to a document or an endpoint."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes, urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from feeds.output.tree import MANIFEST
from feeds.server.auth import Access
from feeds.server.delta import Versions
from feeds.server.document_route import ALLOWED, DocumentRoute, refuse_method, require_password
from feeds.server.documents import OutputTree
from feeds.server.metrics import Metrics
from feeds.server.protocol import REFUSED
from feeds.server.resource import Policy
from feeds.server.responses import protect, refuse, refuse_and_close, respond

OPERATORS = {"WWW-Authenticate": 'Bearer realm="operators", Basic realm="operators", charset="UTF-8"'}
"""Challenge for operators: programs send the token, browsers prompt for it as a password."""

# The value of Host reaches redirects and logs, so only the characters of RFC 3986, 3.2.2 are accepted.
_HOST = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?")
_READS = ("GET", "HEAD")

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route that is not a document: a handler for a path, or for all paths below it if it ends with ``/``.

    A request with a body of more than ``body_limit`` bytes is answered with 413. ``open`` endpoints need
    no password where the whole server has one. The handler checks the method itself.
    """

    path: str
    handler: Handler
    body_limit: int = 64 * 1024
    open: bool = False


class Application:
    """Answers requests for the documents of a tree, for the server's own addresses and for endpoints."""

    def __init__(
        self,
        tree: OutputTree,
        versions: Versions,
        access: Access,
        policy: Policy,
        *,
        memory: int = 64 * 1024 * 1024,
        endpoints: Sequence[Endpoint] = (),
    ) -> None:
        self.metrics = Metrics()
        self._tree = tree
        self._access = access
        self._prefix = urlsplit(policy.public).path.rstrip("/")
        self._endpoints = (
            # A load balancer that probes the server has no password.
            Endpoint("/healthz", self._answer_health, open=True),
            Endpoint("/metrics", self._answer_metrics, open=True),
            *endpoints,
        )
        self._documents = DocumentRoute(
            tree,
            versions,
            access,
            policy,
            self.metrics,
            memory=memory,
            prefix=self._prefix,
            reserved=[endpoint.path for endpoint in self._endpoints],
        )
        # Documents come first: nearly every request is for one, and each route costs a match.
        self._routed = Starlette(
            routes=[self._documents, *(_build_route(endpoint, access) for endpoint in self._endpoints)],
            exception_handlers={
                HTTPException: _answer_exception,
                ClientDisconnect: _answer_disconnect,
                Exception: _answer_failure,
            },
        )

    def check(self) -> None:
        """Check that the output tree exists.

        Raises:
            OutputError: It is missing.
        """
        self._tree.check()

    def close(self) -> None:
        """Stop the threads and close what they use."""
        self._documents.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI): refuse what no route may see, and route the rest."""
        metrics = self.metrics

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                metrics.requests[message["status"]] += 1
            elif scope["method"] != "HEAD":
                # A response to HEAD has no body, although the application hands one over.
                metrics.sent_bytes += len(message["body"])
            await send(message)

        fields, hosts = join_fields(scope["headers"])
        # Joined once here, because every check and route below reads the fields.
        scope["fields"] = fields
        scope["path"] = self._strip_prefix(decode_path(scope["raw_path"]))
        refusal = self._check_request(scope, fields, hosts)
        if refusal is not None:
            await refusal(scope, receive, count)
            return
        if b"content-length" in fields or b"transfer-encoding" in fields:
            # Only a request that declares a body can have one (RFC 9112, 6.3).
            receive = _BoundedBody(receive, scope, self._find_body_limit(scope["path"])).receive
        await self._routed(scope, receive, count)

    def _strip_prefix(self, path: str) -> str:
        """Remove the prefix of the public address, which a proxy may have removed already."""
        prefix = self._prefix
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            # A proxy may forward the prefix alone, without a slash.
            return path[len(prefix) :] or "/"
        return path

    def _check_request(self, scope: Scope, fields: Mapping[bytes, bytes], hosts: int) -> Response | None:
        """Check ``Host``, ``Expect`` and the declared length (RFC 9110, 7.2, 10.1.1 and 15.5.14)."""
        # The protocol has refused this request while parsing; it may not reach a route.
        if scope["state"]:
            return _refuse_connection(scope["state"][REFUSED])
        # HTTP/1.0 allows a request without Host; two Host fields are an attack on caches (RFC 9112, 3.2).
        if hosts != 1 and (hosts or scope["http_version"] == "1.1"):
            return refuse_and_close(400)
        # A client can put anything there; refusing early keeps it out of every later step.
        if hosts and not _HOST.fullmatch(fields[b"host"]):
            return refuse_and_close(400)
        # RFC 9110, 10.1.1: the only expectation that is defined is 100-continue.
        if b"expect" in fields and fields[b"expect"].lower() != b"100-continue":
            return refuse_and_close(417)
        if b"content-length" in fields or b"transfer-encoding" in fields:
            return self._check_body(scope, fields)
        return None

    def _check_body(self, scope: Scope, fields: Mapping[bytes, bytes]) -> Response | None:
        limit = self._find_body_limit(scope["path"])
        # No document accepts a body, so the method is wrong whatever the length is.
        if not limit and scope["method"] not in _READS:
            return refuse_and_close(405, ALLOWED)
        return refuse_and_close(413) if int(fields.get(b"content-length", b"0")) > limit else None

    def _find_body_limit(self, path: str) -> int:
        """Return how long a body may be for this path; 0 for a document."""
        for endpoint in self._endpoints:
            if path == endpoint.path or (endpoint.path.endswith("/") and path.startswith(endpoint.path)):
                return endpoint.body_limit
        return 0

    async def _answer_health(self, request: Request) -> Response:
        """Answer 200 while there is a tree to serve, else 503."""
        # The route matches every method, so that a refusal names the methods allowed.
        if request.method not in _READS:
            return refuse_method(request.method)
        # Without the manifest nothing can be served, although the process runs.
        if self._tree.sign(MANIFEST) is None:
            return refuse(503, "There is no output tree")
        return respond(200, "ok\n")

    async def _answer_metrics(self, request: Request) -> Response:
        if request.method not in _READS:
            return refuse_method(request.method)
        # The counts show what subscribers read, so they are not public.
        if not self._access.operator(request.scope["fields"].get(b"authorization")):
            return refuse(401, fields=OPERATORS)
        return respond(200, *self.metrics.write_text(request.headers.get("accept", "")))


def join_fields(headers: Sequence[tuple[bytes, bytes]]) -> tuple[dict[bytes, bytes], int]:
    """Join repeated header fields with commas (RFC 9110, 5.2), and count the ``Host`` fields."""
    fields = dict(headers)
    # No name is repeated, which is true of nearly all requests.
    if len(fields) == len(headers):
        return fields, b"host" in fields
    fields, hosts = {}, 0
    for name, value in headers:
        fields[name] = fields[name] + b", " + value if name in fields else value
        hosts += name == b"host"
    return fields, hosts


@lru_cache(maxsize=4096)
def _decode_path(raw: bytes) -> str:
    # An encoded slash means different paths to proxies and servers.
    if not raw.startswith(b"/") or b"%2f" in raw.lower():
        return ""
    try:
        # An address that is not UTF-8 cannot name a file that feedd wrote.
        path = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return ""
    # Such characters could split lines of a log, or mean other folders on other systems.
    return "" if any(c < " " or c in "\x7f\\" for c in path) else path


def decode_path(raw: bytes) -> str:
    """Decode the path of a request.

    Empty if it is malformed: no slash first, no UTF-8, control characters, a backslash or an encoded slash.
    """
    # Long paths do not repeat, and would fill the cache.
    return _decode_path(raw) if len(raw) <= 256 else _decode_path.__wrapped__(raw)


class _BoundedBody:
    """Bounds what a handler may read of a body, and ends it where the protocol refused the rest."""

    def __init__(self, receive: Receive, scope: Scope, limit: int) -> None:
        self._receive = receive
        self._state = scope["state"]
        self._room = limit
        self._is_refused = False

    async def receive(self) -> Message:
        """Return the next piece of the body.

        Raises:
            HTTPException: the body is refused; what arrives after that may be read and dropped.
        """
        message = await self._receive()
        self._room -= len(message.get("body", b""))
        # The protocol may refuse the rest of a body only after the handler has started to read it.
        status = self._state.get(REFUSED) or (413 if self._room < 0 else 0)
        if status and not self._is_refused:
            # Raised once: afterwards the rest of the body is read and dropped before the connection closes.
            self._is_refused = True
            raise HTTPException(status)
        return message


class _Guarded:
    """An endpoint behind the password of the server, as an ASGI application: any method is routed to it."""

    def __init__(self, endpoint: Endpoint, access: Access) -> None:
        self._endpoint = endpoint
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, request = self._endpoint, Request(scope, receive)
        # Read to its end first: a response before it would leave the rest of the body in the connection.
        await request.body()
        if endpoint.open or self._access.allows(scope["fields"].get(b"authorization")):
            response = protect(await endpoint.handler(request))
        else:
            response = require_password()
        await response(scope, receive, send)


def _build_route(endpoint: Endpoint, access: Access) -> Route:
    path = endpoint.path + "{rest:path}" if endpoint.path.endswith("/") else endpoint.path
    return Route(path, _Guarded(endpoint, access))


def _refuse_connection(status: int) -> Response:
    """Answer what the protocol refuses; a connection without room is not kept for a moment longer."""
    # A full server is a passing state, so it is answered with a time to come again.
    if status != 503:
        return refuse_and_close(status)
    return refuse(503, "Too many connections", {"Connection": "close", "Retry-After": "5"})


async def _answer_exception(_: Request, error: Exception) -> Response:
    """Answer what a body was refused for, or what Starlette itself refuses."""
    assert isinstance(error, HTTPException)
    return refuse_and_close(error.status_code)


async def _answer_disconnect(_: Request, __: Exception) -> Response:
    """Answer a client that has disconnected, without logging a traceback."""
    return refuse(400)


async def _answer_failure(_: Request, __: Exception) -> Response:
    """Answer a failure of ours; Starlette raises it again, and uvicorn logs it."""
    return refuse(500)
