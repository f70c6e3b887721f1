"""The route of all documents: ready responses are sent at once, others are prepared in a thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from feeds.errors import FeeddError
from feeds.server.auth import Access
from feeds.server.delta import Versions
from feeds.server.documents import OutputTree
from feeds.server.metrics import Metrics
from feeds.server.negotiation import (
    Headers,
    evaluate_preconditions,
    list_acceptable_codings,
    select_range,
    wants_delta,
)
from feeds.server.resource import Policy, Resource, Variant
from feeds.server.responses import build_response, refuse, respond

WELL_KNOWN = "/.well-known/feeds"
"""Where programs look for a site's feeds: an OPML document."""

ALLOWED = {"Allow": "GET, HEAD, OPTIONS"}
"""Methods that documents support."""

# The subscription list of the whole site, which every build writes.
_CATALOG = "feeds.opml"
# Compression releases the lock of the interpreter, but more threads would compete with the event loop.
_THREADS = 2
# Each turn makes one missing variant; the limit ends a race with a document that changes all the time.
_STEPS = 8
_LOG = logging.getLogger("feedd.serve")
_T = TypeVar("_T")


class _Wanted(NamedTuple):
    """A request for a document: ``inside`` is its path in the tree, ``path`` that of the address."""

    inside: str
    path: str
    method: str
    headers: Headers


class DocumentRoute(BaseRoute):
    """Matches every path but ``reserved`` (with a slash at its end: all below it), and answers GET and HEAD.

    It expects of the application: ``scope["path"]`` decoded, empty if malformed; ``scope["fields"]``, the
    header fields as :mod:`feeds.server.negotiation` reads them.
    """

    def __init__(
        self,
        tree: OutputTree,
        versions: Versions,
        access: Access,
        policy: Policy,
        metrics: Metrics,
        *,
        memory: int,
        prefix: str,
        reserved: Collection[str],
    ) -> None:
        """Prepare; ``memory`` bounds the cache in bytes, ``prefix`` is the path of the public address."""
        self._tree = tree
        self._versions = versions
        self._access = access
        self._policy = policy
        self._metrics = metrics
        self._memory = memory
        self._prefix = prefix
        self._reserved = frozenset(path for path in reserved if not path.endswith("/"))
        self._reserved_folders = tuple(path for path in reserved if path.endswith("/"))
        # In the order of use, because the cache drops what was not requested for the longest time.
        self._ready: OrderedDict[str, Resource] = OrderedDict()
        # Many clients poll in the same minute after a change; each variant is made once for all of them.
        self._under_way: dict[tuple[str, ...], asyncio.Future[Any]] = {}
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="feedd-serve")

    def close(self) -> None:
        """Stop the threads and close what they use."""
        # Threads end first: they may still record versions in the file that is closed next.
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._versions.close()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match what no other route has (called by Starlette's router)."""
        path = scope["path"]
        # Any other path may be a document, so this route decides without a list of files.
        if path in self._reserved or path.startswith(self._reserved_folders):
            return Match.NONE, {}
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response of a document (called by Starlette's router)."""
        headers = scope["fields"]
        if b"transfer-encoding" in headers:
            await Request(scope, receive).body()  # refused if there is any
        response = self._answer(scope["path"], scope["method"], headers)
        if not isinstance(response, Response):
            response = await response
        await response(scope, receive, send)

    def _answer(self, path: str, method: str, headers: Headers) -> Response | Awaitable[Response]:
        """Return the response, or an awaitable of it if a file must be read or a variant made."""
        if method not in ("GET", "HEAD"):
            return refuse_method(method)
        if not path:
            return refuse(400, "The address is malformed")
        # The alias is resolved before access is checked, so that a private catalogue stays private.
        if path == WELL_KNOWN:
            path = "/" + _CATALOG
        if self._access.needed:
            place = self._access.locate(path, headers.get(b"authorization"))
            if place.refused:
                return require_password() if place.refused == 401 else refuse(404)
            inside = place.path
        else:
            inside = path[1:]
        # Web servers show this file for a folder, so links work on any of them.
        if not inside or inside.endswith("/"):
            inside += "index.html"
        return self._answer_document(_Wanted(inside, path, method, headers))

    def _answer_document(self, wanted: _Wanted) -> Response | Awaitable[Response]:
        resource = self._ready.get(wanted.inside)
        # The file is checked for each request, because builds replace documents without notice to the server.
        if resource is None or not self._tree.is_current(resource.document):
            return self._prepare(wanted)
        # A request keeps the document in the cache longer.
        self._ready.move_to_end(wanted.inside)
        return self._represent(wanted, resource) or self._prepare(wanted)

    def _represent(self, wanted: _Wanted, resource: Resource) -> Response | None:
        """Return the response from what is ready; None if a variant must be made first."""
        headers = wanted.headers
        document = resource.document
        coding = resource.choose_coding(list_acceptable_codings(headers.get(b"accept-encoding")))
        # RFC 9110, 12.5.3: even the identity can be excluded.
        if coding is None:
            return refuse(406, "No content coding that is acceptable to you is available")
        # Most requests have only a Host, and the checks below need other fields.
        if len(headers) > 1:
            # RFC 9110, 13.2.2: conditions come before deltas and ranges.
            status = evaluate_preconditions(headers, resource.etags[coding], document.modified)
            if status == 304:
                return resource.unchanged[coding]
            if status == 412:
                return refuse(412)
            if b"a-im" in headers and (base := _find_delta_base(headers, resource)):
                # Making a delta parses the document, which would block the event loop.
                if (base, coding) not in resource.deltas:
                    return None
                delta = resource.deltas[base, coding]
                # None means that a delta would save nothing.
                if delta is not None:
                    return delta.whole
        variant = resource.variants.get(coding)
        # Compression takes milliseconds, so it runs in a thread and this request waits.
        if variant is None:
            return None
        # RFC 9110, 14.2: a range is defined for GET only.
        if b"range" in headers and wanted.method == "GET":
            return _cut_range(headers, variant, document.modified)
        return variant.whole

    async def _prepare(self, wanted: _Wanted) -> Response:
        """Load the document, make what is missing, answer; each is done once however many clients wait."""
        try:
            resource = await self._load_current(wanted.inside)
            if resource is None:
                return await self._answer_missing(wanted)
            for _ in range(_STEPS):
                response = self._represent(wanted, resource)
                if response is not None:
                    return response
                await self._make(wanted.headers, resource)
        # An unreadable file is a problem of the operator; the client must not see paths of the server.
        except FeeddError as error:
            _LOG.warning("%s", error)
        return refuse(500, "The document cannot be read at the moment")

    async def _load_current(self, inside: str) -> Resource | None:
        resource = self._ready.get(inside)
        sign = self._tree.sign(inside)
        # Another request may have loaded it while this request waited.
        if resource is not None and sign == resource.document.sign:
            return resource
        if sign is None:
            # A document that a build removed must not be served from memory.
            self._drop(inside)
            return None
        found = await self._run_once(("load", inside), lambda: self._load(inside))
        # The old version gives back its memory before the new version is counted.
        self._drop(inside)
        if found is not None:
            self._ready[inside] = found
            self._weigh(found)
        return found

    def _load(self, inside: str) -> Resource | None:
        document = self._tree.load(inside)
        if document is None:
            return None
        self._metrics.documents_loaded += 1
        # An archive never changes, so it needs no delta.
        known = self._versions.record(document) if document.form and "/archive/" not in f"/{inside}" else {}
        return Resource(document, self._access.is_private(inside), self._policy, known)

    async def _make(self, headers: Headers, resource: Resource) -> None:
        coding = resource.choose_coding(list_acceptable_codings(headers.get(b"accept-encoding"))) or ""
        path, digest = resource.document.path, resource.document.digest
        # The same choice as in `_represent`; otherwise the loop would make an unused variant.
        base = _find_delta_base(headers, resource)
        if base and (base, coding) not in resource.deltas:
            await self._run_once(
                ("delta", path, digest, base, coding),
                lambda: self._count_made(resource.make_delta, base, coding),
            )
        else:
            await self._run_once(
                ("make", path, digest, coding), lambda: self._count_made(resource.make, coding)
            )
        self._weigh(resource)

    def _count_made(self, make: Callable[..., None], *arguments: str) -> None:
        make(*arguments)
        self._metrics.variants_made += 1

    async def _run_once(self, key: tuple[str, ...], work: Callable[[], _T]) -> _T:
        """Do ``work`` in a thread; whoever needs the same meanwhile waits for the same."""
        running = self._under_way.get(key)
        if running is None:
            running = asyncio.get_running_loop().run_in_executor(self._pool, work)
            self._under_way[key] = running
            # Removed when it ends, also after an error, so that the next request tries again.
            running.add_done_callback(lambda _: self._under_way.pop(key, None))
        # A client that hangs up must not cancel it for the others.
        result: _T = await asyncio.shield(running)
        return result

    def _drop(self, inside: str) -> None:
        gone = self._ready.pop(inside, None)
        if gone is not None:
            self._discount(gone)

    def _discount(self, resource: Resource) -> None:
        self._metrics.cache_bytes -= resource.counted
        resource.counted = 0

    def _weigh(self, resource: Resource) -> None:
        """Keep the sum of what is held, and drop what was not requested for the longest time."""
        # A newer version may have replaced it meanwhile; its bytes must not count twice.
        if self._ready.get(resource.document.path) is not resource:
            return
        self._metrics.cache_bytes += resource.size - resource.counted
        resource.counted = resource.size
        # Even the newest document goes if it alone exceeds the limit: its response is sent from this
        # reference.
        while self._metrics.cache_bytes > self._memory and self._ready:
            self._discount(self._ready.popitem(last=False)[1])

    async def _answer_missing(self, wanted: _Wanted) -> Response:
        """Return 404, or the way to a folder's page for an address without the slash at its end."""
        index = f"{wanted.inside}/index.html"
        is_folder = not wanted.inside.endswith("/index.html") and self._tree.sign(index)
        # Relative links in a page break without the slash, so the address is corrected and not served as it
        # is.
        if is_folder and await self._load_current(index):
            return refuse(301, fields={"Location": quote(f"{self._prefix}{wanted.path}/")})
        return refuse(404)


def require_password() -> Response:
    """Build the response to a request without the password that is needed."""
    return refuse(401, fields={"WWW-Authenticate": 'Basic realm="feeds", charset="UTF-8"'})


def refuse_method(method: str) -> Response:
    """Build the response to any method but GET and HEAD."""
    return respond(204, fields=ALLOWED) if method == "OPTIONS" else refuse(405, fields=ALLOWED)


def _find_delta_base(headers: Headers, resource: Resource) -> str:
    """Return the version that the client has and wants a delta from; empty if there is none."""
    known = headers.get(b"if-none-match")
    # A range counts bytes of the whole document, so it cannot be combined with a delta.
    if known is None or b"range" in headers or not wants_delta(headers):
        return ""
    return resource.find_delta_base(known)


def _cut_range(headers: Headers, variant: Variant, modified: int) -> Response:
    """Return 206 or 416 (RFC 9110, 15.3.7 and 15.5.17), or the whole."""
    size = len(variant.body)
    wanted = select_range(headers, variant.etag, modified, int(time.time()), size)
    if wanted is None:
        return variant.whole
    if wanted == 416:
        return refuse(416, fields={"Content-Range": f"bytes */{size}"})
    start, stop = wanted
    # RFC 9110, 15.3.7: without the field the client does not know which part it got.
    content_range = (b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size))
    return build_response(206, [*variant.fields, content_range], memoryview(variant.body)[start:stop])
