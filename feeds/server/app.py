"""The application: a request in, an answer out. What is ready is answered at once, the rest in a thread."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from feeds.errors import FeeddError
from feeds.output.tree import MANIFEST
from feeds.server import metrics as counted
from feeds.server.auth import Access
from feeds.server.delta import Versions
from feeds.server.documents import OutputTree
from feeds.server.messages import Answer, Request, Route, read_target, refuse, respond
from feeds.server.metrics import Metrics
from feeds.server.negotiation import (
    acceptable_codings,
    precondition,
    requested_range,
    wants_delta,
)
from feeds.server.resource import Policy, Resource, Variant

WELL_KNOWN = "/.well-known/feeds"
"""Where programs look for a site's feeds: an OPML document."""

_CATALOGUE = "feeds.opml"
OPERATORS = (("WWW-Authenticate", 'Bearer realm="operators", Basic realm="operators", charset="UTF-8"'),)
"""How to ask for what is for operators: programs send the token, browsers ask for it as a password."""
ALLOWED = (("Allow", "GET, HEAD, OPTIONS"),)
"""What may be done with a document."""

_THREADS = 2
_STEPS = 8
_LOG = logging.getLogger("feedd.serve")
_T = TypeVar("_T")


class Application:
    """Answers requests for the documents of a tree, for the server's own addresses and for mounted routes."""

    def __init__(
        self,
        tree: OutputTree,
        versions: Versions,
        access: Access,
        policy: Policy,
        *,
        memory: int = 64 * 1024 * 1024,
        routes: Sequence[Route] = (),
        metrics: Metrics | None = None,
    ) -> None:
        self.metrics = metrics or Metrics()
        self._tree = tree
        self._versions = versions
        self._access = access
        self._policy = policy
        self._memory = memory
        self._prefix = urlsplit(policy.public).path.rstrip("/")
        own = (
            Route("/healthz", self._health, open=True),
            Route("/metrics", self._metrics, open=True),
        )
        self._exact = {route.path: route for route in (*own, *routes) if not route.path.endswith("/")}
        self._below = tuple(route for route in routes if route.path.endswith("/"))
        self._ready: OrderedDict[str, Resource] = OrderedDict()
        self._under_way: dict[tuple[str, ...], asyncio.Future[Any]] = {}
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="feedd-serve")

    def check(self) -> None:
        """See that there is something to serve.

        Raises:
            OutputError: there is no tree.
        """
        self._tree.check()

    def close(self) -> None:
        """Stop the threads and close what they use."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._versions.close()

    def route(self, target: bytes) -> Route | None:
        """The route that a request target leads to; None for a document."""
        path = self._inside(read_target(target)[0])
        return self._exact.get(path) or next((r for r in self._below if path.startswith(r.path)), None)

    def _inside(self, path: str) -> str:
        """The path without the prefix of the public address, which a proxy may or may not have taken off."""
        prefix = self._prefix
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            return path[len(prefix) :] or "/"
        return path

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """The answer, or a promise of it where a file must be read or something made."""
        path = self._inside(read_target(request.target)[0])
        route = self._exact.get(path)
        if route is None and self._below:
            route = next((r for r in self._below if path.startswith(r.path)), None)
        if route is not None:
            if not route.open and not self._access.admits(request.headers.get(b"authorization")):
                return _unauthorised()
            return self._handled(route, request)
        if request.method not in (b"GET", b"HEAD"):
            return _other_method(request)
        if not path:
            return refuse(400, "The address is malformed")
        if path == WELL_KNOWN:
            path = "/" + _CATALOGUE
        if self._access.needed:
            place = self._access.place(path, request.headers.get(b"authorization"))
            if place.refused:
                return _unauthorised() if place.refused == 401 else refuse(404)
            inside = place.path
        else:
            inside = path[1:]
        if not inside or inside.endswith("/"):
            inside += "index.html"
        return self._document(request, inside, path)

    def _document(self, request: Request, inside: str, path: str) -> Answer | Awaitable[Answer]:
        resource = self._ready.get(inside)
        if resource is None or not self._tree.is_current(resource.document):
            return self._slowly(request, inside, path)
        self._ready.move_to_end(inside)
        return self._represent(request, resource) or self._slowly(request, inside, path)

    def _represent(self, request: Request, resource: Resource) -> Answer | None:
        """The answer from what is ready; None if a variant must be made first."""
        headers = request.headers
        document = resource.document
        codings = acceptable_codings(headers.get(b"accept-encoding"))
        coding = resource.best(codings)
        if coding is None:
            return refuse(406, "No content coding that is acceptable to you is available")
        etag = resource.etags[coding]
        if len(headers) > 1:
            status = precondition(headers, etag, document.modified)
            if status == 304:
                return resource.unchanged[coding]
            if status == 412:
                return refuse(412)
            if b"a-im" in headers and (base := self._delta_base(request, resource)):
                if (base, coding) not in resource.deltas:
                    return None
                delta = resource.deltas[base, coding]
                if delta is not None:
                    return delta.whole
        variant = resource.variants.get(coding)
        if variant is None:
            return None
        if b"range" in headers and request.method == b"GET":
            return _partial(request, variant, document.modified)
        return variant.whole

    @staticmethod
    def _delta_base(request: Request, resource: Resource) -> str:
        known = request.headers.get(b"if-none-match")
        if known is None or b"range" in request.headers or not wants_delta(request.headers):
            return ""
        return resource.delta_base(known)

    async def _slowly(self, request: Request, inside: str, path: str) -> Answer:
        """Load the document, make what is missing, answer; each is done once however many ask."""
        try:
            resource = await self._current(inside)
            if resource is None:
                return await self._missing(inside, path)
            for _ in range(_STEPS):
                answer = self._represent(request, resource)
                if answer is not None:
                    return answer
                await self._make(request, resource)
        except FeeddError as error:
            _LOG.warning("%s", error)
        return refuse(500, "The document cannot be read at the moment")

    async def _current(self, inside: str) -> Resource | None:
        resource = self._ready.get(inside)
        sign = self._tree.sign(inside)
        if resource is not None and sign == resource.document.sign:
            return resource
        if sign is None:
            self._drop(inside)
            return None
        found = await self._once(("load", inside), lambda: self._load(inside))
        self._drop(inside)
        if found is not None:
            self._ready[inside] = found
            self._weigh(found)
        return found

    def _load(self, inside: str) -> Resource | None:
        document = self._tree.load(inside)
        if document is None:
            return None
        self.metrics.documents_loaded_total += 1
        known = self._versions.take_up(document) if document.form and "/archive/" not in f"/{inside}" else {}
        return Resource(document, self._access.is_private(inside), self._policy, known)

    async def _make(self, request: Request, resource: Resource) -> None:
        codings = acceptable_codings(request.headers.get(b"accept-encoding"))
        coding = resource.best(codings) or ""
        path, digest = resource.document.path, resource.document.digest
        base = self._delta_base(request, resource)
        if base and (base, coding) not in resource.deltas:
            await self._once(
                ("delta", path, digest, base, coding),
                lambda: self._counted(resource.make_delta, base, coding),
            )
        else:
            await self._once(("make", path, digest, coding), lambda: self._counted(resource.make, coding))
        self._weigh(resource)

    def _counted(self, make: Callable[..., None], *arguments: str) -> None:
        make(*arguments)
        self.metrics.variants_made_total += 1

    async def _once(self, key: tuple[str, ...], work: Callable[[], _T]) -> _T:
        """Do ``work`` in a thread; who asks for the same meanwhile waits for the same."""
        running = self._under_way.get(key)
        if running is None:
            running = asyncio.get_running_loop().run_in_executor(self._pool, work)
            self._under_way[key] = running
            running.add_done_callback(lambda _: self._under_way.pop(key, None))
        # Whoever hangs up must not cancel it for the others.
        result: _T = await asyncio.shield(running)
        return result

    def _drop(self, inside: str) -> None:
        gone = self._ready.pop(inside, None)
        if gone is not None:
            self._forget(gone)

    def _forget(self, resource: Resource) -> None:
        self.metrics.cache_bytes -= resource.counted
        resource.counted = 0

    def _weigh(self, resource: Resource) -> None:
        """Keep the sum of what is held, and let go of what was not asked for the longest."""
        if self._ready.get(resource.document.path) is not resource:
            return
        self.metrics.cache_bytes += resource.size - resource.counted
        resource.counted = resource.size
        while self.metrics.cache_bytes > self._memory and self._ready:
            self._forget(self._ready.popitem(last=False)[1])

    async def _missing(self, inside: str, path: str) -> Answer:
        """404, or the way to a folder's page for an address without the slash at its end."""
        index = f"{inside}/index.html"
        if not inside.endswith("/index.html") and self._tree.sign(index) and await self._current(index):
            return refuse(301, fields=(("Location", quote(f"{self._prefix}{path}/")),))
        return refuse(404)

    async def _handled(self, route: Route, request: Request) -> Answer:
        return await route.handler(request)

    async def _health(self, request: Request) -> Answer:
        """200 while there is a tree to serve, else 503."""
        if request.method not in (b"GET", b"HEAD"):
            return _other_method(request)
        if self._tree.sign(MANIFEST) is None:
            return refuse(503, "There is no output tree")
        return respond(200, "ok\n")

    async def _metrics(self, request: Request) -> Answer:
        if request.method not in (b"GET", b"HEAD"):
            return _other_method(request)
        if not self._access.operator(request.headers.get(b"authorization")):
            return refuse(401, fields=OPERATORS)
        return respond(200, self.metrics.text(), counted.MEDIA)


def _partial(request: Request, variant: Variant, modified: int) -> Answer:
    """206 or 416 (RFC 9110, 15.3.7 and 15.5.17), or the whole."""
    size = len(variant.body)
    wanted = requested_range(request.headers, variant.etag, modified, int(time.time()), size)
    if wanted is None:
        return variant.whole
    if wanted == 416:
        return refuse(416, fields=(("Content-Range", f"bytes */{size}"),))
    start, stop = wanted
    fields = b"Accept-Ranges: bytes\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n" % (
        start,
        stop - 1,
        size,
        stop - start,
    )
    return Answer(206, variant.fields + fields, memoryview(variant.body)[start:stop])


def _unauthorised() -> Answer:
    return refuse(401, fields=(("WWW-Authenticate", 'Basic realm="feeds", charset="UTF-8"'),))


def _other_method(request: Request) -> Answer:
    if request.method == b"OPTIONS":
        return respond(204, fields=ALLOWED)
    return refuse(405, fields=ALLOWED)
