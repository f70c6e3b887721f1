"""Reading the past of an upstream once, back to its beginning.

Each document says where the one before it is: an archive (RFC 5005, section 4), a page (section 3,
``next_url`` of JSON Feed), or WordPress's ``?paged=N``. The place reached is stored with what each
document said, so that a reading that was interrupted goes on from there.
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

from feeds.config import Config, UpstreamSource
from feeds.errors import FeeddError, UsageError
from feeds.fetcher.feed import Fetched, FetchState, Request, asked_host, fetch
from feeds.fetcher.politeness import Hosts
from feeds.http import address, same_site
from feeds.ingest.feed import Receiver
from feeds.ingest.poller import client_of, request_of
from feeds.parser.feeds.channel import UpstreamHead
from feeds.sources import expand
from feeds.storage import upstreams
from feeds.storage.records import Context
from feeds.storage.sqlite import Database

if TYPE_CHECKING:
    from feeds.http import Client
    from feeds.run_context import Run

MOST_PAGES = 1000
_WORDPRESS = re.compile(rb"wordpress\.org/\?v=|<generator>[^<]{0,80}wordpress", re.IGNORECASE)

InStore = Callable[..., Awaitable[Any]]
"""Runs a function where the store is used."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far the past of an upstream was read."""

    url: str = ""
    """The document to read next; empty at the beginning of the reading, and at its end."""
    kind: str = ""
    """``archive``, ``page`` or ``paged``: how the documents follow each other."""
    pages: int = 0
    done: bool = False
    seen: tuple[str, ...] = ()
    """Digests of the addresses read: a ring ends."""

    def to_json(self) -> str:
        """As text for the store."""
        values = [self.url, self.kind, self.pages, self.done, self.seen]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Place:
        """Read what :meth:`to_json` wrote."""
        if not text:
            return cls()
        url, kind, pages, done, seen = json.loads(text)
        return cls(url, kind, pages, done, tuple(seen))


@dataclass(slots=True)
class Past:
    """What reading the past of an upstream did."""

    source: str
    pages: int = 0
    new: int = 0
    done: bool = False
    """Whether its beginning was reached."""
    reason: str = ""
    """Why it stopped, in words."""
    troubles: list[str] = field(default_factory=list)


def following(head: UpstreamHead, data: bytes, url: str, kind: str) -> tuple[str, str]:
    """Address of the document before this one, and how it follows; empty if there is none."""
    if head.prev_archive:
        return head.prev_archive, "archive"
    if head.next_page and kind != "archive":
        return head.next_page, "page"
    if kind == "paged" or (not kind and _WORDPRESS.search(data[:20_000])):
        return _paged(url), "paged"
    return "", kind


def _paged(url: str) -> str:
    """The next page of a WordPress feed."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    number = next((int(value) for name, value in query if name == "paged" and value.isdigit()), 1)
    query = [(name, value) for name, value in query if name != "paged"] + [("paged", str(number + 1))]
    return urlunsplit(parts._replace(query=urlencode(query)))


async def read_past(
    receiver: Receiver, request: Request, client: Client, hosts: Hosts, in_store: InStore, most_pages: int
) -> Past:
    """Read the documents of the past one after the other, with the gap that the host's politeness asks for.

    ``receiver`` knows the source. What an upstream says of an item that is known already is passed over.
    """
    past = Past(request.name)
    place = Place.from_json(await in_store(receiver.past_of, request.name))
    if place.done:
        past.done, past.reason = True, "its past was read to the beginning before"
        return past
    while past.pages < most_pages:
        url = place.url or receiver.state(request.name).url or request.url
        try:
            asked = _asked(request, url)
        except FeeddError as error:
            past.reason = str(error)
            return past
        group, now = asked_host(asked, FetchState()), receiver.run.clock()
        held = hosts.held(group, now)
        if held:
            past.reason = f"its host wants to be left alone until {held:%Y-%m-%d %H:%M}"
            return past
        fetched = await fetch(client, asked, FetchState(), now)
        hosts.learn(group, fetched, now)
        if not fetched.data:
            return await _stopped(receiver, past, place, fetched, in_store)
        try:
            place = await in_store(_take, receiver, asked, fetched, place, past)
        except FeeddError as error:
            past.reason = str(error)
            return past
        if place.done:
            past.done, past.reason = True, "its beginning was reached"
            return past
        await asyncio.sleep(request.gap)
    past.reason = f"{most_pages} documents were read; run it again to go on"
    return past


def _asked(request: Request, url: str) -> Request:
    """The request for a document of the past: credentials go to their own site only.

    Raises:
        FetchError: this is no address that may be asked.
    """
    home = same_site(address(request.url), address(url))
    return request._replace(url=url, auth=request.auth if home else "")


async def _stopped(receiver: Receiver, past: Past, place: Place, fetched: Fetched, in_store: InStore) -> Past:
    """A page that is not there is the end of pages that are only counted; anything else may come right again."""
    past.reason = fetched.reason
    if place.kind == "paged" and fetched.status in (404, 410):
        await in_store(receiver.keep_past, past.source, replace(place, done=True).to_json())
        past.done, past.reason = True, "its beginning was reached"
    return past


def _take(receiver: Receiver, request: Request, fetched: Fetched, place: Place, past: Past) -> Place:
    """Take a document in, with the place of the next one."""
    mark = hashlib.blake2b(request.url.encode(), digest_size=8).hexdigest()
    after = place

    def placed(head: UpstreamHead, new: int) -> str:
        nonlocal after
        url, kind = following(head, fetched.data, request.url, place.kind)
        seen = (*place.seen, mark)[-MOST_PAGES * 2 :]
        again = hashlib.blake2b(url.encode(), digest_size=8).hexdigest() in seen
        empty = kind == "paged" and place.kind == "paged" and not new
        after = Place(url, kind, place.pages + 1, not url or again or empty, seen)
        past.new += new
        return after.to_json()

    told = len(receiver.report.troubles)
    receiver.receive_past(request, fetched, placed)
    past.troubles += receiver.report.troubles[told:]
    past.pages += 1
    return after


def read_once(run: Run, context: Callable[[int, bool], Context], name: str, most_pages: int) -> Past:
    """Read the past of the upstream with this name, in a run that nothing else uses.

    Raises:
        UsageError: there is no such upstream.
    """
    source = upstream_named(run.config, run.db, name)
    receiver = Receiver(run, context)
    receiver.know([source])
    request = request_of(source)

    async def here(work: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        return work(*arguments)

    async def read() -> Past:
        hosts = Hosts(upstreams.load_held_hosts(run.db))
        async with client_of(run.config) as client:
            past = await read_past(receiver, request, client, hosts, here, most_pages)
        upstreams.hold_hosts(run.db, hosts.holds(run.clock()))
        return past

    return asyncio.run(read())


def upstream_named(config: Config, db: Database | None, name: str) -> UpstreamSource:
    """The upstream with this name, one of a list too.

    Raises:
        UsageError: there is none.
    """
    for one in expand(config, db)[0]:
        if one.name == name and isinstance(one, UpstreamSource):
            return one
    raise UsageError(
        f"{name}: no upstream of this name is in {config.path}; `feedd status` lists the sources"
    )
