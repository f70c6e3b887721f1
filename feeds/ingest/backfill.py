"""Fetch the history of an upstream feed once, back to its beginning.

Each document links to the document before it: an archive (RFC 5005, section 4), a page (section 3,
``next_url`` of JSON Feed), or WordPress's ``?paged=N``. The position is stored together with the entries of
each document, so an interrupted run continues from there.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from feeds.errors import FeeddError, UsageError
from feeds.fetcher.feed import Fetched, FetchState, fetch, find_host_group
from feeds.fetcher.politeness import HostHolds
from feeds.fetcher.request import Request
from feeds.http.address import is_same_site, parse_address
from feeds.ingest.feed import FeedIngester
from feeds.ingest.poller import create_client
from feeds.parser.feeds.document import UpstreamHead

if TYPE_CHECKING:
    from feeds.http import Client
    from feeds.session import Session

# Bounds a history that never ends, such as pages that a program makes up.
MOST_PAGES = 1000
# Only WordPress is known to number the pages of its feeds this way.
_WORDPRESS = re.compile(rb"wordpress\.org/\?v=|<generator>[^<]{0,80}wordpress", re.IGNORECASE)

RunInStoreThread = Callable[..., Awaitable[Any]]
"""Run a function in the thread that uses the store."""


@dataclass(frozen=True, slots=True)
class HistoryPosition:
    """Position in the history of an upstream feed."""

    url: str = ""
    """The document to fetch next; empty before the first document and after the last."""
    kind: str = ""
    """``archive``, ``page`` or ``paged``: how a document names the document before it."""
    pages: int = 0
    done: bool = False
    seen: tuple[str, ...] = ()
    """Digests of the addresses that were fetched; they stop a cycle of links."""

    def to_json(self) -> str:
        """Serialise the position for the store."""
        values = [self.url, self.kind, self.pages, self.done, self.seen]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> HistoryPosition:
        """Parse the text that :meth:`to_json` wrote; an empty text is the start."""
        if not text:
            return cls()
        url, kind, pages, done, seen = json.loads(text)
        return cls(url, kind, pages, done, tuple(seen))


@dataclass(slots=True)
class HistoryReport:
    """Result of fetching the history of an upstream feed."""

    source: str
    pages: int = 0
    new: int = 0
    done: bool = False
    """Whether the beginning of the history was reached."""
    reason: str = ""
    """Why it stopped, for people."""
    troubles: list[str] = field(default_factory=list)


def find_previous_document(head: UpstreamHead, data: bytes, url: str, kind: str) -> tuple[str, str]:
    """Return the address of the previous document and the kind of the link; an empty address if there is none."""
    if head.prev_archive:
        return head.prev_archive, "archive"
    # An archive may link to a page too, but only its own links cover the whole history.
    if head.next_page and kind != "archive":
        return head.next_page, "page"
    if kind == "paged" or (not kind and _WORDPRESS.search(data[:20_000])):
        return _build_next_page(url), "paged"
    return "", kind


def _build_next_page(url: str) -> str:
    """Build the address of the next page of a WordPress feed."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    # Other parameters of the address are kept, because they may select the feed.
    number = next((int(value) for name, value in query if name == "paged" and value.isdigit()), 1)
    query = [(name, value) for name, value in query if name != "paged"] + [("paged", str(number + 1))]
    return urlunsplit(parts._replace(query=urlencode(query)))


async def fetch_history(
    ingester: FeedIngester,
    request: Request,
    client: Client,
    hosts: HostHolds,
    in_store: RunInStoreThread,
    most_pages: int,
) -> HistoryReport:
    """Fetch the documents of the history in sequence, with the host's pause between two requests.

    ``ingester`` must know the source. Entries that are stored already stay unchanged.
    """
    past = HistoryReport(request.name)
    # Stored with the entries of each document, so an interrupted run continues here.
    place = HistoryPosition.from_json(await in_store(ingester.load_history_position, request.name))
    if place.done:
        past.done, past.reason = True, "its history was already fetched to the beginning"
        return past
    while past.pages < most_pages:
        url = place.url or ingester.get_state(request.name).url or request.url
        try:
            wanted = _build_request(request, url)
        except FeeddError as error:
            past.reason = str(error)
            return past
        group, now = find_host_group(wanted, FetchState()), ingester.session.clock()
        # The pause that a host demands holds for its history too.
        held = hosts.get_hold(group, now)
        if held:
            past.reason = f"its host is rate-limited until {held:%Y-%m-%d %H:%M}"
            return past
        # Without validators: a 304 would contain no link to the document before.
        fetched = await fetch(client, wanted, FetchState(), now)
        hosts.apply_response(group, fetched, now)
        # A failed fetch has no link to the document before it.
        if not fetched.data:
            return await _end_history(ingester, past, place, fetched, in_store)
        try:
            place = await in_store(_ingest_document, ingester, wanted, fetched, place, past)
        except FeeddError as error:
            past.reason = str(error)
            return past
        if place.done:
            past.done, past.reason = True, "its beginning was reached"
            return past
        # A history may have hundreds of documents on one host.
        await asyncio.sleep(request.gap)
    past.reason = f"{most_pages} documents were fetched; run it again to continue"
    return past


def _build_request(request: Request, url: str) -> Request:
    """Build the request for a document of the history; credentials are sent to the feed's own site only.

    Raises:
        FetchError: the address must not be fetched.
    """
    home = is_same_site(parse_address(request.url), parse_address(url))
    return request._replace(url=url, auth=request.auth if home else "")


async def _end_history(
    ingester: FeedIngester,
    past: HistoryReport,
    place: HistoryPosition,
    fetched: Fetched,
    in_store: RunInStoreThread,
) -> HistoryReport:
    """Return the result of a failed fetch: a missing page ends a numbered history, any other error may be temporary."""
    past.reason = fetched.reason
    # WordPress answers 404 behind the last page.
    if place.kind == "paged" and fetched.status in (404, 410):
        await in_store(ingester.save_history_position, past.source, replace(place, done=True).to_json())
        past.done, past.reason = True, "its beginning was reached"
    return past


def _ingest_document(
    ingester: FeedIngester, request: Request, fetched: Fetched, place: HistoryPosition, past: HistoryReport
) -> HistoryPosition:
    """Ingest a document together with the position of the document before it."""
    digest = hashlib.blake2b(request.url.encode(), digest_size=8).hexdigest()
    after = place

    def locate(head: UpstreamHead, new: int) -> str:
        nonlocal after
        url, kind = find_previous_document(head, fetched.data, request.url, place.kind)
        # Digests instead of addresses, because they are stored after every document.
        seen = (*place.seen, digest)[-MOST_PAGES * 2 :]
        again = hashlib.blake2b(url.encode(), digest_size=8).hexdigest() in seen
        # A site that ignores the page number sends the same entries forever.
        empty = kind == "paged" and place.kind == "paged" and not new
        after = HistoryPosition(url, kind, place.pages + 1, not url or again or empty, seen)
        past.new += new
        return after.to_json()

    reported = len(ingester.report.troubles)
    ingester.ingest_history_document(request, fetched, locate)
    past.troubles += ingester.report.troubles[reported:]
    past.pages += 1
    return after


def fetch_history_once(session: Session, name: str, most_pages: int) -> HistoryReport:
    """Fetch the history of the upstream feed with this name, in a session that nothing else uses.

    Raises:
        UsageError: no upstream feed has this name, or its credentials are not set.
    """
    source = session.find_upstream(name)
    request = source.request
    if request is None:
        raise UsageError(source.trouble)
    ingester = FeedIngester(session)
    ingester.set_sources([source])

    async def run_directly(work: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        return work(*arguments)

    async def run_fetch() -> HistoryReport:
        hosts = HostHolds(session.db.load_held_hosts())
        async with create_client(session.publishing.site_url) as client:
            past = await fetch_history(ingester, request, client, hosts, run_directly, most_pages)
        session.db.hold_hosts(hosts.list_holds(session.clock()))
        return past

    return asyncio.run(run_fetch())
