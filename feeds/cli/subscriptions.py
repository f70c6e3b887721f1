"""Change the list of upstream feeds: ``add``, ``import``, ``export`` and ``init --from``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from feeds.cli.daemon_requests import reload_daemon
from feeds.cli.output import print_json, print_message
from feeds.config import Config, ListSource, Source, UpstreamSource, editor, load_config
from feeds.errors import DeadlineExceeded, FeeddError, FetchError, UsageError
from feeds.ingest.poller import create_client
from feeds.models import Subscription
from feeds.output.single_files import lock_folder, replace_file
from feeds.values.urls import find_feed_address
from feeds.workers.workers import Workers

if TYPE_CHECKING:
    from argparse import Namespace

    from feeds.http import Client
    from feeds.parser.feeds.document import UpstreamHead

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_MOST_TRIED = 20
_DEADLINE = 20.0
"""Seconds for a request."""
_SEARCH_SECONDS = 60.0
"""For finding the feed of a page, with all requests and all parsing."""


@dataclass(frozen=True, slots=True)
class AddResult:
    """The result of adding URLs to the configuration."""

    added: tuple[str, ...] = ()
    """Names of the new sources."""
    known: tuple[str, ...] = ()
    """Names of the sources that were already configured."""
    found: tuple[str, ...] = ()
    """A sentence for each feed that was found."""
    refused: tuple[str, ...] = ()
    """A sentence for each URL that could not be added."""


def add_feeds(config: Config, urls: Sequence[str], allow: Sequence[str] = ()) -> AddResult:
    """Add upstream feeds to the configuration, and reload a running daemon. For a web page, its feed is added.

    Raises:
        UsageError: the configuration cannot be changed.
    """
    results = asyncio.run(_find_all(config, urls, tuple(allow)))
    subscriptions = [found for found, _ in results if found is not None]
    refused = tuple(text for found, text in results if found is None)
    defaults: dict[str, object] = {"allow": list(allow)} if allow else {}
    edited = _change(config.path, subscriptions, defaults) if subscriptions else None
    if edited and edited.added:
        reload_daemon(config)
    return AddResult(
        edited.added if edited else (),
        edited.known if edited else (),
        tuple(text for found, text in results if found is not None),
        refused + (edited.refused if edited else ()),
    )


def import_opml(config: Config, file: Path) -> AddResult:
    """Add the upstream feeds of an OPML file to the configuration, and reload a running daemon.

    Raises:
        UsageError: the file cannot be read, or the configuration cannot be changed.
    """
    from feeds.parser.lists.opml import parse_opml

    found = parse_opml(_read(file), str(file))
    edited = _change(config.path, found.subscriptions, {})
    if edited.added:
        reload_daemon(config)
    return AddResult(edited.added, edited.known, tuple(found.notes), edited.refused)


def export_opml(config: Config) -> bytes:
    """Return the upstream feeds of the configuration as an OPML 2.0 document."""
    from feeds.renderer.opml import OpmlHead, write_opml

    found = [listed for source in config.sources if (listed := _make_subscription(source)) is not None]
    return write_opml(OpmlHead(config.site.title, config.site.author), found)


def convert_list(file: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of a configuration for a Planet Venus ``config.ini`` or an OPML file, and notes on it.

    Raises:
        UsageError: the file is neither, or lists no usable feed.
    """
    from feeds.parser.lists.opml import parse_opml
    from feeds.parser.lists.planet_venus import PlanetSite, is_venus, read_venus

    data = _read(file)
    if is_venus(data):
        planet = read_venus(data, str(file))
        return _require_feeds(file, editor.new_configuration(planet.site, planet.subscriptions), planet.notes)
    found = parse_opml(data, str(file))
    site = PlanetSite(title=found.title)
    return _require_feeds(file, editor.new_configuration(site, found.subscriptions), found.notes)


def _require_feeds(file: Path, edited: editor.Edited, notes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    messages = (*notes, *edited.refused)
    if not edited.added:
        why = "; ".join(messages) or "add a line with the URL of a feed"
        raise UsageError(f"{file}: lists no usable feed: {why}")
    return edited.text, messages


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _change(path: Path, subscriptions: Sequence[Subscription], defaults: dict[str, object]) -> editor.Edited:
    # Two commands at the same time must not lose each other's sources.
    with lock_folder(path):
        text = path.read_bytes().decode("utf-8")
        edited = editor.add_sources(text, subscriptions, defaults)
        if edited.text != text:
            replace_file(path, edited.text.encode())
            try:
                # A change that makes the configuration invalid would stop a running daemon from reloading.
                load_config(path)
            except FeeddError:
                replace_file(path, text.encode())
                raise
    return edited


def _make_subscription(source: Source) -> Subscription | None:
    if isinstance(source, UpstreamSource):
        return Subscription(
            url=source.url,
            title=source.title,
            link=source.link,
            categories=source.categories,
            name=source.name,
            every=source.every,
            terms=source.terms if source.terms != "own" else "",
            group=source.group,
        )
    if isinstance(source, ListSource) and source.url:
        return Subscription(url=source.url, name=source.name, type="include")
    return None


async def _find_all(
    config: Config, urls: Sequence[str], allow: tuple[str, ...]
) -> list[tuple[Subscription | None, str]]:
    with Workers(1, _need_nothing, None, config.limits.item_seconds) as workers:
        try:
            async with create_client(config.site.url) as client:
                finder = _Finder(client, workers, allow)
                return [await _find_in_time(finder, url) for url in urls]
        finally:
            workers.stop()  # a page that is still being parsed needs no result any more


def _complete(url: str) -> str:
    address = find_feed_address(url)
    return address if "://" in address else f"https://{address}"


async def _find_in_time(finder: _Finder, url: str) -> tuple[Subscription | None, str]:
    try:
        async with asyncio.timeout(_SEARCH_SECONDS):
            return await _find(finder, _complete(url))
    except TimeoutError:
        return None, (
            f"{url}: no feed found within {_SEARCH_SECONDS:g} seconds; give the URL of the feed itself"
        )


async def _find(finder: _Finder, url: str) -> tuple[Subscription | None, str]:
    """Find the feed at a URL or linked from the page there; return it with a sentence for the user."""
    from feeds.parser.lists.discovery import find_candidates

    try:
        head, address, page = await finder.fetch_head(url)
        tried = [] if head else (await finder.run(find_candidates, page, address))[:_MOST_TRIED]
    except FetchError as error:
        return None, str(error)
    except DeadlineExceeded as error:
        return None, f"{url}: {error}"
    if head is not None:
        return _describe(head, address), f"{address}: a feed ({head.version}), {head.title or 'no title'}"
    for candidate in tried:
        try:
            head, found, _ = await finder.fetch_head(candidate.url)
        except (FetchError, DeadlineExceeded):
            continue
        if head is not None:
            others = [
                other.url
                for other in tried
                if other is not candidate and other.type and other.why == candidate.why
            ]
            more = f"; other feeds there: {', '.join(others[:5])}" if others else ""
            sentence = f"{url}: {found} ({head.version}), {head.title or 'no title'}; {candidate.why}{more}"
            return _describe(head, found), sentence
    return None, f"{url}: no feed found ({len(tried)} URLs tried); give the URL of the feed itself"


@dataclass(frozen=True, slots=True)
class _Finder:
    """Fetches documents and parses them in a worker process, under a deadline."""

    client: Client
    workers: Workers
    allow: tuple[str, ...]

    async def run(self, function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        return await asyncio.to_thread(lambda: self.workers.run(function, *arguments))

    async def fetch_head(self, url: str) -> tuple[UpstreamHead | None, str, bytes]:
        """Fetch a document; return its head (None if it is not a feed), its final URL and its bytes."""
        from feeds.http.messages import describe_status
        from feeds.ingest.feed_items import parse_head

        response = await self.client.get(url, allow=self.allow, deadline=_DEADLINE)
        if response.status != 200:
            raise FetchError(f"{describe_status(response.status)}: {url}")
        kind = response.get_header("content-type")
        return await self.run(parse_head, response.body, kind, response.url), response.url, response.body


def _need_nothing(_: object) -> None:
    """Prepare a worker process, whose functions need no settings."""


def _describe(head: UpstreamHead, url: str) -> Subscription:
    return Subscription(url=url, title=head.title[:200], link=head.link)


def print_added(done: AddResult, options: Namespace) -> int:
    """Print which feeds were found, and which sources are new or known; return the exit code."""
    if options.json:
        print_json(asdict(done))
        return int(bool(done.refused))
    for sentence in done.refused:
        print_message(sentence)
    if not options.quiet:
        for sentence in done.found:
            print(sentence)
        for name in done.known:
            print(f"already configured: {name}")
        for name in done.added:
            print(f"added: {name}")
    return int(bool(done.refused))
